"""Text files of any size as numbered lines: encodings, broken rows, lines without end. A row is one line."""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from movierec.errors import UnreadableImport

LONGEST_LINE = 65_536


class BadRow(ValueError):
    """Why a row is not taken, in words for whoever made the file."""


class UnsupportedRow(BadRow):
    """Why a good row is passed over: it says nothing movierec keeps."""


class LineBlock(NamedTuple):
    """Whole lines in UTF-8 (or Latin-1, see `decoded`), each ending in a line feed."""

    first_line: int
    data: bytes

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Number and content of every line that is not blank."""
        for number, line in enumerate(self.data.split(b"\n"), start=self.first_line):
            if line := line.rstrip(b"\r"):
                yield number, line


def line_blocks(name: str, chunks: Iterable[bytes]) -> Iterator[LineBlock]:
    """The lines of a file, about a chunk at a time. Of a line beyond LONGEST_LINE only the beginning is kept,
    long enough to be refused. Raises UnreadableImport for a file that is no text."""
    number, rest = 1, b""
    for chunk in normalise_encoding(name, chunks):
        rest += chunk
        cut = rest.rfind(b"\n") + 1
        if cut:
            yield LineBlock(number, rest[:cut])
            number += rest.count(b"\n", 0, cut)
        rest = rest[cut : cut + LONGEST_LINE + 1]
    if rest:
        yield LineBlock(number, rest + b"\n")


def normalise_encoding(name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Without a byte order mark; UTF-16 becomes UTF-8."""
    source = iter(chunks)
    head = b""
    while len(head) < 4 and (chunk := next(source, b"")):
        head += chunk
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        for chunk in itertools.chain([head], source):
            yield decoder.decode(chunk).encode("utf-8", errors="replace")
        return
    if b"\0" in head[:4096].partition(b"\n")[0]:
        raise UnreadableImport(f"{name} is no text file.")
    yield head.removeprefix(codecs.BOM_UTF8)
    yield from source


def decode_line(line: bytes) -> str:
    """UTF-8, or Latin-1 where it is not. Raises BadRow for what is no line of text."""
    if len(line) > LONGEST_LINE:
        raise BadRow(f"longer than {LONGEST_LINE:,} bytes")
    if b"\0" in line:
        raise BadRow("contains a NUL byte")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def split_fields(line: bytes, separator: str) -> list[str]:
    """The fields of a row, CSV where the separator is a comma. Raises BadRow."""
    text = decode_line(line)
    if separator != ",":
        return [field.strip() for field in text.split(separator)]
    try:
        return [field.strip() for field in next(csv.reader([text], strict=True))]
    except (csv.Error, StopIteration) as error:
        raise BadRow("not valid CSV (an open quote?)") from error


class HeaderColumns:
    """Which column has what, by the header of a file."""

    def __init__(self, name: str, header: list[str], needed: tuple[str, ...]) -> None:
        self.names = [field.lower() for field in header]
        self.width = len(header)
        missing = [column for column in needed if column.lower() not in self.names]
        if missing:
            raise UnreadableImport(
                f"The first line of {name} must name the columns {', '.join(needed)}; "
                f"there is no {', '.join(missing)}."
            )

    def place(self, column: str) -> int:
        """Its position, or -1."""
        return self.names.index(column.lower()) if column.lower() in self.names else -1

    def row(self, found: list[str]) -> Mapping[str, str]:
        """The fields of a row by the column's name in lower case. Raises BadRow."""
        if len(found) != self.width:
            raise BadRow(f"{len(found)} fields where {self.width} are expected")
        return dict(zip(self.names, found, strict=True))


def parse_whole_number(text: str, what: str, *, least: int = 1, most: int = 2**31 - 1) -> int:
    """Raises BadRow unless `text` is digits, within bounds."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadRow(f"{what} {quoted(text)} is no whole number")
    number = int(text)
    if not least <= number <= most:
        raise BadRow(f"{what} {text} is not between {least} and {most}")
    return number


def quoted(text: str) -> str:
    """Foreign text inside a message: quoted, short, without control characters."""
    cut = text if len(text) <= 40 else text[:40] + "…"
    return "'" + "".join(char if char.isprintable() else "�" for char in cut) + "'"
