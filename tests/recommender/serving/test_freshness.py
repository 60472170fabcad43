"""Freshness: the next list reflects every action; rated, favorite and dismissed movies never return.

Not after a restart, an import, a new model or a merge of movies either.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movierec import auth, community, db, library, movies, recommender
from movierec.config import Settings
from movierec.recommender import ModelKeeper, RecommendRequest
from movierec.recommender.training import pipeline
from tests import films
from tests.exchange.import_files import import_file

FILMS = sorted(films.MOVIE_TITLES)[:12]
_users = itertools.count(1)

ACTS = st.one_of(
    st.tuples(st.sampled_from(["rate", "import"]), st.sampled_from(FILMS), st.integers(1, 10)),
    st.tuples(
        st.sampled_from(
            [
                *("unrate", "favorite", "unfavorite", "like", "dislike", "not_interested", "withdraw"),
                *("watch", "unwatch"),
            ]
        ),
        st.sampled_from(FILMS),
        st.just(0),
    ),
    st.tuples(st.sampled_from(["refresh", "restart", "train"]), st.just(""), st.integers(1, 3)),
)


def train(server: Settings, seed: int) -> None:
    """Store the ratings of twenty raters, and train a model on them."""
    rng = np.random.default_rng(seed)
    rated = np.array([movie for (movie,) in db.rows("SELECT id FROM movies ORDER BY id LIMIT 20")])
    raters = np.repeat(np.arange(20), 12)
    chosen = np.concatenate([rng.choice(rated, 12, replace=False) for _ in range(20)])
    block = community.Ratings(raters, chosen, rng.integers(1, 11, len(raters)).astype(np.uint8), raters)
    community.replace_dataset("few", str(seed), [block], now=1)
    pipeline.train(server, lambda *_: None, now=1)


class Person:
    """A user, and an independent record of the user's actions in plain sets."""

    def __init__(self, server: Settings, scratch: Path) -> None:
        name = f"user{next(_users)}"
        self.id = int(auth.register(auth.NewAccount(name, f"{name}@example.org"), "no hash", now=0).id)
        self.server, self.scratch = server, scratch
        self.restart()
        self.rated: set[int] = set()
        self.favorites: dict[int, int] = {}
        self.feedback: dict[int, tuple[str, int]] = {}
        self.watched: dict[int, int] = {}

    def restart(self) -> None:
        self.recommender = ModelKeeper(recommender.models_folder(self.server), recommender.ModelSettings())

    def act(self, kind: str, movie: int, steps: int) -> None:
        """Do one action and record it."""
        if kind == "restart":
            self.restart()
        elif kind == "train":
            train(self.server, steps)
            self.recommender.refresh()
        elif kind == "import":
            imdb_id = db.value("SELECT imdb_id FROM movies WHERE id = ?", movie)
            content = f"imdb_id,rating\n{imdb_id},{steps / 2}\n"
            import_file(self.scratch, self.id, content, on_conflict="overwrite", scale=5)
            self.rated.add(movie)
        elif kind == "refresh":
            recommender.log_recommendations(self.id, self._recommended(), 1)
        elif kind == "rate":
            library.rate(self.id, movie, steps / 2, now=1)
            self.rated.add(movie)
        elif kind == "unrate" and movie in self.rated:
            library.delete_rating_of_movie(self.id, movie, now=1)
            self.rated.remove(movie)
        elif kind == "favorite":
            self.favorites[movie] = library.add_favorite(self.id, movie, now=1)[0].id
        elif kind == "unfavorite" and movie in self.favorites:
            library.remove_favorite(self.id, self.favorites.pop(movie), now=1)
        elif kind == "watch":
            self.watched[movie] = library.add_to_history(self.id, movie, now=1)[0].id
        elif kind == "unwatch" and movie in self.watched:
            library.remove_from_history(self.id, self.watched.pop(movie), now=1)
        elif kind in ("like", "dislike", "not_interested"):
            stored = recommender.give_feedback(self.id, movie, kind, now=1)
            self.feedback[movie] = (kind, stored.id)
        elif kind == "withdraw" and movie in self.feedback:
            recommender.withdraw_feedback(self.id, self.feedback.pop(movie)[1])

    def _recommended(self) -> list[recommender.RecommendedMovie]:
        return recommender.recommend_for(self.recommender.state(), self.id, RecommendRequest(limit=100))

    @property
    def seen(self) -> set[int]:
        return self.rated | self.favorites.keys() | self.watched.keys()

    def check(self, everything: set[int]) -> None:
        """Assert that the list holds every movie that may be recommended, and no other."""
        recommended = self._recommended()
        dismissed = {movie for movie, (kind, _) in self.feedback.items() if kind != "like"}
        assert {item.movie_id for item in recommended} == everything - self.seen - dismissed
        judged = self.rated | self.favorites.keys() | self.feedback.keys()
        for item in recommended:
            assert {reason.movie_id for reason in item.because} <= judged
        seen = recommender.recommend_for(
            self.recommender.state(), self.id, RecommendRequest(limit=100, include_seen=True)
        )
        assert {item.movie_id for item in seen} == everything - dismissed
        grid = recommender.quickstart_for(self.recommender.state(), self.id, 100)
        assert set(grid) == everything - self.seen - dismissed


@pytest.fixture
def everything(database: Settings) -> set[int]:
    return {movie for (movie,) in db.rows("SELECT id FROM movies")}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=14))
def test_next_list_reflects_every_action(
    database: Settings, everything: set[int], tmp_path: Path, acts: list[tuple[str, str, int]]
) -> None:
    person = Person(database, tmp_path)
    person.check(everything)
    for kind, imdb_id, steps in acts:
        person.act(kind, films.movie_id(imdb_id) if imdb_id else 0, steps)
        person.check(everything)


AWAY = ("rate", "favorite", "watch", "dislike", "not_interested")


@pytest.mark.parametrize("judged", ["lost", "kept", "both"])
def test_excluded_movies_stay_excluded_after_a_merge(database: Settings, tmp_path: Path, judged: str) -> None:
    person = Person(database, tmp_path)
    pairs = {kind: twins(kind) for kind in AWAY}
    person.restart()
    for kind, (lost, kept) in pairs.items():
        for movie in {"lost": [lost], "kept": [kept], "both": [lost, kept]}[judged]:
            person.act(kind, movie, 9)
    before = person.recommender.state()
    for lost, kept in pairs.values():
        assert movies.merge_movies(lost, kept, now=2) == kept
    merged = {movie for pair in pairs.values() for movie in pair}
    person.restart()
    # The first state still has both movies, the second one only the merge target.
    for state in (before, person.recommender.state()):
        recommended = recommender.recommend_for(state, person.id, RecommendRequest(limit=100))
        logged = {row.movie_id for row in recommender.log_recommendations(person.id, recommended, 3)}
        assert logged
        assert not logged & merged


def twins(name: str) -> tuple[int, int]:
    """Create two rows of one movie."""
    facts = [movies.MovieRecord(f"{name} {which}", "staff", year=1990, genres=("Drama",)) for which in "ab"]
    first, second = (movies.create_movie(fact, 1) for fact in facts)
    return first, second
