"""Atomic file writes and their errors."""

import contextlib
import errno
import os
import stat
from pathlib import Path

import pytest

from movierec import files
from movierec.errors import MovierecError


def test_the_folder_is_synced_after_the_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(files, "fsync_folder", lambda folder: synced.append(sorted(folder.glob("a*"))))
    with files.write_atomically(tmp_path / "a", force=False) as file:
        file.write(b"text")
    assert synced == [[tmp_path / "a"]]


def test_a_folder_that_cannot_be_opened_does_not_fail_the_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(files, "fsync_folder", refuse)
    with files.write_atomically(tmp_path / "a", force=False) as file:
        file.write(b"text")
    assert (tmp_path / "a").read_bytes() == b"text"


@pytest.mark.parametrize(("code", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_file_system_that_cannot_sync_folders_does_not_fail_the_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, fails: bool
) -> None:
    fsync = os.fsync

    def sync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", sync)
    expectation = pytest.raises(MovierecError, match="Cannot write") if fails else contextlib.nullcontext()
    with expectation, files.write_atomically(tmp_path / "a", force=False) as file:
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
def test_is_disk_full_recognises_only_a_full_disk_or_quota(error: Exception, full: bool) -> None:
    assert files.is_disk_full(error) is full
