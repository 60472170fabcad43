"""Files of a folder or zip archive, by exact name. Archives are read in place, never extracted."""

from __future__ import annotations

import contextlib
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias

from movierec.errors import UnreadableImport
from movierec.exchange.readers.lines import quoted

Stack: TypeAlias = contextlib.ExitStack
StreamOpener: TypeAlias = Callable[[], contextlib.AbstractContextManager[IO[bytes]]]
BytesReadCallback: TypeAlias = Callable[[int], None]  # called with the number of bytes read

CHUNK_BYTES = 1 << 20

MAXIMUM_ENTRIES = 1_000
# The central directory is held in memory; a thousand entries with long names fit easily.
MAXIMUM_DIRECTORY_BYTES = 1 << 20
# Ratings compress to a fifth. DEFLATE reaches at most 1,032, with runs of one byte only.
MAXIMUM_COMPRESSION_RATIO = 100
RATIO_CHECKED_ABOVE_BYTES = 10 << 20  # smaller members are accepted at any ratio

_END = struct.Struct("<4s4H2LH")  # end of central directory
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")

# Exceptions of `zipfile` on truncated, patched or forged archives; NotImplementedError is a RuntimeError.
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError)


@dataclass(frozen=True)
class Member:
    """A file in a folder or archive: its name, its size in bytes, and its content."""

    name: str
    size: int
    _open: StreamOpener

    def chunks(self, on_bytes_read: BytesReadCallback) -> Iterator[bytes]:
        """Yield the content, a megabyte at a time. Raises UnreadableImport if the archive is damaged."""
        for chunk in self._read():
            yield chunk
            on_bytes_read(len(chunk))

    def _read(self) -> Iterator[bytes]:
        try:
            with self._open() as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    yield chunk
        except _DAMAGE as error:
            raise UnreadableImport(
                f"The archive is damaged: {self.name} cannot be read to its end."
            ) from error


@contextlib.contextmanager
def open_members(source: Path, names: Collection[str], limit_bytes: int) -> Iterator[dict[str, Member]]:
    """Open the files called `names` in a folder, or in any folder of a zip archive.

    `limit_bytes` bounds the unpacked size of each file. Raises UnreadableImport for any other source,
    for hostile archives, and for a name that occurs twice.
    """
    with contextlib.ExitStack() as stack:
        streams = stack.enter_context(_Streams())
        if source.is_dir():
            yield _of_folder(source, names, limit_bytes, streams)
            return
        yield _of_archive(_open_archive(source, stack), names, limit_bytes, streams)


@contextlib.contextmanager
def open_all_members(source: Path, limit_bytes: int) -> Iterator[dict[str, Member]]:
    """Open all files of a folder or zip archive by path, without hidden files and links in folders.

    `limit_bytes` bounds the unpacked size of the whole archive, and of each file of a folder. Raises
    UnreadableImport like `open_members`.
    """
    with contextlib.ExitStack() as stack:
        streams = stack.enter_context(_Streams())
        if source.is_dir():
            yield {
                name: Member(name, path.stat().st_size, streams.opening(path))
                for name, path in _walk(source, limit_bytes)
            }
            return
        archive = _open_archive(source, stack)
        _check_whole(archive, source.stat().st_size, limit_bytes)
        members: dict[str, Member] = {}
        for entry in archive.infolist():
            _check_entry(entry)
            name = entry.filename.replace("\\", "/")
            if entry.is_dir() or _is_hidden(name):
                continue
            if name in members:
                raise UnreadableImport(f"The archive holds two files named {quoted(name)}.")
            _check_content(entry, quoted(name), limit_bytes)
            members[name] = Member(name, entry.file_size, streams.opening((archive, entry)))
        yield members


def single_member(path: Path, name: str, limit_bytes: int) -> Member:
    """Return a single file under a given name, which may differ from its path."""
    size = path.stat().st_size
    _check_size(name, size, limit_bytes)
    return Member(name, size, lambda: path.open("rb"))


def _walk(folder: Path, limit_bytes: int) -> Iterator[tuple[str, Path]]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    for count, path in enumerate(paths, start=1):
        if count > MAXIMUM_ENTRIES:
            raise UnreadableImport(f"The folder has more than {MAXIMUM_ENTRIES:,} files.")
        name = path.relative_to(folder).as_posix()
        if not _is_hidden(name):
            _check_size(name, path.stat().st_size, limit_bytes)
            yield name, path


