"""A file written aside and put into its place when it is complete: there is never half of one."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO

from movierec.errors import MovierecError, ValidationFailed

# What file systems without hard links answer.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class NewFile:
    """`with NewFile(path, force=False) as write:` makes `path`, readable by its owner only.

    Raises ValidationFailed where there is such a file already and `force` does not allow to replace it;
    MovierecError where it cannot be written.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        self.size = 0  # bytes written
        self._path, self._force = path, force
        if path.is_dir():
            raise ValidationFailed(f"{path} is a folder. Name a file in it.")
        if path.exists() and not path.is_file():
            raise ValidationFailed(f"{path} is no ordinary file. Use a pipe: > {path}")
        if path.exists() and not force:
            raise self._there_already()
        self._aside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Callable[[bytes], None]:
        try:
            self._file = os.fdopen(os.open(self._aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as error:
            raise self._unwritable(error) from error
        return self._write

    def __exit__(self, kind: object, *_: object) -> None:
        assert self._file is not None
        try:
            with self._file as file:
                if kind is None:
                    file.flush()
                    os.fsync(file.fileno())
            if kind is None:
                self._put_in_place()
        except OSError as error:
            if kind is None:
                raise self._unwritable(error) from error
        finally:
            self._aside.unlink(missing_ok=True)

    def _write(self, piece: bytes) -> None:
        assert self._file is not None
        try:
            self._file.write(piece)
        except OSError as error:
            raise self._unwritable(error) from error
        self.size += len(piece)

    def _put_in_place(self) -> None:
        if self._force:
            self._aside.replace(self._path)
            return
        try:
            os.link(self._aside, self._path)
        except FileExistsError as error:
            raise self._there_already() from error
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # Without links the last moment must do.
            if self._path.exists():
                raise self._there_already() from error
            self._aside.replace(self._path)

    def _there_already(self) -> ValidationFailed:
        return ValidationFailed(f"{self._path} exists already. Add --force to replace it.")

    def _unwritable(self, error: OSError) -> MovierecError:
        return MovierecError(f"Cannot write {self._path}: {error.strerror}")
