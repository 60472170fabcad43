"""Ids that movierec assigns to movies without any external id, so that exports can refer to them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from movierec import db


def by_movierec_id(own_id: str) -> int | None:
    """Return the movie that has this id, itself or through a duplicate merged into it."""
    for table in ("own_ids", "movie_aliases"):
        movie_id = db.value(f"SELECT movie_id FROM {table} WHERE own_id = ?", own_id)
        if movie_id is not None:
            return int(movie_id)
    return None


def move_movierec_id(lost: int, kept: int) -> str | None:
    """Move the id of `lost` to `kept`; where `kept` has its own, return the id that is left over."""
    own_id: str | None = db.value("SELECT own_id FROM own_ids WHERE movie_id = ?", lost)
    if own_id is None or db.value("SELECT 1 FROM own_ids WHERE movie_id = ?", kept):
        return own_id
    db.execute("UPDATE own_ids SET movie_id = ? WHERE movie_id = ?", kept, lost)
    return None


def assign_movierec_ids(movie_ids: Iterable[int]) -> None:
    """Assign an id to each of these movies that has none. It never changes afterwards."""
    for movie_id in sorted(movie_ids):
        db.execute(
            "INSERT INTO own_ids (movie_id, own_id) VALUES (?, ?) ON CONFLICT (movie_id) DO NOTHING",
            movie_id,
            secrets.token_hex(16),
        )
