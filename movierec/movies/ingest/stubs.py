"""Stubs: movies of a user's import that the catalogue lacks, with title, year and ids only."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from movierec import db
from movierec.movies.ingest.merge import lock_catalogue
from movierec.movies.ingest.upsert import upsert
from movierec.movies.movie_record import ID_COLUMNS, MovieRecord
from movierec.movies.movierec_ids import by_movierec_id


def add_stubs(stubs: Sequence[tuple[MovieRecord, str]], user_id: int, *, most: int, now: int) -> int:
    """Insert the stubs that the catalogue lacks, each with its movierec id; return their number.

    An account adds at most `most` in all. Stored movies stay unchanged: a user must not edit what others see.
    The records get the weakest source, so that every other source replaces their facts.
    """
    with db.write():
        lock_catalogue()
        added_before = db.value("SELECT COUNT(*) FROM own_ids WHERE added_by_id = ?", user_id)
        new = _unique((record, own_id) for record, own_id in stubs if not _is_stored(record, own_id))
        new = new[: max(most - added_before, 0)]
        ids = upsert([dataclasses.replace(record, source="import") for record, _ in new], now)
        db.insert_many(
            "own_ids",
            ("movie_id", "own_id", "added_by_id"),
            [(movie_id, own_id, user_id) for movie_id, (_, own_id) in zip(ids, new, strict=True)],
        )
    return len(new)


def _unique(stubs: Iterable[tuple[MovieRecord, str]]) -> list[tuple[MovieRecord, str]]:
    """Drop stubs that share an id with an earlier one: they describe the same movie."""
    seen: set[tuple[str, object]] = set()
    unique = []
    for record, own_id in stubs:
        pairs = {("own_id", own_id), *((column, getattr(record, column)) for column in ID_COLUMNS)}
        ids = {(column, value) for column, value in pairs if value is not None}
        if ids.isdisjoint(seen):
            unique.append((record, own_id))
        seen |= ids
    return unique


def _is_stored(record: MovieRecord, own_id: str) -> bool:
    if by_movierec_id(own_id) is not None:
        return True
    return any(
        db.value(f"SELECT 1 FROM {table} WHERE {column} = ?", external_id) is not None
        for column in ID_COLUMNS
        if (external_id := getattr(record, column)) is not None
        for table in ("movies", "movie_aliases")
    )
