"""Films that a user's export brings to a server without them: bare entries, few, that any source corrects."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from movierec import db
from movierec.movies.ingest.merge import lock_catalogue
from movierec.movies.ingest.upsert import upsert
from movierec.movies.movie_record import ID_COLUMNS, MovieRecord
from movierec.movies.movierec_ids import by_movierec_id


def add_stubs(films: Sequence[tuple[MovieRecord, str]], user_id: int, *, most: int, now: int) -> int:
    """Add those of the films that are not here, each with the own id to be known by; returns how many.

    An account brings at most `most` in all. What is here stays as it is: a user says nothing of films that
    others see. The facts are of no source; whatever comes later says it better.
    """
    with db.write():
        lock_catalogue()
        brought = db.value("SELECT COUNT(*) FROM own_ids WHERE added_by_id = ?", user_id)
        new = _each_once((film, own_id) for film, own_id in films if not _is_here(film, own_id))
        new = new[: max(most - brought, 0)]
        ids = upsert([dataclasses.replace(film, source="import") for film, _ in new], now)
        db.insert_many(
            "own_ids",
            ("movie_id", "own_id", "added_by_id"),
            [(movie_id, own_id, user_id) for movie_id, (_, own_id) in zip(ids, new, strict=True)],
        )
    return len(new)


def _each_once(films: Iterable[tuple[MovieRecord, str]]) -> list[tuple[MovieRecord, str]]:
    """Without those that an earlier one shares an id with: they are the same film, told otherwise."""
    seen: set[tuple[str, object]] = set()
    once = []
    for film, own_id in films:
        ids = {("own_id", own_id), *((column, getattr(film, column)) for column in ID_COLUMNS)}
        ids = {(column, told) for column, told in ids if told is not None}
        if ids.isdisjoint(seen):
            once.append((film, own_id))
        seen |= ids
    return once


def _is_here(film: MovieRecord, own_id: str) -> bool:
    if by_movierec_id(own_id) is not None:
        return True
    return any(
        db.value(f"SELECT 1 FROM {table} WHERE {column} = ?", outside) is not None
        for column in ID_COLUMNS
        if (outside := getattr(film, column)) is not None
        for table in ("movies", "movie_aliases")
    )
