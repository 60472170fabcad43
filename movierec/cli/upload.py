"""Files on their way to the daemon: one as it is, a folder packed, a pipe kept until its size is known."""

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
# What an export is made of; pictures beside it are not sent.
_SUFFIXES = (".csv", ".json", ".jsonl")


@contextlib.contextmanager
def open_for_upload(path: Path, shown: ProgressDisplay) -> Iterator[IO[bytes]]:
    """What is to be sent for `path`: a file, a folder's tables in a zip archive, `-` for standard input."""
    if path.is_file():
        with path.open("rb") as file:
            yield file
    elif path.is_dir():
        with zip_files(path, _tables(path), shown) as archive:
            yield archive
    else:
        with tempfile.TemporaryFile() as kept:
            with _stream(path) as stream:
                shutil.copyfileobj(stream, kept, _CHUNK_BYTES)
            yield kept


@contextlib.contextmanager
def _stream(path: Path) -> Iterator[IO[bytes]]:
    if path == Path("-"):
        yield sys.stdin.buffer
        return
    with path.open("rb") as stream:
        yield stream


def _tables(folder: Path) -> list[str]:
    """Hidden files and links are left where they are."""
    found = [
        path.relative_to(folder)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.is_symlink()
    ]
    names = [path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts)]
    if not names:
        raise UnreadableImport(f"{folder} is a folder without any {', '.join(_SUFFIXES)} file.")
    return names


@contextlib.contextmanager
def zip_files(folder: Path, names: Sequence[str], shown: ProgressDisplay) -> Iterator[IO[bytes]]:
    """Files of a folder as a nameless zip archive that vanishes by itself."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number, name in enumerate(names):
                shown.update("packing", number, len(names))
                archive.write(folder / name, name)
        shown.update("packing", len(names), len(names))
        yield file


def upload_body(file: IO[bytes], shown: ProgressDisplay) -> UploadBody:
    size = file.seek(0, 2)

    def chunks() -> Iterator[bytes]:
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
            shown.update("uploading", file.tell(), size)

    return UploadBody(size, chunks)
