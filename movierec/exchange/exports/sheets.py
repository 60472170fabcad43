"""An account as CSV files for spreadsheets, one a kind of records, with every field of the JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from movierec.exchange.exports import account
from movierec.exchange.exports.cells import guarded, line
from movierec.exchange.exports.layout import FILM, KINDS, PROFILE, Kind


def files(user_id: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Names and contents, row by row."""
    yield "profile.csv", _profile(user_id)
    for kind in KINDS:
        yield f"{kind.table}.csv", _records(kind, user_id)


def _profile(user_id: int) -> Iterator[bytes]:
    yield line(field.name for field in PROFILE)
    yield line(_cell(value) for value in account.profile(user_id).values())


def _records(kind: Kind, user_id: int) -> Iterator[bytes]:
    yield line([*FILM, *(field.name for field in kind.fields)])
    for record in account.records(kind, user_id):
        film = record.pop("film")
        yield line([*(_cell(film.get(name)) for name in FILM), *map(_cell, record.values())])


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value and guarded(value)
    return json.dumps(value, ensure_ascii=False)
