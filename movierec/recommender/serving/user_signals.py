"""What a user has said of films, read from the database for each request."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from movierec import db
from movierec.recommender.engine.arrays import Ints
from movierec.recommender.engine.history import History, build_history
from movierec.recommender.engine.hybrid import CommunityModel
from movierec.recommender.engine.rating_prediction import UserPosterior
from movierec.recommender.serving.movie_index import MovieIndex


@dataclass(frozen=True)
class UserSignals:
    """What a user has said of films, by movie id; ratings newest first."""

    ratings: list[tuple[int, float]]
    favorites: list[int]
    liked: list[int]
    disliked: list[int]
    not_interested: list[int]
    # Seen and not said anything of.
    watched: list[int]

    @property
    def movie_ids(self) -> list[int]:
        """Ids of all films that anything is said of."""
        rated = [movie_id for movie_id, _ in self.ratings]
        return [*rated, *self.favorites, *self.liked, *self.disliked, *self.not_interested]

    def history_in(self, catalogue: MovieIndex) -> History:
        """The part a scorer can use, numbered as in `catalogue`."""
        numbers = catalogue.items_of([movie_id for movie_id, _ in self.ratings]).tolist()
        rated = [
            (number, stars) for number, (_, stars) in zip(numbers, self.ratings, strict=True) if number >= 0
        ]
        liked = catalogue.known_items([*self.favorites, *self.liked])
        return build_history(rated, liked.tolist(), catalogue.known_items(self.disliked).tolist())

    def taste_in(self, catalogue: MovieIndex, community: CommunityModel | None) -> UserPosterior | None:
        """What predicts this user's stars, from ratings alone: a heart is no number."""
        if community is None or not self.ratings:
            return None
        places = catalogue.items_of([movie_id for movie_id, _ in self.ratings])
        stars = np.array([given for _, given in self.ratings], dtype=np.float32)
        return community.taste(places[places >= 0], stars[places >= 0])

    def excluded_in(self, catalogue: MovieIndex, *, include_seen: bool) -> Ints:
        """Films not to recommend: dismissed ones never, seen ones unless asked for."""
        dismissed = [*self.disliked, *self.not_interested]
        seen = [*(movie_id for movie_id, _ in self.ratings), *self.favorites, *self.watched]
        return catalogue.known_items(dismissed if include_seen else [*dismissed, *seen])


def load_watchlist(user_id: int) -> list[int]:
    """Ids of the films that a user means to see."""
    return [row[0] for row in db.rows("SELECT movie_id FROM watchlist WHERE user_id = ?", user_id)]


def load_signals(user_id: int) -> UserSignals:
    """Everything a user has said, in one query."""
    found = UserSignals([], [], [], [], [], [])
    kinds = {
        "favorite": found.favorites,
        "like": found.liked,
        "dislike": found.disliked,
        "not_interested": found.not_interested,
        "watched": found.watched,
    }
    for kind, movie_id, steps, _ in db.rows(
        "SELECT 'rating', movie_id, steps, updated_at FROM ratings WHERE user_id = ? "
        "UNION ALL SELECT 'favorite', movie_id, 0, created_at FROM favorites WHERE user_id = ? "
        "UNION ALL SELECT feedback_type, movie_id, 0, created_at FROM feedback WHERE user_id = ? "
        "UNION ALL SELECT DISTINCT 'watched', movie_id, 0, 0 FROM history WHERE user_id = ? "
        "ORDER BY 4 DESC, 2 DESC",
        *[user_id] * 4,
    ):
        if kind == "rating":
            found.ratings.append((movie_id, steps / 2))
        else:
            kinds[kind].append(movie_id)
    return found
