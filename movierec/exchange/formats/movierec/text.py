"""Lines of movierec exports, exact with their line ends: no guessing of encodings, no trimming."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from movierec.errors import UnreadableImport
from movierec.exchange.readers.csv_tables import detect_separator
from movierec.exchange.readers.source_files import SourceFile

# In JSON, a control character of a review takes six bytes.
LONGEST_LINE = 262_144


def numbered_lines(file: SourceFile) -> Iterator[tuple[int, str]]:
    """Yield line numbers and lines with their line feeds. Raises UnreadableImport for text that is not UTF-8."""
    number, rest = 0, b""
    for chunk in file.chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number += 1
            yield number, _decoded(file.name, number, line + b"\n")
        _check_length(file.name, number + 1, rest)
    if rest:
        yield number + 1, _decoded(file.name, number + 1, rest)


def csv_rows(file: SourceFile) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file by column name in lower case, each with the number of its last line.

    Accepts files that a spreadsheet saved again: with another separator, or a header in other letter case.
    """
    separator = detect_separator(file.head.lstrip().partition(b"\n")[0])
    reader = csv.reader((line for _, line in numbered_lines(file)), delimiter=separator, strict=True)
    try:
        header = [name.strip().lower() for name in next(cells for cells in reader if "".join(cells).strip())]
        for cells in reader:
            if len(cells) != len(header):
                raise UnreadableImport(
                    f"{file.name}, line {reader.line_num}: {len(cells)} cells where {len(header)} are expected."
                )
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise UnreadableImport(f"{file.name}, line {reader.line_num}: not valid CSV.") from error


def _decoded(name: str, number: int, line: bytes) -> str:
    _check_length(name, number, line)
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise UnreadableImport(f"{name}, line {number}: not text in UTF-8.") from error


def _check_length(name: str, number: int, line: bytes) -> None:
    if len(line) > LONGEST_LINE:
        raise UnreadableImport(f"{name}, line {number}: the line is longer than any line of an export.")
