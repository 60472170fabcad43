"""Datasets of community ratings: packing, atomic replacement, short transactions."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from movierec import community, db, movies, recommender
from movierec.community.blocks import Ratings, pack, unpack
from movierec.config import Settings
from movierec.recommender.serving.movie_index import load_movie_index
from tests.films import movie_id
from tests.waiting import wait_until


def some_ratings(raters: int, movies: int = 20, seed: int = 0) -> Ratings:
    """Return random ratings of all movies by all raters."""
    rng = np.random.default_rng(seed)
    return Ratings(
        raters=np.repeat(np.arange(1, raters + 1), movies),
        movie_ids=np.tile(np.arange(1, movies + 1), raters) * 2**33,
        steps=rng.integers(1, 11, raters * movies).astype(np.uint8),
        rated_at=rng.integers(0, 2**40, raters * movies),
    )


def are_equal(one: Ratings, other: Ratings) -> bool:
    """Return True if all columns are equal."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("raters", "movie_ids", "steps", "rated_at")
    )


@pytest.mark.parametrize("raters", [0, 1, 5000])
def test_packed_ratings_are_unpacked(raters: int) -> None:
    ratings = some_ratings(raters)
    assert are_equal(unpack(pack(ratings)), ratings)


def test_packed_ratings_are_compact() -> None:
    ratings = some_ratings(5000)
    assert len(pack(ratings)) < 21 * len(ratings) * 0.45


@pytest.mark.parametrize(
    "spoil", [lambda data: b"\x09" + data[1:], lambda data: data[:1] + b"\1\0\0\0" + data[5:]]
)
def test_damaged_bytes_are_refused(spoil: object) -> None:
    with pytest.raises(ValueError, match=r"another movierec|damaged"):
        unpack(spoil(pack(some_ratings(3))))  # type: ignore[operator]


def test_dataset_is_replaced_as_a_whole(database: Settings) -> None:
    assert community.count_ratings() == 0
    assert len(community.all_ratings()) == 0
    first = community.replace_dataset("movielens", "a", [some_ratings(3), some_ratings(2, seed=2)], now=5)
    assert (first.ratings, first.raters, first.movies, first.imported_at) == (100, 3, 20, 5)
    assert community.find_dataset("movielens") == first
    assert community.count_ratings() == 100
    revision = community.revision()
    second = community.replace_dataset("movielens", "b", [some_ratings(1)], now=6)
    assert community.datasets() == [second]
    assert are_equal(community.all_ratings(), some_ratings(1))
    assert community.revision() == revision + 1
    assert db.value("SELECT COUNT(*) FROM dataset_blocks") == 1


def test_ratings_of_a_merged_movie_belong_to_its_merge_target(database: Settings) -> None:
    heat, remake, alien = (movie_id(imdb_id) for imdb_id in ("tt0068688", "tt0113277", "tt0078748"))
    films = np.array([remake, alien, heat], dtype=np.int64)
    rated = Ratings(np.array([1, 1, 2]), films, np.array([4, 6, 8], dtype=np.uint8), np.array([1, 2, 3]))
    community.replace_dataset("movielens", "a", [rated], now=5)
    movies.merge_movies(remake, heat, 6)
    assert community.all_ratings().movie_ids.tolist() == [heat, alien, heat]
    assert load_movie_index().items_of([remake, heat]).tolist() == [load_movie_index().item_of(heat)] * 2


def test_raters_of_two_datasets_have_different_numbers(database: Settings) -> None:
    community.replace_dataset("one", "a", [some_ratings(3)], now=5)
    community.replace_dataset("two", "a", [some_ratings(2)], now=5)
    assert len(np.unique(community.all_ratings().raters)) == 5
    community.delete_dataset("one")
    assert [stored.name for stored in community.datasets()] == ["two"]
    assert db.value("SELECT COUNT(*) FROM dataset_blocks") == 1


def test_old_dataset_is_visible_until_the_replacement_is_complete(database: Settings) -> None:
    community.replace_dataset("movielens", "a", [some_ratings(3)], now=5)
    revision = community.revision()

    def breaking() -> Iterator[Ratings]:
        yield some_ratings(7)
        assert are_equal(community.all_ratings(), some_ratings(3))
        assert [stored.fingerprint for stored in community.datasets()] == ["a"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        community.replace_dataset("movielens", "b", breaking(), now=6)
    assert are_equal(community.all_ratings(), some_ratings(3))
    assert community.revision() == revision
    # The next import deletes the leftovers.
    assert db.value("SELECT COUNT(*) FROM datasets") == 2
    community.replace_dataset("movielens", "c", [some_ratings(1)], now=7)
    assert db.value("SELECT COUNT(*) FROM datasets") == db.value("SELECT COUNT(*) FROM dataset_blocks") == 1


def test_others_write_between_the_blocks_of_an_import(database: Settings) -> None:
    """Import a million ratings; another connection commits a write between any two blocks."""
    writes: list[None] = []
    done = threading.Event()

    def write() -> None:
        # A pause, so that the import gets the lock too.
        while not done.wait(0.005):
            db.increment_revision("somebody")
            writes.append(None)
        db.close()

    def blocks() -> Iterator[Ratings]:
        for seed in range(10):
            before = len(writes)
            wait_until(lambda: len(writes) > before)  # noqa: B023 -- called before the next block
            yield some_ratings(5000, seed=seed)

    other = threading.Thread(target=write)
    other.start()
    try:
        community.replace_dataset("movielens", "a", blocks(), now=5)
    finally:
        done.set()
        other.join()
    assert community.count_ratings() == 1_000_000


def test_votes_and_models_need_the_same_number_of_raters() -> None:
    assert recommender.ModelSettings().min_raters == community.MINIMUM_RATERS
