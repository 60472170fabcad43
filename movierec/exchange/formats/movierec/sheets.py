"""The own tables: what they held before spreadsheets were guarded against it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from movierec.exchange.exports.cells import unguarded
from movierec.exchange.exports.layout import FILM, Kind
from movierec.exchange.formats.movierec.records import row_of
from movierec.exchange.formats.movierec.text import rows
from movierec.exchange.readers.lines import BadRow
from movierec.exchange.readers.records import Refusal, Row
from movierec.exchange.readers.source_files import File

# What is written as JSON; all else is text.
_PLAIN = {"year", "tmdb_id", "movielens_id", "rating", "rewatch", "tags"}
_PLAIN |= {"favorite_genres", "mature_content", "rating_scale", "seen_leaves_watchlist"}


def columns_of(kind: Kind) -> set[str]:
    return {*FILM, *(field.name for field in kind.fields)}


def read(kind: str, file: File) -> Iterator[Row]:
    for line, cells in rows(file):
        try:
            yield row_of(file.name, line, kind, _fields(cells, is_film=kind != "profile"))
        except BadRow as error:
            yield Refusal(file.name, line, str(error))


def _fields(cells: dict[str, str], *, is_film: bool) -> dict[str, Any]:
    if not is_film:
        return {name: _value(name, text) for name, text in cells.items()}
    # A film has what its cells hold.
    film = {name: _value(name, cells[name]) for name in FILM if cells[name]}
    return {"film": film, **{name: _value(name, text) for name, text in cells.items() if name not in FILM}}


def _value(name: str, text: str) -> Any:
    if name not in _PLAIN:
        return unguarded(text)
    try:
        # Spreadsheets write TRUE.
        return json.loads(text.lower() if text in ("TRUE", "FALSE") else text)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"{name} is not as an export has it") from error
