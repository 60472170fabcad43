"""Files of an import, a single one or many in an archive, with detection by their first bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from movierec.errors import UnreadableImport
from movierec.exchange.readers import archive
from movierec.exchange.readers.archive import BytesReadCallback
from movierec.exchange.readers.csv_tables import parse_header
from movierec.exchange.readers.lines import LONGEST_LINE, normalise_encoding

# Enough for any header and for the first entry of a JSON document.
HEAD_BYTES = 65_536
# Heads stay in memory until the import ends; with many files each is shorter.
ALL_HEADS_BYTES = 16 << 20


def _ignore_progress(_bytes: int) -> None:
    """Ignore progress."""


@dataclass(frozen=True)
class SourceFile:
    """A file: its path in the archive, its size in bytes, and its content as UTF-8 or Latin-1."""

    name: str
    size: int
    _chunks: Callable[[], Iterator[bytes]]
    _head_bytes: int = HEAD_BYTES

    def chunks(self) -> Iterator[bytes]:
        """Yield the content from the start, each time. Raises UnreadableImport for a file that is not text."""
        return normalise_encoding(self.name, self._chunks())

    @cached_property
    def head(self) -> bytes:
        """Return the first bytes; empty for a file that is not text."""
        try:
            head = b""
            for chunk in self.chunks():
                head += chunk
                if len(head) >= self._head_bytes:
                    break
            return head[: self._head_bytes]
        except UnreadableImport:
            return b""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the column names of the first line in lower case; empty if it is not the header of a table."""
        return parse_header(self.head[: LONGEST_LINE + 1])

    @property
    def is_json(self) -> bool:
        return self.head.lstrip()[:1] in (b"{", b"[")

    @property
    def base_name(self) -> str:
        return self.name.rpartition("/")[2]


@contextlib.contextmanager
def open_source_files(
    source: Path, limit_bytes: int, *, name: str = "", on_bytes_read: BytesReadCallback = _ignore_progress
) -> Iterator[list[SourceFile]]:
    """Open the files of `source`: a folder, a zip archive, or a single file, which gets the name `name`.

    `limit_bytes` bounds the unpacked size of a whole archive, and of each file of a folder. Raises
    UnreadableImport for hostile, damaged and empty sources.
    """
    if source.is_file() and not _is_archive(source):
        yield [_single(source, name, limit_bytes, on_bytes_read)]
        return
    with archive.open_all_members(source, limit_bytes) as members:
        head_bytes = min(HEAD_BYTES, ALL_HEADS_BYTES // max(len(members), 1))
        yield [
            SourceFile(path, member.size, partial(member.chunks, on_bytes_read), head_bytes)
            for path, member in members.items()
        ]


def _is_archive(source: Path) -> bool:
    with source.open("rb") as file:
        return file.read(4) in (b"PK\3\4", b"PK\5\6")


def _single(source: Path, name: str, limit_bytes: int, on_bytes_read: BytesReadCallback) -> SourceFile:
    size = source.stat().st_size
    if size == 0:
        raise UnreadableImport("The file is empty.")
    member = archive.single_member(source, name or "the file", limit_bytes)
    return SourceFile(member.name, size, partial(member.chunks, on_bytes_read))


def total_bytes(files: list[SourceFile]) -> int:
    return sum(file.size for file in files)
