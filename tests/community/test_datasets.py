"""Community ratings in the database: packed, replaced whole, never in anybody's way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from movierec import community, db, movies, recommender
from movierec.community.blocks import Ratings, pack, unpack
from movierec.config import Settings
from movierec.recommender.serving.movie_index import load_movie_index
from tests.films import movie_id


def some(raters: int, films: int = 20, seed: int = 0) -> Ratings:
    rng = np.random.default_rng(seed)
    return Ratings(
        raters=np.repeat(np.arange(1, raters + 1), films),
        movie_ids=np.tile(np.arange(1, films + 1), raters) * 2**33,
        steps=rng.integers(1, 11, raters * films).astype(np.uint8),
        rated_at=rng.integers(0, 2**40, raters * films),
    )


def same(one: Ratings, other: Ratings) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("raters", "movie_ids", "steps", "rated_at")
    )


@pytest.mark.parametrize("raters", [0, 1, 5000])
def test_packed_ratings_come_back(raters: int) -> None:
    ratings = some(raters)
    assert same(unpack(pack(ratings)), ratings)


def test_packing_is_compact() -> None:
    ratings = some(5000)
    assert len(pack(ratings)) < 21 * len(ratings) * 0.45


@pytest.mark.parametrize(
    "spoil", [lambda data: b"\x09" + data[1:], lambda data: data[:1] + b"\1\0\0\0" + data[5:]]
)
def test_other_bytes_are_refused(spoil: object) -> None:
    with pytest.raises(ValueError, match=r"another movierec|damaged"):
        unpack(spoil(pack(some(3))))  # type: ignore[operator]


def test_a_dataset_is_replaced_whole(database: Settings) -> None:
    assert community.count_ratings() == 0
    assert len(community.all_ratings()) == 0
    first = community.replace_dataset("movielens", "a", [some(3), some(2, seed=2)], now=5)
    assert (first.ratings, first.raters, first.movies, first.imported_at) == (100, 3, 20, 5)
    assert community.find_dataset("movielens") == first
    assert community.count_ratings() == 100
    revision = community.revision()
    second = community.replace_dataset("movielens", "b", [some(1)], now=6)
    assert community.datasets() == [second]
    assert same(community.all_ratings(), some(1))
    assert community.revision() == revision + 1
    assert db.value("SELECT COUNT(*) FROM dataset_blocks") == 1


def test_ratings_of_a_merged_film_are_those_of_what_it_became(database: Settings) -> None:
    heat, remake, alien = (movie_id(imdb_id) for imdb_id in ("tt0068688", "tt0113277", "tt0078748"))
    films = np.array([remake, alien, heat], dtype=np.int64)
    rated = Ratings(np.array([1, 1, 2]), films, np.array([4, 6, 8], dtype=np.uint8), np.array([1, 2, 3]))
    community.replace_dataset("movielens", "a", [rated], now=5)
    movies.merge_movies(remake, heat, 6)
    assert community.all_ratings().movie_ids.tolist() == [heat, alien, heat]
    assert load_movie_index().items_of([remake, heat]).tolist() == [load_movie_index().item_of(heat)] * 2


def test_raters_of_two_datasets_are_two_people(database: Settings) -> None:
    community.replace_dataset("one", "a", [some(3)], now=5)
    community.replace_dataset("two", "a", [some(2)], now=5)
    assert len(np.unique(community.all_ratings().raters)) == 5
    community.delete_dataset("one")
    assert [stored.name for stored in community.datasets()] == ["two"]
    assert db.value("SELECT COUNT(*) FROM dataset_blocks") == 1


def test_until_the_end_the_old_dataset_stands(database: Settings) -> None:
    community.replace_dataset("movielens", "a", [some(3)], now=5)
    revision = community.revision()

    def breaking() -> Iterator[Ratings]:
        yield some(7)
        assert same(community.all_ratings(), some(3))
        assert [stored.fingerprint for stored in community.datasets()] == ["a"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        community.replace_dataset("movielens", "b", breaking(), now=6)
    assert same(community.all_ratings(), some(3))
    assert community.revision() == revision
    # What it left behind goes with the next import.
    assert db.value("SELECT COUNT(*) FROM datasets") == 2
    community.replace_dataset("movielens", "c", [some(1)], now=7)
    assert db.value("SELECT COUNT(*) FROM datasets") == db.value("SELECT COUNT(*) FROM dataset_blocks") == 1


def test_others_write_meanwhile(database: Settings) -> None:
    """A million ratings; somebody else writes all the time and never waits for a second."""
    waits: list[float] = []
    done = threading.Event()

    def somebody_else() -> None:
        while not done.is_set():
            before = time.perf_counter()
            db.increment_revision("somebody")
            waits.append(time.perf_counter() - before)
            time.sleep(0.005)
        db.close()

    other = threading.Thread(target=somebody_else)
    other.start()
    community.replace_dataset("movielens", "a", (some(5000, seed=seed) for seed in range(10)), now=5)
    done.set()
    other.join()
    assert community.count_ratings() == 1_000_000
    assert len(waits) > 10
    assert max(waits) < 1.0


def test_votes_and_models_need_the_same_number_of_raters() -> None:
    assert recommender.Settings().min_raters == community.MINIMUM_RATERS
