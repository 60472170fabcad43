import contextlib
import errno
import os
import stat
from pathlib import Path

import pytest

from movierec import files
from movierec.errors import MovierecError


def test_a_new_file_is_on_the_disk_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = []
    monkeypatch.setattr(files, "fsync_folder", lambda folder: there.append(sorted(folder.glob("a*"))))
    with files.write_atomically(tmp_path / "a", force=False) as file:
        file.write(b"text")
    assert there == [[tmp_path / "a"]]


def test_a_folder_that_cannot_be_opened_keeps_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(files, "fsync_folder", refuse)
    with files.write_atomically(tmp_path / "a", force=False) as file:
        file.write(b"text")
    assert (tmp_path / "a").read_bytes() == b"text"


@pytest.mark.parametrize(("code", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_file_system_that_syncs_no_folders_keeps_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, fails: bool
) -> None:
    synced = os.fsync

    def sync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))
        synced(handle)

    monkeypatch.setattr(os, "fsync", sync)
    said = pytest.raises(MovierecError, match="Cannot write") if fails else contextlib.nullcontext()
    with said, files.write_atomically(tmp_path / "a", force=False) as file:
        file.write(b"text")
    assert (tmp_path / "a").read_bytes() == b"text"


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError(errno.EIO, "Input/output error"), False),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), False),
        (ValueError(errno.ENOSPC), False),
    ],
)
def test_only_a_full_disk_is_called_so(error: Exception, full: bool) -> None:
    assert files.is_disk_full(error) is full
