"""Reader of movierec CSV tables: restores the text that the formula guard changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from movierec.exchange.exports.cells import unguard_formula
from movierec.exchange.exports.layout import MOVIE_COLUMNS, RecordKind
from movierec.exchange.formats.movierec.records import parse_record
from movierec.exchange.formats.movierec.text import csv_rows
from movierec.exchange.readers.lines import BadRow
from movierec.exchange.readers.records import ParsedRow, RefusedRow
from movierec.exchange.readers.source_files import SourceFile

# Columns written as JSON; all others are text.
_PLAIN = {"year", "tmdb_id", "movielens_id", "rating", "rewatch", "tags"}
_PLAIN |= {"favorite_genres", "mature_content", "rating_scale", "seen_leaves_watchlist"}


def required_columns(kind: RecordKind) -> set[str]:
    return {*MOVIE_COLUMNS, *(field.name for field in kind.fields)}


def read(kind: str, file: SourceFile) -> Iterator[ParsedRow]:
    for line, cells in csv_rows(file):
        try:
            yield parse_record(file.name, line, kind, _fields(cells, is_film=kind != "profile"))
        except BadRow as error:
            yield RefusedRow(file.name, line, str(error))


def _fields(cells: dict[str, str], *, is_film: bool) -> dict[str, Any]:
    if not is_film:
        return {name: _value(name, text) for name, text in cells.items()}
    # Empty cells of a movie are absent fields.
    film = {name: _value(name, cells[name]) for name in MOVIE_COLUMNS if cells[name]}
    return {
        "film": film,
        **{name: _value(name, text) for name, text in cells.items() if name not in MOVIE_COLUMNS},
    }


def _value(name: str, text: str) -> Any:
    if name not in _PLAIN:
        return unguard_formula(text)
    try:
        # Spreadsheets write true as TRUE.
        return json.loads(text.lower() if text in ("TRUE", "FALSE") else text)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"{name} has another type or form than in an export") from error
