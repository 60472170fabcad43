"""Pages of library tables: filters, orderings, and one row of a user."""

from __future__ import annotations

from typing import Any

import pytest

from movierec import library, movies
from movierec.errors import NotFound, ValidationFailed
from movierec.library import LibraryFilter
from tests.films import movie_id
from tests.library.users import NOW, make_user

pytestmark = pytest.mark.usefixtures("database")

ALIEN, HEAT, UP, SEVEN = "tt0078748", "tt0113277", "tt1049413", "tt0114369"
NAMES = {ALIEN: "Alien", HEAT: "Heat", UP: "Up", SEVEN: "Seven"}


@pytest.fixture
def ann() -> int:
    """Return a user with four ratings, three viewings of two movies, and a namesake's library beside hers."""
    user, other = make_user(), make_user("bob")
    for number, (imdb_id, stars, review) in enumerate(
        [(ALIEN, 4.5, "In space…"), (HEAT, 2.0, ""), (UP, 3.0, ""), (SEVEN, 5.0, "Grim.")]
    ):
        library.rate(user, movie_id(imdb_id), stars, review=review, now=NOW + number)
        library.rate(other, movie_id(imdb_id), 1.0, now=NOW)
        library.add_favorite(user, movie_id(imdb_id), note=imdb_id, now=NOW + number)
    library.add_to_history(user, movie_id(ALIEN), "2024-05-01", tags=["tv"], now=NOW)
    library.add_to_history(user, movie_id(ALIEN), "2024-06-01T20:15:00Z", tags=["tv, late", 't"v'], now=NOW)
    library.add_to_history(user, movie_id(UP), None, now=NOW)
    library.add_to_history(other, movie_id(HEAT), "2024-05-15", now=NOW)
    return user


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({}, ["Seven", "Up", "Heat", "Alien"]),
        ({"title": "ALIEN"}, ["Alien"]),
        ({"title": "lie"}, ["Alien"]),
        ({"title": "%"}, []),  # no wildcard
        ({"rating_min": 3.0}, ["Seven", "Up", "Alien"]),
        ({"rating_min": 3.1}, ["Seven", "Alien"]),
        ({"rating_max": 3.0}, ["Up", "Heat"]),
        ({"rating_max": 0.0}, []),
        ({"rating_min": 3.0, "rating_max": 4.5}, ["Up", "Alien"]),
        ({"has_review": True}, ["Seven", "Alien"]),
        ({"has_review": False}, ["Up", "Heat"]),
        ({"watched_min": "2024-05-01"}, ["Alien"]),
        ({"watched_max": "2024-05-01"}, ["Alien"]),
        ({"watched_max": "2024-04-30"}, []),
        ({"watched_min": "2024-06-01", "watched_max": "2024-06-01"}, ["Alien"]),
        ({"watched_min": "2024-06-02"}, []),
        ({"watched_min": "2024-05-02", "watched_max": "2024-05-31"}, []),
    ],
)
def test_filters_of_ratings(ann: int, filters: dict[str, Any], titles: list[str]) -> None:
    count, page = library.ratings(ann, LibraryFilter(**filters), limit=9, offset=0)
    assert [movies.detail(one.movie_id).summary.title for one in page] == titles
    assert count == len(titles)


@pytest.mark.parametrize(
    ("filters", "days"),
    [
        ({"watched_min": "2024-05-01"}, ["2024-06-01T20:15:00Z", "2024-05-01"]),
        ({"watched_min": "2024-05-02"}, ["2024-06-01T20:15:00Z"]),
        ({"watched_max": "2024-06-01"}, ["2024-06-01T20:15:00Z", "2024-05-01"]),
        ({"watched_max": "2024-05-31"}, ["2024-05-01"]),
        ({"rewatch": True}, ["2024-06-01T20:15:00Z"]),
        ({"rewatch": False}, ["2024-05-01", None]),
        ({"tag": "tv"}, ["2024-05-01"]),
        ({"tag": "late"}, []),
        ({"tag": 't"v'}, ["2024-06-01T20:15:00Z"]),
    ],
)
def test_filters_of_the_history(ann: int, filters: dict[str, Any], days: list[str | None]) -> None:
    count, page = library.history(ann, LibraryFilter(**filters), limit=9, offset=0)
    assert ([one.watched_at for one in page], count) == (days, len(days))


