"""Movies whose details TMDb has not sent yet, or not recently."""

from __future__ import annotations

import pytest

from movierec import db, movies
from movierec.movies import MovieRecord, TmdbLookupIds
from tests.films import NOW, movie_id

pytestmark = pytest.mark.usefixtures("database")


def store(title: str, tmdb_id: int | None, details_at: int | None = None) -> int:
    [stored] = movies.upsert([MovieRecord(title, "movielens", tmdb_id=tmdb_id, year=2021)], NOW)
    db.execute("UPDATE movies SET details_at = ? WHERE id = ?", details_at, stored)
    return stored


def test_movies_without_details_are_returned_with_an_id_to_look_them_up_by() -> None:
    alien, dune, up = movie_id("tt0078748"), store("Dune", 438631), store("Up There", 14160, NOW)
    home_video, not_asked = store("Home Video", None), store("Arrival", 329865)
    assert movies.without_details({dune, alien, up, home_video}) == [
        TmdbLookupIds(None, "tt0078748"),
        TmdbLookupIds(438631, None),
    ]
    assert movies.without_details([not_asked]) == [TmdbLookupIds(329865, None)]
    assert movies.without_details([up, home_video]) == movies.without_details([]) == []


def test_details_are_old_if_they_were_fetched_before_a_time() -> None:
    store("Old", 3, NOW - 1), store("Now", 2, NOW), store("Older", 1, NOW - 9), store("Never", 4)
    assert movies.details_older_than([4, 3, 2, 1, 3, 99], NOW) == [1, 3]
    assert movies.details_older_than([2, 3], NOW) == [3]
    assert movies.details_older_than([], NOW) == []


def test_time_of_the_oldest_details() -> None:
    assert movies.oldest_details() is None
    store("Older", 1, NOW - 9), store("Old", 3, NOW - 1)
    assert movies.oldest_details() == NOW - 9
