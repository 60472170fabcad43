"""Files written aside and put into their place when they are complete: there is never half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from movierec.errors import MovierecError, ValidationFailed

# What file systems without hard links answer.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
# What those answer that write files through to the disk but no folders, such as some on a network.
_NO_FOLDERS = (errno.EINVAL, errno.EBADF, errno.EOPNOTSUPP, errno.ENOSYS)

# What is worth one call of a compressor or of the operating system.
CHUNK_BYTES = 256 * 1024


def rechunk(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces."""
    found: list[bytes] = []
    size = 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES:
            yield b"".join(found)
            found, size = [], 0
    yield b"".join(found)


def is_disk_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def write_atomically(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Make `path`, readable by its owner only, of what is written within the block.

    Raises ValidationFailed where there is such a file already and `force` does not allow to replace it,
    MovierecError where it cannot be written; then nothing is left behind.
    """
    _check(path, force)
    aside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(aside, path, force)
        # Who may only put files into a folder cannot open it.
        with contextlib.suppress(PermissionError):
            fsync_folder(path.parent)
    except OSError as error:
        raise MovierecError(f"Cannot write {path}: {error.strerror or error}") from error
    finally:
        aside.unlink(missing_ok=True)


def fsync_folder(folder: Path) -> None:
    """Wait until the disk has what was made, renamed and removed in a folder, where its file system can tell."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDERS:
            raise
    finally:
        os.close(handle)


def _check(path: Path, force: bool) -> None:
    if path.is_dir():
        raise ValidationFailed(f"{path} is a folder. Name a file in it.")
    if path.exists() and not path.is_file():
        raise ValidationFailed(f"{path} is no ordinary file. Name one that may be made or replaced.")
    if path.exists() and not force:
        raise _there_already(path)


def _put_in_place(aside: Path, path: Path, force: bool) -> None:
    if force:
        aside.replace(path)
        return
    try:
        os.link(aside, path)
    except FileExistsError as error:
        raise _there_already(path) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Without links a last look must do.
        _check(path, force)
        aside.replace(path)


def _there_already(path: Path) -> ValidationFailed:
    return ValidationFailed(f"{path} exists already. Add --force to replace it.")
