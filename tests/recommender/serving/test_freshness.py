"""Whatever a user does, the very next list knows it: nothing that was rated, favorited or dismissed returns.

Not after a restart, an import, a new model or a merge of films either.
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
from tests.exchange.import_files import bring_in

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
    """A community of twenty raters, and a model of it."""
    rng = np.random.default_rng(seed)
    rated = np.array([movie for (movie,) in db.rows("SELECT id FROM movies ORDER BY id LIMIT 20")])
    raters = np.repeat(np.arange(20), 12)
    chosen = np.concatenate([rng.choice(rated, 12, replace=False) for _ in range(20)])
    block = community.Ratings(raters, chosen, rng.integers(1, 11, len(raters)).astype(np.uint8), raters)
    community.replace_dataset("few", str(seed), [block], now=1)
    pipeline.train(server, lambda *_: None, now=1)


class Person:
    """A user, and beside the database in plain sets what they have done."""

    def __init__(self, server: Settings, scratch: Path) -> None:
        name = f"user{next(_users)}"
        self.id = int(auth.register(auth.NewAccount(name, f"{name}@example.org"), "no hash", now=0).id)
        self.server, self.scratch = server, scratch
        self.restart()
        self.rated: set[int] = set()
        self.favorites: dict[int, int] = {}
        self.opinions: dict[int, tuple[str, int]] = {}
        self.watched: dict[int, int] = {}

    def restart(self) -> None:
        self.recommender = ModelKeeper(recommender.models_folder(self.server), recommender.Settings())

    def act(self, kind: str, movie: int, steps: int) -> None:
        if kind == "restart":
            self.restart()
        elif kind == "train":
            train(self.server, steps)
            self.recommender.refresh()
        elif kind == "import":
            imdb_id = db.value("SELECT imdb_id FROM movies WHERE id = ?", movie)
            content = f"imdb_id,rating\n{imdb_id},{steps / 2}\n"
            bring_in(self.scratch, self.id, content, on_conflict="overwrite", scale=5)
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
            given = recommender.give_feedback(self.id, movie, kind, now=1)
            self.opinions[movie] = (kind, given.id)
        elif kind == "withdraw" and movie in self.opinions:
            recommender.withdraw_feedback(self.id, self.opinions.pop(movie)[1])

    def _recommended(self) -> list[recommender.RecommendedMovie]:
        return recommender.recommend_for(self.recommender.state(), self.id, RecommendRequest(limit=100))

    @property
    def seen(self) -> set[int]:
        return self.rated | self.favorites.keys() | self.watched.keys()

    def check(self, everything: set[int]) -> None:
        """The list holds every film that may be there, and no other."""
        found = self._recommended()
        dismissed = {movie for movie, (kind, _) in self.opinions.items() if kind != "like"}
        assert {item.movie_id for item in found} == everything - self.seen - dismissed
        spoken_for = self.rated | self.favorites.keys() | self.opinions.keys()
        for item in found:
            assert {reason.movie_id for reason in item.because} <= spoken_for
        seen = recommender.recommend_for(
            self.recommender.state(), self.id, RecommendRequest(limit=100, include_seen=True)
        )
        assert {item.movie_id for item in seen} == everything - dismissed
        asked = recommender.quickstart_for(self.recommender.state(), self.id, 100)
        assert set(asked) == everything - self.seen - dismissed


@pytest.fixture
def everything(database: Settings) -> set[int]:
    return {movie for (movie,) in db.rows("SELECT id FROM movies")}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=14))
def test_the_next_list_knows_everything(
    database: Settings, everything: set[int], tmp_path: Path, acts: list[tuple[str, str, int]]
) -> None:
    person = Person(database, tmp_path)
    person.check(everything)
    for kind, film, steps in acts:
        person.act(kind, films.movie_id(film) if film else 0, steps)
        person.check(everything)


AWAY = ("rate", "favorite", "watch", "dislike", "not_interested")


@pytest.mark.parametrize("said_of", ["lost", "kept", "both"])
def test_films_stay_away_when_they_become_one(database: Settings, tmp_path: Path, said_of: str) -> None:
    person = Person(database, tmp_path)
    pairs = {kind: twins(kind) for kind in AWAY}
    person.restart()
    for kind, (lost, kept) in pairs.items():
        for movie in {"lost": [lost], "kept": [kept], "both": [lost, kept]}[said_of]:
            person.act(kind, movie, 9)
    before = person.recommender.state()
    for lost, kept in pairs.values():
        assert movies.merge_movies(lost, kept, now=2) == kept
    gone = {movie for pair in pairs.values() for movie in pair}
    person.restart()
    # First what is in memory still has both films, then only the one that is left.
    for serving in (before, person.recommender.state()):
        found = recommender.recommend_for(serving, person.id, RecommendRequest(limit=100))
        shown = {item.movie_id for item in recommender.log_recommendations(person.id, found, 3)}
        assert shown
        assert not shown & gone


def twins(name: str) -> tuple[int, int]:
    """Two rows of what is one film."""
    facts = [movies.MovieRecord(f"{name} {which}", "staff", year=1990, genres=("Drama",)) for which in "ab"]
    first, second = (movies.create_movie(fact, 1) for fact in facts)
    return first, second
