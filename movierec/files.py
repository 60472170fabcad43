"""Atomic file writes: a temporary file, fsync, then a rename or link, so that no partial file is ever visible."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from movierec.errors import MovierecError, ValidationFailed

# Errors of file systems without hard links.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
# Errors of file systems that cannot fsync a folder, such as some network file systems.
_NO_FOLDERS = (errno.EINVAL, errno.EBADF, errno.EOPNOTSUPP, errno.ENOSYS)

# Size of a chunk that amortises one call of a compressor or of the operating system.
CHUNK_BYTES = 256 * 1024


def rechunk(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Join small chunks of bytes to chunks of at least CHUNK_BYTES; the last may be shorter."""
    buffer: list[bytes] = []
    size = 0
    for chunk in chunks:
        buffer.append(chunk)
        size += len(chunk)
        if size >= CHUNK_BYTES:
            yield b"".join(buffer)
            buffer, size = [], 0
    yield b"".join(buffer)


def is_disk_full(error: BaseException) -> bool:
    """Tell if an error means that the disk or the quota is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def write_atomically(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Create `path`, readable by its owner only, from what the block writes; atomic and durable.

    Raises ValidationFailed where the file exists and `force` does not allow replacing it, MovierecError where it
    cannot be written; then no temporary file remains.
    """
    _check(path, force)
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _move_into_place(temporary, path, force)
        # A folder may allow creating files but not opening it for fsync.
        with contextlib.suppress(PermissionError):
            fsync_folder(path.parent)
    except OSError as error:
        raise MovierecError(f"Cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def fsync_folder(folder: Path) -> None:
    """Flush created, renamed and removed entries of a folder to disk, where its file system supports it."""
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
        raise ValidationFailed(f"{path} is not a regular file. Name one that may be created or replaced.")
    if path.exists() and not force:
        raise _already_exists(path)


def _move_into_place(temporary: Path, path: Path, force: bool) -> None:
    if force:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError as error:
        raise _already_exists(path) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Without links a check just before the rename must do.
        _check(path, force)
        temporary.replace(path)


def _already_exists(path: Path) -> ValidationFailed:
    return ValidationFailed(f"{path} exists already. Add --force to replace it.")
