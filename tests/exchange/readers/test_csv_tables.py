"""CSV tables whose rows span lines: line numbers, open quotes, encodings, overlong rows."""

from __future__ import annotations

import pytest

from movierec.errors import UnreadableImport
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.lines import BadRow, UnsupportedRow
from movierec.exchange.readers.records import ImportRecord, MovieReference


def rows(content: bytes, *, piece: int = 7) -> list[tuple[int, str]]:
    """Return line and title, or line and message, of every row below the header."""
    chunks = [content[start : start + piece] for start in range(0, len(content), piece)]

    def record(line: int, row: csv_tables.CsvFields) -> ImportRecord:
        if row["title"] == "bad":
            raise BadRow("it is bad")
        if row["title"] == "list":
            raise UnsupportedRow("no lists here")
        return ImportRecord("t.csv", line, MovieReference(row["title"]))

    return [
        (row.line, row.movie.title if isinstance(row, ImportRecord) else row.message)
        for row in csv_tables.read_rows("t.csv", chunks, record)
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Title,Note\nHeat,x\nAlien,y\n", [(2, "Heat"), (3, "Alien")]),
        ("title,note\r\nHeat,x\r\nAlien,y", [(2, "Heat"), (3, "Alien")]),
        # blank lines count as lines, not as rows
        ("\n\ntitle,note\n\nHeat,x\n\n\nAlien,y\n", [(5, "Heat"), (8, "Alien")]),
        # a text of three lines, and the row after it
        ('title,note\nHeat,"a\n\nb"\nAlien,y\n', [(2, "Heat"), (5, "Alien")]),
        ('title,note\n"Heat\nII",x\n', [(2, "Heat\nII")]),
        # semicolons and tabs
        ("title;note\nHeat;x\n", [(2, "Heat")]),
        ("title\tnote\nHeat, again\tx\n", [(2, "Heat, again")]),
        ("title,note\nHeat\nAlien,y\n", [(2, "1 fields where 2 are expected"), (3, "Alien")]),
        ("title,note\nbad,x\nlist,x\n", [(2, "it is bad"), (3, "no lists here")]),
        # an open quote costs its own line only
        (
            'title,note\nHeat,"x\nAlien,y\nFargo,z\n',
            [(2, "not valid CSV (an open quote?)"), (3, "Alien"), (4, "Fargo")],
        ),
        (
            'title,note\nHeat,"x"y\nAlien,y\n',
            [(2, "not valid CSV (a quote inside a field?)"), (3, "Alien")],
        ),
        ("title,note\n", []),
    ],
)
def test_rows_have_the_number_of_their_first_line(content: str, expected: list[tuple[int, str]]) -> None:
    assert rows(content.encode()) == expected
    assert rows(content.encode(), piece=1 << 20) == expected
    assert rows(content.encode("utf-16")) == expected
    assert rows(b"\xef\xbb\xbf" + content.encode()) == expected


def test_open_quote_in_a_long_file_costs_only_its_line() -> None:
    content = b'title,note\nHeat,"x\n' + b"Alien,y\n" * 20_000
    result = rows(content, piece=65_536)
    assert result[0] == (2, "longer than 65,536 bytes (an open quote?)")
    assert len(result) == 20_001
    assert result[-1] == (20_002, "Alien")


def test_encoding_is_detected_per_line() -> None:
    result = rows("title,note\nAmélie,x\n".encode() + "Léon,y\n".encode("latin-1"))
    assert result == [(2, "Amélie"), (3, "Léon")]


def test_overlong_lines_and_nul_bytes_are_refused_rows() -> None:
    content = b"title,note\nHeat," + b"x" * 200_000 + b"\nFar\0go,x\nAlien,y\n"
    assert rows(content, piece=4096) == [
        (2, "longer than 65,536 bytes"),
        (3, "contains a NUL byte"),
        (4, "Alien"),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no line that names"),
        (b"\n\n", "no line that names"),
        (",".join(f"c{n}" for n in range(10**6)).encode(), "longer than"),
        (",".join(f"c{n}" for n in range(300)).encode(), "names 300 columns"),
        (b"title,title\nx,y\n", "the column title twice"),
        (b'title,"no\nx,y\n', "open quote"),
    ],
)
def test_table_without_header_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableImport, match=words):
        rows(content, piece=65_536)
