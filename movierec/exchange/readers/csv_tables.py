"""Rows of CSV tables by column name, each with its first line. A row may span lines, as reviews do."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from movierec.errors import UnreadableImport
from movierec.exchange.readers.lines import BadRow, HeaderColumns, UnsupportedRow, decode_line, line_blocks
from movierec.exchange.readers.records import ImportRecord, ParsedRow, RefusedRow

SEPARATORS = ",;\t"
# No table of movies has more; a line with a million columns is not a header.
MAXIMUM_COLUMNS = 200
# Bytes of one row over all its lines. The csv module has its own limit for the process, twice this.
LONGEST_ROW = 65_536

CsvFields = Mapping[str, str]  # by column, in lower case
Number = int  # of a line
RowParser = Callable[[Number, CsvFields], ImportRecord]


def parse_header(head: bytes) -> tuple[str, ...]:
    """Return the column names of the first line that is not blank, in lower case; () if it is not a header."""
    line = head.lstrip().partition(b"\n")[0].rstrip(b"\r")
    try:
        names = next(csv.reader([decode_line(line)], delimiter=detect_separator(line), strict=True), [])
    except (BadRow, csv.Error):
        return ()
    return tuple(name.strip().lower() for name in names) if len(names) <= MAXIMUM_COLUMNS else ()


def detect_separator(header: bytes) -> str:
    """Return the separator of a header: a comma, unless it has more semicolons or tabs."""
    return max(SEPARATORS, key=lambda separator: header.count(separator.encode()))


def read_rows(
    name: str, chunks: Iterable[bytes], parse_row: RowParser, *, headers: int = 1
) -> Iterator[ParsedRow]:
    """Yield the result of `parse_row` for each row below the header; its BadRow becomes a RefusedRow.

    `headers`: the number of the non-blank line that names the columns. Raises UnreadableImport if that line is
    not a header.
    """
    lines = _Lines(name, chunks)
    columns = None
    for number, row in lines.rows():
        if headers:
            headers -= 1
            columns = _columns(name, number, row) if not headers else None
            continue
        assert columns is not None
        try:
            if isinstance(row, BadRow):
                raise row
            yield parse_row(number, columns.row(row))
        except BadRow as error:
            yield RefusedRow(name, number, str(error), skipped=isinstance(error, UnsupportedRow))
    if headers:
        raise UnreadableImport(f"{name} has no line that names its columns.")


def _columns(name: str, number: int, header: list[str] | BadRow) -> HeaderColumns:
    if isinstance(header, BadRow):
        raise UnreadableImport(f"Line {number} of {name} must name the columns, but is {header}.")
    if len(header) > MAXIMUM_COLUMNS:
        raise UnreadableImport(
            f"Line {number} of {name} names {len(header):,} columns. It is not a table of movies."
        )
    names = [field.strip().lower() for field in header]
    if duplicate := next((column for column in names if column and names.count(column) > 1), None):
        raise UnreadableImport(f"Line {number} of {name} names the column {duplicate} twice.")
    return HeaderColumns(name, names, ())


class _Lines:
    """Iterator over the lines of a file that continues after broken lines and can push lines back."""

    def __init__(self, name: str, chunks: Iterable[bytes]) -> None:
        self._source = (
            (block.first_line + offset, line)
            for block in line_blocks(name, chunks)
            for offset, line in enumerate(block.data.split(b"\n")[:-1])
        )
        self._pushed_back: deque[tuple[int, bytes]] = deque()
        self._row_lines: list[tuple[int, bytes]] = []
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, line = self._pushed_back.popleft() if self._pushed_back else next(self._source)
        self._row_lines.append((number, line))
        self._size += len(line)
        if self._size > LONGEST_ROW:
            raise BadRow(f"longer than {LONGEST_ROW:,} bytes" + self._hint())
        return decode_line(line.rstrip(b"\r")) + "\n"

    def _hint(self) -> str:
        return " (an open quote?)" if len(self._row_lines) > 1 else ""

    def rows(self) -> Iterator[tuple[int, list[str] | BadRow]]:
        """Yield first line and fields of every row that is not blank, or the reason why it is broken."""
        separator = detect_separator(self._peek())
        reader = csv.reader(self, delimiter=separator, strict=True)
        while True:
            self._row_lines, self._size = [], 0
            try:
                row: list[str] | BadRow = next(reader)
            except StopIteration:
                return
            except BadRow as error:
                row = error
                reader = csv.reader(self, delimiter=separator, strict=True)
            except csv.Error:
                row = BadRow("not valid CSV" + (self._hint() or " (a quote inside a field?)"))
            if isinstance(row, BadRow):
                # An open quote costs only the first line of the row: read the others again.
                self._pushed_back.extendleft(reversed(self._row_lines[1:]))
            elif not any(row):
                continue
            yield self._row_lines[0][0], row

    def _peek(self) -> bytes:
        """Return the first line that is not blank, without consuming it."""
        for number, line in self._source:
            if line.strip():
                self._pushed_back.append((number, line))
                return line
        return b""
