"""Export of an account as CSV tables for spreadsheets, one per kind of record, with all fields of the JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator

from movierec.exchange.exports import account
from movierec.exchange.exports.cells import csv_line, guard_formula
from movierec.exchange.exports.layout import KINDS, MOVIE_COLUMNS, PROFILE, RecordKind


def files(user_id: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield names and contents, row by row."""
    yield "profile.csv", _profile(user_id)
    for kind in KINDS:
        yield f"{kind.table}.csv", _records(kind, user_id)


def _profile(user_id: int) -> Iterator[bytes]:
    yield csv_line(field.name for field in PROFILE)
    yield csv_line(_cell(value) for value in account.read_profile(user_id).values())


def _records(kind: RecordKind, user_id: int) -> Iterator[bytes]:
    yield csv_line([*MOVIE_COLUMNS, *(field.name for field in kind.fields)])
    for record in account.read_records(kind, user_id):
        movie = record.pop("film")
        yield csv_line([*(_cell(movie.get(name)) for name in MOVIE_COLUMNS), *map(_cell, record.values())])


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value and guard_formula(value)
    return json.dumps(value, ensure_ascii=False)
