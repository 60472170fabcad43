"""Preparation of uploads: a file as it is, a folder as a zip archive, a pipe spooled to know its size."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from movierec.cli.progress import ProgressDisplay
from movierec.client import UploadBody
from movierec.errors import UnreadableImport

_CHUNK_BYTES = 256 * 1024
# Files of an export; pictures beside them are not sent.
_SUFFIXES = (".csv", ".json", ".jsonl")


@contextlib.contextmanager
def open_for_upload(path: Path, display: ProgressDisplay) -> Iterator[IO[bytes]]:
    """Open the content to send for `path`: a file, a zip archive of a folder's tables, or standard input (`-`)."""
    if path.is_file():
        with path.open("rb") as file:
            yield file
    elif path.is_dir():
        with zip_files(path, _tables(path), display) as archive:
            yield archive
    else:
        with tempfile.TemporaryFile() as spool:
            with _stream(path) as stream:
                shutil.copyfileobj(stream, spool, _CHUNK_BYTES)
            yield spool


@contextlib.contextmanager
def _stream(path: Path) -> Iterator[IO[bytes]]:
    if path == Path("-"):
        yield sys.stdin.buffer
        return
    with path.open("rb") as stream:
        yield stream


def _tables(folder: Path) -> list[str]:
    """List the tables below a folder, without hidden files and symbolic links. Raises UnreadableImport."""
    paths = [
        path.relative_to(folder)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.is_symlink()
    ]
    names = [path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts)]
    if not names:
        raise UnreadableImport(f"{folder} is a folder without a {', '.join(_SUFFIXES)} file.")
    return names


@contextlib.contextmanager
def zip_files(folder: Path, names: Sequence[str], display: ProgressDisplay) -> Iterator[IO[bytes]]:
    """Pack files of a folder into an anonymous zip archive, which is deleted when it is closed."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number, name in enumerate(names):
                display.update("packing", number, len(names))
                archive.write(folder / name, name)
        display.update("packing", len(names), len(names))
        yield file


def upload_body(file: IO[bytes], display: ProgressDisplay) -> UploadBody:
    """Return the request body of a file, which reports its progress."""
    size = file.seek(0, 2)

    def chunks() -> Iterator[bytes]:
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
            display.update("uploading", file.tell(), size)

    return UploadBody(size, chunks)
