"""The files of an import, whether one was sent or many in an archive, and what their first bytes tell."""

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

# Enough for any header, and for the first entry of a JSON document.
HEAD_BYTES = 65_536
# Heads are kept until all is read; of many files they are shorter.
ALL_HEADS_BYTES = 16 << 20


def _unwatched(_bytes: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class SourceFile:
    """One file: its name as the archive has it, its size in bytes, and its content as UTF-8 or Latin-1."""

    name: str
    size: int
    _chunks: Callable[[], Iterator[bytes]]
    _head_bytes: int = HEAD_BYTES

    def chunks(self) -> Iterator[bytes]:
        """From the beginning, whenever asked. Raises UnreadableImport for what is no text."""
        return normalise_encoding(self.name, self._chunks())

    @cached_property
    def head(self) -> bytes:
        """The first bytes; nothing of what is no text."""
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
        """What the first line names, in lower case; nothing where that cannot be the header of a table."""
        return parse_header(self.head[: LONGEST_LINE + 1])

    @property
    def is_json(self) -> bool:
        return self.head.lstrip()[:1] in (b"{", b"[")

    @property
    def base_name(self) -> str:
        return self.name.rpartition("/")[2]


@contextlib.contextmanager
def open_source_files(
    source: Path, limit_bytes: int, *, name: str = "", passed: BytesReadCallback = _unwatched
) -> Iterator[list[SourceFile]]:
    """The files of `source`: a folder, a zip archive, or a single file, which then is called `name`.

    `limit_bytes` bounds all of an archive unpacked, and each file of a folder. Raises UnreadableImport for
    hostile and damaged archives, and for what is empty.
    """
    if source.is_file() and not _is_archive(source):
        yield [_single(source, name, limit_bytes, passed)]
        return
    with archive.open_all_members(source, limit_bytes) as members:
        head_bytes = min(HEAD_BYTES, ALL_HEADS_BYTES // max(len(members), 1))
        yield [
            SourceFile(path, member.size, partial(member.chunks, passed), head_bytes)
            for path, member in members.items()
        ]


def _is_archive(source: Path) -> bool:
    with source.open("rb") as file:
        return file.read(4) in (b"PK\3\4", b"PK\5\6")


def _single(source: Path, name: str, limit_bytes: int, passed: BytesReadCallback) -> SourceFile:
    size = source.stat().st_size
    if size == 0:
        raise UnreadableImport("The file is empty.")
    member = archive.single_member(source, name or "the file", limit_bytes)
    return SourceFile(member.name, size, partial(member.chunks, passed))


def total_bytes(files: list[SourceFile]) -> int:
    return sum(file.size for file in files)
