"""Numbered lines of text files of any size: encodings, broken rows, overlong lines. One row is one line."""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from movierec.errors import UnreadableImport

LONGEST_LINE = 65_536


class BadRow(ValueError):
    """Raised for a broken row, with a reason for the author of the file."""


class UnsupportedRow(BadRow):
    """Raised for a valid row about something that movierec does not store, such as a series."""


class LineBlock(NamedTuple):
    """Whole lines in UTF-8 (or Latin-1, see `decode_line`), each ending in a line feed."""

    first_line: int
    data: bytes

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and content of every line that is not blank."""
        for number, line in enumerate(self.data.split(b"\n"), start=self.first_line):
            if line := line.rstrip(b"\r"):
                yield number, line


def line_blocks(name: str, chunks: Iterable[bytes]) -> Iterator[LineBlock]:
    """Yield the lines of a file in blocks of about a chunk.

    A line beyond LONGEST_LINE is cut to a length that is still refused. Raises UnreadableImport for a file that
    is not text.
    """
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
    """Remove a byte order mark and convert UTF-16 to UTF-8."""
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
        raise UnreadableImport(f"{name} is not a text file.")
    yield head.removeprefix(codecs.BOM_UTF8)
    yield from source


def decode_line(line: bytes) -> str:
    """Decode a line as UTF-8, or else as Latin-1. Raises BadRow for a line that is not text."""
    if len(line) > LONGEST_LINE:
        raise BadRow(f"longer than {LONGEST_LINE:,} bytes")
    if b"\0" in line:
        raise BadRow("contains a NUL byte")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def split_fields(line: bytes, separator: str) -> list[str]:
    """Split a row into fields, as CSV if the separator is a comma. Raises BadRow."""
    text = decode_line(line)
    if separator != ",":
        return [field.strip() for field in text.split(separator)]
    try:
        return [field.strip() for field in next(csv.reader([text], strict=True))]
    except (csv.Error, StopIteration) as error:
        raise BadRow("not valid CSV (an open quote?)") from error


class HeaderColumns:
    """The columns of a file by the names in its header."""

    def __init__(self, name: str, header: list[str], required: tuple[str, ...]) -> None:
        self.names = [field.lower() for field in header]
        self.width = len(header)
        missing = [column for column in required if column.lower() not in self.names]
        if missing:
            raise UnreadableImport(
                f"The first line of {name} must name the columns {', '.join(required)}; "
                f"there is no {', '.join(missing)}."
            )

    def position(self, column: str) -> int:
        """Return the position of a column, or -1."""
        return self.names.index(column.lower()) if column.lower() in self.names else -1

    def row(self, values: list[str]) -> Mapping[str, str]:
        """Return the fields of a row by column name in lower case. Raises BadRow."""
        if len(values) != self.width:
            raise BadRow(f"{len(values)} fields where {self.width} are expected")
        return dict(zip(self.names, values, strict=True))


def parse_whole_number(text: str, what: str, *, least: int = 1, most: int = 2**31 - 1) -> int:
    """Parse digits to an integer within bounds. Raises BadRow."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadRow(f"{what} {quoted(text)} is not a whole number")
    number = int(text)
    if not least <= number <= most:
        raise BadRow(f"{what} {text} is not between {least} and {most}")
    return number


def quoted(text: str) -> str:
    """Quote foreign text for a message: shortened, without control characters."""
    cut = text if len(text) <= 40 else text[:40] + "…"
    return "'" + "".join(char if char.isprintable() else "�" for char in cut) + "'"