def test_movie_filter_applies_to_every_list(ann: int) -> None:
    library.add_to_watchlist(ann, movie_id(HEAT), note="soon", now=NOW)
    heat = LibraryFilter(movie=movie_id(HEAT))
    assert library.ratings(ann, heat, limit=9, offset=0)[1] == [library.rating_of_movie(ann, movie_id(HEAT))]
    assert [one.note for one in library.favorites(ann, heat, limit=9, offset=0)[1]] == [HEAT]
    assert [one.note for one in library.watchlist(ann, heat, limit=9, offset=0)[1]] == ["soon"]
    assert library.history(ann, heat, limit=9, offset=0) == (0, [])


def test_adult_movies_stay_in_the_lists_of_a_user(ann: int) -> None:
    [adult] = movies.upsert([movies.MovieRecord("Behind Closed Doors", "staff", adult=True)], NOW)
    library.rate(ann, adult, 3, now=NOW)
    assert library.ratings(ann, limit=9, offset=0)[0] == 5


def test_equal_values_of_an_ordering_are_listed_newest_first(ann: int) -> None:
    library.rate(ann, movie_id(HEAT), 4.5, now=NOW)
    order = movies.order_by("-rating", library.RATING_ORDERINGS)
    page = library.ratings(ann, order=order, limit=9, offset=0)[1]
    assert [one.stars for one in page] == [5.0, 4.5, 4.5, 3.0]
    assert page[1].id > page[2].id


def test_favorite_is_read_and_changed_by_its_owner_only(ann: int) -> None:
    entry = library.favorites(ann, limit=1, offset=3)[1][0]
    assert (entry.movie_id, entry.note, entry.created_at) == (movie_id(ALIEN), ALIEN, NOW)
    assert library.favorite(ann, entry.id) == entry
    assert library.update_favorite(ann, entry.id, None, now=NOW + 9) == entry
    assert library.update_favorite(ann, entry.id, "again", now=NOW + 9).note == "again"
    assert library.is_favorite(ann, movie_id(ALIEN))
    bob = make_user("eve")
    assert not library.is_favorite(bob, movie_id(ALIEN))
    for access in (
        lambda: library.favorite(bob, entry.id),
        lambda: library.update_favorite(bob, entry.id, "mine", now=NOW),
        lambda: library.remove_favorite(bob, entry.id, now=NOW),
    ):
        with pytest.raises(NotFound):
            access()
    library.remove_favorite(ann, entry.id, now=NOW)
    assert not library.is_favorite(ann, movie_id(ALIEN))


def test_watchlist_keeps_a_movie_once_with_its_note() -> None:
    ann, bob, alien = make_user(), make_user("bob"), movie_id(ALIEN)
    entry, is_new = library.add_to_watchlist(ann, alien, note="with Bob", now=NOW)
    assert (is_new, entry.movie_id, entry.note, entry.created_at) == (True, alien, "with Bob", NOW)
    assert library.add_to_watchlist(ann, alien, now=NOW + 5) == (entry, False)
    assert library.watchlist(ann, limit=9, offset=0) == (1, [entry])
    assert library.watchlist(bob, limit=9, offset=0) == (0, [])
    with pytest.raises(NotFound):
        library.remove_from_watchlist(bob, entry.id, now=NOW)
    library.remove_from_watchlist(ann, entry.id, now=NOW)
    assert library.watchlist(ann, limit=9, offset=0) == (0, [])


@pytest.mark.parametrize("length", [10_000, 10_001])
def test_texts_have_at_most_ten_thousand_characters(length: int) -> None:
    user, alien, text = make_user(), movie_id(ALIEN), "x" * length
    for store in (
        lambda: library.rate(user, alien, 3, review=text, now=NOW),
        lambda: library.add_favorite(user, alien, note=text, now=NOW),
        lambda: library.add_to_watchlist(user, alien, note=text, now=NOW),
    ):
        if length <= 10_000:
            store()
            continue
        with pytest.raises(ValidationFailed):
            store()
