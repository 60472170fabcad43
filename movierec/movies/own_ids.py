"""Ids that movierec gives films which no other service knows, so that they are found again elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from movierec import db


def give_own_ids(movie_ids: Iterable[int]) -> None:
    """Give an id to those of these films that have none. It never changes afterwards."""
    for movie_id in sorted(movie_ids):
        db.execute(
            "INSERT INTO own_ids (movie_id, own_id) VALUES (?, ?) ON CONFLICT (movie_id) DO NOTHING",
            movie_id,
            secrets.token_hex(16),
        )
