"""movierec's own exports, coming in: the whole zip, the JSON Lines, the tables, or what was made for Letterboxd.

Where a file holds everything, the others that come with it are not read a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from movierec.exchange.exports import letterboxd as written_for_letterboxd
from movierec.exchange.exports.layout import FORMAT as NAME
from movierec.exchange.exports.layout import KINDS, PROFILE
from movierec.exchange.formats.format import Format, Part, ReadingOptions
from movierec.exchange.formats.movierec import for_letterboxd, json_lines, sheets
from movierec.exchange.readers.records import Row
from movierec.exchange.readers.source_files import File

_FILES = {"films": written_for_letterboxd.DIARY, "watchlist": written_for_letterboxd.LISTED}
_FILES["favorites"] = written_for_letterboxd.LISTED


def role_of(file: File) -> str | None:
    """`lines`, a table by its own name, or a file for Letterboxd by its."""
    if json_lines.is_head(file.head.partition(b"\n")[0]):
        return "lines"
    if file.base_name == "profile.csv" and set(file.columns) >= {field.name for field in PROFILE}:
        return "profile"
    for kind in KINDS:
        if file.base_name == f"{kind.table}.csv" and set(file.columns) >= sheets.columns_of(kind):
            return kind.name
    name, _, number = file.base_name.removesuffix(".csv").rpartition("-")
    if name in _FILES and number.isdigit() and file.columns == tuple(map(str.lower, _FILES[name])):
        return f"letterboxd {name}"
    return None


def read(parts: Sequence[Part], _options: ReadingOptions) -> Iterator[Row]:
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


FORMAT = Format(NAME, "movierec export", role_of, read, brings_films=True)
