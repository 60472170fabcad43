"""Whatever a user does, the very next list knows it: nothing that was rated, favorited or dismissed returns."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movierec import auth, db, library, recommender
from movierec.config import Settings
from movierec.recommender import Recommender, Wish
from tests import films

FILMS = sorted(films.FILMS)[:12]
_users = itertools.count(1)

ACTS = st.one_of(
    st.tuples(st.just("rate"), st.sampled_from(FILMS), st.integers(1, 10)),
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
    st.tuples(st.sampled_from(["refresh", "restart"]), st.just(""), st.just(0)),
)


class Person:
    """A user, and beside the database in plain sets what they have done."""

    def __init__(self, models: Path) -> None:
        name = f"user{next(_users)}"
        self.id = int(auth.register(auth.NewAccount(name, f"{name}@example.org"), "no hash", now=0).id)
        self.models = models
        self.restart()
        self.rated: set[int] = set()
        self.favorites: dict[int, int] = {}
        self.opinions: dict[int, tuple[str, int]] = {}
        self.watched: dict[int, int] = {}

    def restart(self) -> None:
        self.recommender = Recommender(self.models, recommender.Settings())

    def act(self, kind: str, movie: int, steps: int) -> None:
        if kind == "restart":
            self.restart()
        elif kind == "refresh":
            recommender.remember(self.id, self._recommended(), 1)
        elif kind == "rate":
            library.rate(self.id, movie, steps / 2, now=1)
            self.rated.add(movie)
        elif kind == "unrate" and movie in self.rated:
            library.unrate_movie(self.id, movie, now=1)
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

    def _recommended(self) -> list[recommender.Recommended]:
        return recommender.recommend_for(self.recommender.serving(), self.id, Wish(limit=100))

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
            self.recommender.serving(), self.id, Wish(limit=100, include_seen=True)
        )
        assert {item.movie_id for item in seen} == everything - dismissed
        asked = recommender.quickstart_for(self.recommender.serving(), self.id, 100)
        assert set(asked) == everything - self.seen - dismissed


@pytest.fixture
def everything(database: Settings) -> set[int]:
    return {movie for (movie,) in db.rows("SELECT id FROM movies")}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=14))
def test_the_next_list_knows_everything(
    everything: set[int], tmp_path: Path, acts: list[tuple[str, str, int]]
) -> None:
    person = Person(tmp_path / "models")
    person.check(everything)
    for kind, film, steps in acts:
        person.act(kind, films.movie_id(film) if film else 0, steps)
        person.check(everything)
