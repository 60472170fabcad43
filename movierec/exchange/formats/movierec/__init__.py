"""movierec exports: the whole zip, the JSON Lines, the CSV tables, or the files made for Letterboxd.

A zip with all formats holds everything several times: the JSON Lines are read, or else the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from movierec.exchange.exports import letterboxd as written_for_letterboxd
from movierec.exchange.exports.layout import FORMAT_NAME as NAME
from movierec.exchange.exports.layout import KINDS, PROFILE
from movierec.exchange.formats.format import FileFormat, FormatPart, ReaderOptions
from movierec.exchange.formats.movierec import for_letterboxd, json_lines, sheets
from movierec.exchange.readers.records import ParsedRow
from movierec.exchange.readers.source_files import SourceFile

_FILES = {"films": written_for_letterboxd.DIARY_COLUMNS, "watchlist": written_for_letterboxd.LIST_COLUMNS}
_FILES["favorites"] = written_for_letterboxd.LIST_COLUMNS


def detect_role(file: SourceFile) -> str | None:
    """Return `lines`, the kind of a table, or `letterboxd` with the name of the file."""
    if json_lines.is_header(file.head.partition(b"\n")[0]):
        return "lines"
    if file.base_name == "profile.csv" and set(file.columns) >= {field.name for field in PROFILE}:
        return "profile"
    for kind in KINDS:
        if file.base_name == f"{kind.table}.csv" and set(file.columns) >= sheets.required_columns(kind):
            return kind.name
    name, _, number = file.base_name.removesuffix(".csv").rpartition("-")
    if name in _FILES and number.isdigit() and file.columns == tuple(map(str.lower, _FILES[name])):
        return f"letterboxd {name}"
    return None


def read(parts: Sequence[FormatPart], _options: ReaderOptions) -> Iterator[ParsedRow]:
    lines = [part.file for part in parts if part.role == "lines"]
    tables = [part for part in parts if not part.role.startswith(("lines", "letterboxd"))]
    if lines:
        for file in lines:
            yield from json_lines.read(file)
    elif tables:
        for role, file in tables:
            yield from sheets.read(role, file)
    else:
        for role, file in parts:
            yield from for_letterboxd.read(role.partition(" ")[2], file)


FORMAT = FileFormat(NAME, "movierec export", detect_role, read, creates_movies=True)
