"""What one user has to do with one film: shown with the film's page."""

from __future__ import annotations

from typing import NamedTuple

from movierec import db


class Standing(NamedTuple):
    stars: float | None
    is_favorite: bool
    on_watchlist: bool


def standing(user_id: int, movie_id: int) -> Standing:
    """The user's rating of a film, and whether it is a favorite or on the watchlist."""
    steps = db.value("SELECT steps FROM ratings WHERE user_id = ? AND movie_id = ?", user_id, movie_id)
    favorite = db.value("SELECT 1 FROM favorites WHERE user_id = ? AND movie_id = ?", user_id, movie_id)
    watchlist = db.value("SELECT 1 FROM watchlist WHERE user_id = ? AND movie_id = ?", user_id, movie_id)
    return Standing(None if steps is None else steps / 2, favorite is not None, watchlist is not None)
