"""The signals of a user as items: mapped once per recommendation, with the same results as movie ids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from movierec import auth, db, library, movies, recommender
from movierec.config import Settings
from movierec.recommender import ModelKeeper, ModelState, RecommendRequest
from movierec.recommender.engine.arrays import Ints
from movierec.recommender.serving.movie_index import MovieIndex
from movierec.recommender.serving.user_signals import ItemSignals, UserSignals, load_signals
from tests.recommender.serving.test_freshness import train


@pytest.fixture
def movie_ids(database: Settings) -> list[int]:
    return [movie_id for (movie_id,) in db.rows("SELECT id FROM movies ORDER BY id")]


@pytest.fixture
def state(database: Settings, movie_ids: list[int]) -> ModelState:
    """The state of a keeper with a trained model, so that ratings are predicted too."""
    train(database, 1)
    return ModelKeeper(recommender.models_folder(database), recommender.ModelSettings()).state()


@pytest.fixture
def user(movie_ids: list[int]) -> int:
    """A user with every kind of signal."""
    user_id = auth.register(auth.NewAccount("ann", "ann@example.org"), "no hash", now=0).id
    for number, movie_id in enumerate(movie_ids[:10]):
        library.rate(user_id, movie_id, 0.5 + number / 2, now=number)
    library.add_favorite(user_id, movie_ids[10], now=1)
    library.add_to_history(user_id, movie_ids[11], now=1)
    library.add_to_watchlist(user_id, movie_ids[15], now=1)
    for movie_id, kind in zip(movie_ids[12:15], ("like", "dislike", "not_interested"), strict=True):
        recommender.give_feedback(user_id, movie_id, kind, now=1)
    return user_id


@pytest.fixture
def mapped(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The movie ids of every call that maps movies to items."""
    calls: list[list[int]] = []
    items_of = MovieIndex.items_of

    def counting(index: MovieIndex, movie_ids: Sequence[int] | Ints) -> Ints:
        calls.append(list(movie_ids))
        return items_of(index, movie_ids)

    monkeypatch.setattr(MovieIndex, "items_of", counting)
    return calls


def test_recommendation_maps_the_signals_once(state: ModelState, user: int, mapped: list[list[int]]) -> None:
    assert recommender.recommend_for(state, user, RecommendRequest(watchlist=True))
    assert recommender.recommend_for(state, user, RecommendRequest(limit=5))
    signals = load_signals(user)
    assert [sorted(ids) for ids in mapped] == [
        sorted([*signals.movie_ids, *recommended_watchlist(user)]),
        sorted(signals.movie_ids),
    ]


def recommended_watchlist(user: int) -> list[int]:
    return [movie_id for (movie_id,) in db.rows("SELECT movie_id FROM watchlist WHERE user_id = ?", user)]


@pytest.mark.parametrize(
    "call", [recommender.explain, recommender.predict_rating], ids=["explain", "predict_rating"]
)
def test_single_movie_maps_the_signals_once(
    state: ModelState, user: int, movie_ids: list[int], mapped: list[list[int]], call: object
) -> None:
    assert callable(call)
    assert call(state, user, movie_ids[16]) is not None
    assert [sorted(ids) for ids in mapped] == [sorted([*load_signals(user).movie_ids, movie_ids[16]])]


def test_items_of_the_signals(state: ModelState, movie_ids: list[int]) -> None:
    """Missing movies are left out; ratings keep their order and their stars; merged movies are replaced."""
    missing = max(movie_ids) + 1
    signals = UserSignals(
        ratings=[(movie_ids[3], 4.0), (missing, 5.0), (movie_ids[1], 0.5)],
        favorites=[movie_ids[5], missing],
        liked=[movie_ids[6]],
        disliked=[missing, movie_ids[7]],
        not_interested=[movie_ids[8]],
        watched=[movie_ids[3], movie_ids[9]],
    )
    items = ItemSignals(signals, state.catalogue.items_of(signals.movie_ids))
    assert (items.rated.tolist(), items.stars.tolist()) == ([3, 1], [4.0, 0.5])
    assert items.stars.dtype == np.float32
    history = items.history()
    assert history.items.tolist() == [3, 1, 7, 5, 6]
    assert history.stars[:2].tolist() == [4.0, 0.5]
    assert items.excluded(include_seen=True).tolist() == [7, 8]
    assert items.excluded(include_seen=False).tolist() == [7, 8, 3, 1, 5, 3, 9]


def test_user_without_signals_has_no_history_and_no_posterior(state: ModelState) -> None:
    signals = UserSignals([], [], [], [], [], [])
    items = ItemSignals(signals, state.catalogue.items_of(signals.movie_ids))
    assert len(items.history()) == 0
    assert items.excluded(include_seen=False).tolist() == []
    assert state.scorer.community is not None
    assert items.posterior(state.scorer.community) is None


def test_added_movie_brings_a_newer_state(state: ModelState, user: int, mapped: list[list[int]]) -> None:
    (new,) = movies.upsert([movies.MovieRecord("New", "staff", year=2001, genres=("Drama",))], 2_000_000_000)
    newer, items = state.locate([new])
    assert newer is not state
    assert newer.catalogue.item_of(new) == items[0] >= 0
    # A viewing alone is no reason to refresh the index while a request waits.
    mapped.clear()
    (another,) = movies.upsert([movies.MovieRecord("Newer", "staff", year=2002)], 2_000_000_001)
    same, items = newer.locate([], [another])
    assert (same, items.tolist()) == (newer, [-1])
    assert len(mapped) == 1
