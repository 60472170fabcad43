"""Signals of a user (ratings, favorites, feedback, viewings), read from the database for each request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from movierec import db
from movierec.recommender.engine.arrays import Floats, Ints
from movierec.recommender.engine.history import History, build_history
from movierec.recommender.engine.hybrid import CommunityModel
from movierec.recommender.engine.rating_prediction import UserPosterior


@dataclass(frozen=True)
class UserSignals:
    """Movie ids that a user rated, liked, dismissed or watched; ratings (movie id, stars) newest first."""

    ratings: list[tuple[int, float]]
    favorites: list[int]
    liked: list[int]
    disliked: list[int]
    not_interested: list[int]
    # Every movie of the history, with or without another signal.
    watched: list[int]

    @property
    def judged_ids(self) -> list[int]:
        """Ids of the movies with a rating, a favorite or feedback: a viewing alone is not a judgement."""
        rated = [movie_id for movie_id, _ in self.ratings]
        return [*rated, *self.favorites, *self.liked, *self.disliked, *self.not_interested]

    @property
    def movie_ids(self) -> list[int]:
        """Ids of all movies with a signal: first `judged_ids`, then the watched ones."""
        return [*self.judged_ids, *self.watched]


class ItemSignals:
    """The signals of one user as items of a movie index, mapped once for everything that needs them.

    `items` are those of `signals.movie_ids`, in that order; −1 where the index lacks the movie.
    """

    def __init__(self, signals: UserSignals, items: Ints) -> None:
        lists = (signals.ratings, signals.favorites, signals.liked, signals.disliked, signals.not_interested)
        ends = np.cumsum([len(each) for each in lists])
        rated, self._favorites, self._liked, self._disliked, self._not_interested, self._watched = (
            part[part >= 0] for part in np.split(items, ends)
        )
        stars = np.array([stars for _, stars in signals.ratings], dtype=np.float32)
        # Items of the rated movies, newest first, and their stars.
        self.rated: Ints = rated
        self.stars: Floats = stars[items[: len(stars)] >= 0]

    def history(self) -> History:
        """Return the signals that a scorer reads."""
        ratings = list(zip(self.rated.tolist(), self.stars.tolist(), strict=True))
        return build_history(
            ratings, [*self._favorites.tolist(), *self._liked.tolist()], self._disliked.tolist()
        )

    def posterior(self, community: CommunityModel) -> UserPosterior | None:
        """Return what predicts this user's stars. Reads ratings alone: a favorite has no stars."""
        return community.fold_in_ratings(self.rated, self.stars) if len(self.rated) else None

    def excluded(self, *, include_seen: bool) -> Ints:
        """Return the items not to recommend: dismissed ones always, seen ones unless `include_seen`."""
        dismissed = [self._disliked, self._not_interested]
        seen = [self.rated, self._favorites, self._watched]
        return np.concatenate(dismissed if include_seen else [*dismissed, *seen])


def load_watchlist(user_id: int) -> list[int]:
    """Return the ids of the movies on a user's watchlist."""
    return [row[0] for row in db.rows("SELECT movie_id FROM watchlist WHERE user_id = ?", user_id)]


class _SignalRow(NamedTuple):
    kind: str
    movie_id: int
    steps: int
    at: int


def load_signals(user_id: int) -> UserSignals:
    """Return all signals of a user, read in one query."""
    signals = UserSignals([], [], [], [], [], [])
    lists = {
        "favorite": signals.favorites,
        "like": signals.liked,
        "dislike": signals.disliked,
        "not_interested": signals.not_interested,
        "watched": signals.watched,
    }
    rows = db.rows(
        "SELECT 'rating', movie_id, steps, updated_at FROM ratings WHERE user_id = ? "
        "UNION ALL SELECT 'favorite', movie_id, 0, created_at FROM favorites WHERE user_id = ? "
        "UNION ALL SELECT feedback_type, movie_id, 0, created_at FROM feedback WHERE user_id = ? "
        "UNION ALL SELECT DISTINCT 'watched', movie_id, 0, 0 FROM history WHERE user_id = ? "
        "ORDER BY 4 DESC, 2 DESC",
        *[user_id] * 4,
    )
    for row in map(_SignalRow._make, rows):
        if row.kind == "rating":
            signals.ratings.append((row.movie_id, row.steps / 2))
        else:
            lists[row.kind].append(row.movie_id)
    return signals
