"""What one user has to do with one film: shown with the film's page."""

from __future__ import annotations

from typing import NamedTuple

from movierec import db


class MovieState(NamedTuple):
    """`last_seen` is a date or a time; None where the film was not seen, or nobody knows when."""

    stars: float | None
    is_favorite: bool
    on_watchlist: bool
    times_seen: int
    last_seen: str | None


def movie_state(user_id: int, movie_id: int) -> MovieState:
    """What a user rated a film, on which lists it is, how often it was seen."""
    of_both = "WHERE user_id = ? AND movie_id = ?"
    found = db.row(
        f"SELECT (SELECT steps FROM ratings {of_both}), (SELECT 1 FROM favorites {of_both}), "
        f"(SELECT 1 FROM watchlist {of_both}), COUNT(*), MAX(watched_at) FROM history {of_both}",
        *[user_id, movie_id] * 4,
    )
    assert found is not None
    steps, favorite, to_see, times, last = found
    stars = None if steps is None else steps / 2
    return MovieState(stars, favorite is not None, to_see is not None, times, last or None)
