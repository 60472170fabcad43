"""Ids that movierec gives films which no other service knows, so that they are found again elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from movierec import db


def by_movierec_id(own_id: str) -> int | None:
    """The film that has this id, itself or by a duplicate that was merged into it."""
    for table in ("own_ids", "movie_aliases"):
        if (found := db.value(f"SELECT movie_id FROM {table} WHERE own_id = ?", own_id)) is not None:
            return int(found)
    return None


def move_movierec_id(lost: int, kept: int) -> str | None:
    """Give the id of one film to another; where that has its own, return what is left over."""
    own_id: str | None = db.value("SELECT own_id FROM own_ids WHERE movie_id = ?", lost)
    if own_id is None or db.value("SELECT 1 FROM own_ids WHERE movie_id = ?", kept):
        return own_id
    db.execute("UPDATE own_ids SET movie_id = ? WHERE movie_id = ?", kept, lost)
    return None


def assign_movierec_ids(movie_ids: Iterable[int]) -> None:
    """Give an id to those of these films that have none. It never changes afterwards."""
    for movie_id in sorted(movie_ids):
        db.execute(
            "INSERT INTO own_ids (movie_id, own_id) VALUES (?, ?) ON CONFLICT (movie_id) DO NOTHING",
            movie_id,
            secrets.token_hex(16),
        )
