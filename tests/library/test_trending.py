"""Activity of all users: the movies rated most often, and library movies that lack TMDb's details."""

from __future__ import annotations

import pytest

from movierec import db, library, movies
from movierec.movies import MovieRecord, TmdbLookupIds
from tests.films import movie_id
from tests.library.users import NOW, make_user

pytestmark = pytest.mark.usefixtures("database")

ALIEN, HEAT, UP, SEVEN = "tt0078748", "tt0113277", "tt1049413", "tt0114369"


def test_most_rated_movies_since_a_time_come_first() -> None:
    ann, bob = make_user(), make_user("bob")
    alien, heat, up, seven = map(movie_id, (ALIEN, HEAT, UP, SEVEN))
    for user, movie, at in (
        (ann, alien, NOW - 1),  # before
        (ann, up, NOW),
        (ann, heat, NOW),
        (bob, heat, NOW + 1),
        (bob, seven, NOW + 2),
    ):
        library.rate(user, movie, 4, now=at)
    assert library.most_rated(NOW) == [heat, seven, up]
    assert library.most_rated(NOW, limit=2) == [heat, seven]
    db.execute("UPDATE movies SET adult = ? WHERE id = ?", True, seven)
    assert library.most_rated(NOW) == [heat, up]


def test_of_movies_rated_equally_often_the_last_rated_comes_first() -> None:
    ann, bob = make_user(), make_user("bob")
    alien, heat = movie_id(ALIEN), movie_id(HEAT)
    for user, movie, at in ((ann, alien, 2), (bob, alien, 3), (ann, heat, 1), (bob, heat, 4)):
        library.rate(user, movie, 4, now=NOW + at)
    assert library.most_rated(NOW) == [heat, alien]


def test_at_most_a_hundred_movies_are_returned() -> None:
    ids = movies.upsert([MovieRecord(f"Movie {number}", "staff") for number in range(101)], NOW)
    library.apply(make_user(), [library.rating_change(one, 4) for one in ids], what="x", now=NOW)
    assert library.most_rated(NOW) == ids[:100]


def test_movies_of_equal_activity_are_listed_by_id() -> None:
    user, ids = make_user(), sorted(map(movie_id, (ALIEN, HEAT, UP)))
    for movie in reversed(ids):
        library.rate(user, movie, 4, now=NOW)
    assert library.most_rated(NOW) == ids


def test_only_the_newest_ratings_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound on the work: the number of ratings does not matter."""
    ann, bob = make_user(), make_user("bob")
    alien, heat, up, seven = map(movie_id, (ALIEN, HEAT, UP, SEVEN))
    for second, (user, movie) in enumerate([(ann, alien), (bob, alien), (ann, heat), (ann, up), (bob, up)]):
        library.rate(user, movie, 4, now=NOW + second)
    assert library.most_rated(NOW) == [up, alien, heat]
    monkeypatch.setattr("movierec.library.trending.COUNTED_RATINGS", 3)
    assert library.most_rated(NOW) == [up, heat]
    library.rate(bob, seven, 4, now=NOW + 9)
    library.rate(ann, seven, 4, now=NOW + 9)
    assert library.most_rated(NOW) == [seven, up]


def test_movies_of_any_library_that_lack_details_are_counted_and_listed_by_id() -> None:
    user = make_user()
    alien, heat, up, seven = map(movie_id, (ALIEN, HEAT, UP, SEVEN))
    [without_ids] = movies.upsert([MovieRecord("Home Video", "staff", year=2020)], NOW)
    [by_tmdb_id] = movies.upsert([MovieRecord("Dune", "movielens", tmdb_id=438631, year=2021)], NOW)
    assert (library.count_movies_without_details(), library.movies_without_details(0, 9)) == (0, [])
    library.rate(user, alien, 4, now=NOW)
    library.rate(make_user("bob"), alien, 4, now=NOW)
    library.add_favorite(user, heat, now=NOW)
    library.add_to_watchlist(user, up, now=NOW)
    library.add_to_history(user, by_tmdb_id, now=NOW)
    library.rate(user, without_ids, 4, now=NOW)
    library.rate(user, seven, 4, now=NOW)
    db.execute("UPDATE movies SET details_at = ? WHERE id = ?", NOW, seven)
    expected = [
        *sorted((movie_id(imdb_id), TmdbLookupIds(None, imdb_id)) for imdb_id in (ALIEN, HEAT, UP)),
        (by_tmdb_id, TmdbLookupIds(438631, None)),
    ]
    assert library.count_movies_without_details() == 4
    assert library.movies_without_details(0, 9) == expected
    assert library.movies_without_details(0, 1) == expected[:1]
    assert library.movies_without_details(expected[0][0], 9) == expected[1:]