def _is_hidden(name: str) -> bool:
    """Return True for files that file managers leave behind: .DS_Store, __MACOSX/._ratings.csv."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _open_archive(source: Path, stack: Stack) -> zipfile.ZipFile:
    file = stack.enter_context(source.open("rb"))
    _check_directory(file)
    try:
        archive = stack.enter_context(zipfile.ZipFile(file))
    except _DAMAGE as error:
        raise UnreadableImport("The file is not a zip archive.") from error
    # `zipfile` reads all entries, whatever number the archive claims.
    if len(archive.infolist()) > MAXIMUM_ENTRIES:
        raise _too_many_entries()
    return archive


def _too_many_entries() -> UnreadableImport:
    return UnreadableImport(f"The archive has too many entries; {MAXIMUM_ENTRIES:,} are allowed.")


def _of_folder(
    folder: Path, names: Collection[str], limit_bytes: int, streams: _Streams
) -> dict[str, Member]:
    members = {}
    for path in (folder / name for name in names):
        if path.is_file():
            _check_size(path.name, path.stat().st_size, limit_bytes)
            members[path.name] = Member(path.name, path.stat().st_size, streams.opening(path))
    return members


class _Streams:
    """Open streams of members: each is closed after reading, and with the source at the latest."""

    def __init__(self) -> None:
        self._open: set[IO[bytes]] = set()

    def __enter__(self) -> _Streams:
        return self

    def __exit__(self, *_error: object) -> None:
        while self._open:
            self._open.pop().close()

    def opening(self, source: Path | tuple[zipfile.ZipFile, zipfile.ZipInfo]) -> StreamOpener:
        @contextlib.contextmanager
        def opened() -> Iterator[IO[bytes]]:
            stream = source.open("rb") if isinstance(source, Path) else source[0].open(source[1])
            self._open.add(stream)
            try:
                yield stream
            finally:
                self._open.discard(stream)
                stream.close()

        return opened


def _of_archive(
    archive: zipfile.ZipFile, names: Collection[str], limit_bytes: int, streams: _Streams
) -> dict[str, Member]:
    members: dict[str, Member] = {}
    for entry in archive.infolist():
        _check_entry(entry)
        name = PurePosixPath(entry.filename).name
        if entry.is_dir() or name not in names:
            continue
        if name in members:
            raise UnreadableImport(f"The archive holds two files named {name}.")
        _check_content(entry, name, limit_bytes)
        members[name] = Member(name, entry.file_size, streams.opening((archive, entry)))
    return members


def _check_entry(entry: zipfile.ZipInfo) -> None:
    """Refuse archives with paths outside their folder, or with links: neither happens by accident."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", entry.filename):
        raise UnreadableImport("The archive names a file outside its own folder.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise UnreadableImport("The archive contains a symbolic link. Pack the files themselves.")


def _check_content(entry: zipfile.ZipInfo, name: str, limit_bytes: int) -> None:
    if entry.flag_bits & 0x1:
        raise UnreadableImport(f"{name} in the archive is encrypted. Pack it without a password.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableImport(f"{name} uses an unsupported compression method. Use plain zip (deflate).")
    if entry.header_offset < 0:
        raise UnreadableImport("The archive is damaged: its start is missing.")
    _check_size(name, entry.file_size, limit_bytes)
    if (
        entry.file_size > RATIO_CHECKED_ABOVE_BYTES
        and entry.file_size > MAXIMUM_COMPRESSION_RATIO * entry.compress_size
    ):
        raise UnreadableImport(
            f"{name} unpacks to over {MAXIMUM_COMPRESSION_RATIO} times its size. It cannot contain ratings."
        )


def _check_whole(archive: zipfile.ZipFile, size: int, limit_bytes: int) -> None:
    """Check the total size: many small members add up, and several may overlap in the packed bytes."""
    unpacked = sum(entry.file_size for entry in archive.infolist())
    _check_size("The archive", unpacked, limit_bytes)
    if unpacked > RATIO_CHECKED_ABOVE_BYTES and unpacked > MAXIMUM_COMPRESSION_RATIO * size:
        raise UnreadableImport(
            f"The archive unpacks to over {MAXIMUM_COMPRESSION_RATIO} times its size. It cannot contain ratings."
        )


def _check_size(name: str, size: int, limit_bytes: int) -> None:
    if size > limit_bytes:
        raise UnreadableImport(
            f"{name} unpacks to {size:,} bytes; imports.uncompressed_limit_bytes allows {limit_bytes:,}."
        )


def _check_directory(file: IO[bytes]) -> None:
    """Check the size of the central directory before `zipfile` reads all of it into memory."""
    size = file.seek(0, 2)
    if size == 0:
        raise UnreadableImport("The file is empty.")
    # A comment of up to 64 KiB may follow the record.
    start = max(0, size - 65_535 - _END.size - _LOCATOR.size)
    file.seek(start)
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or place + _END.size > len(tail):
        raise UnreadableImport("The file is not a zip archive.")
    end = _END.unpack_from(tail, place)
    entries, directory_bytes = end[4], end[5]
    if place >= _LOCATOR.size and tail[place - _LOCATOR.size :].startswith(b"PK\6\7"):
        # Then `zipfile` uses the ZIP64 record: depending on its version, the one that the locator points at, or
        # the one before the locator. In honest archives both are the same record.
        locator = start + place - _LOCATOR.size
        record_offset = _LOCATOR.unpack_from(tail, place - _LOCATOR.size)[2]
        file.seek(max(0, locator - _END64.size))
        record = file.read(_END64.size)
        if record_offset != locator - _END64.size or not record.startswith(b"PK\6\6"):
            raise UnreadableImport("The archive is damaged: its directory cannot be found.")
        entries, directory_bytes = _END64.unpack(record)[7:9]
    if entries > MAXIMUM_ENTRIES or directory_bytes > MAXIMUM_DIRECTORY_BYTES:
        raise _too_many_entries()
