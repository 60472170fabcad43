"""One user's state of one movie, shown with the movie's page: rating, lists, viewings."""

from __future__ import annotations

from typing import NamedTuple

from movierec import db


class MovieState(NamedTuple):
    """`last_seen` is a date or a time; None where the movie was not seen or the time is unknown."""

    stars: float | None
    is_favorite: bool
    on_watchlist: bool
    times_seen: int
    last_seen: str | None


def movie_state(user_id: int, movie_id: int) -> MovieState:
    """Return a user's rating of a movie, the lists that it is on, and the number of viewings."""
    condition = "WHERE user_id = ? AND movie_id = ?"
    row = db.row(
        f"SELECT (SELECT steps FROM ratings {condition}), (SELECT 1 FROM favorites {condition}), "
        f"(SELECT 1 FROM watchlist {condition}), COUNT(*), MAX(watched_at) FROM history {condition}",
        *[user_id, movie_id] * 4,
    )
    assert row is not None
    steps, favorite, on_watchlist, times_seen, last_seen = row
    stars = None if steps is None else steps / 2
    return MovieState(stars, favorite is not None, on_watchlist is not None, times_seen, last_seen or None)
