from pathlib import Path

import pytest

from movierec import files


def test_a_new_file_is_on_the_disk_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = []
    monkeypatch.setattr(files, "sync_folder", lambda folder: there.append(sorted(folder.glob("a*"))))
    with files.new_file(tmp_path / "a", force=False) as file:
        file.write(b"text")
    assert there == [[tmp_path / "a"]]


def test_a_folder_that_cannot_be_opened_keeps_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(files, "sync_folder", refuse)
    with files.new_file(tmp_path / "a", force=False) as file:
        file.write(b"text")
    assert (tmp_path / "a").read_bytes() == b"text"
