"""Ratings and favorites: stored values, and values that code and database reject."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import peewee
import pytest

from movierec import db, library
from movierec.config import Settings
from movierec.errors import NotFound, ValidationFailed
from tests.films import movie_id
from tests.library.users import NOW, make_user


def alien() -> int:
    return movie_id("tt0078748")


@pytest.mark.parametrize("stars", [step / 2 for step in range(1, 11)])
def test_every_half_star_is_stored_exactly(database: Settings, stars: float) -> None:
    user = make_user()
    rated, is_new = library.rate(user, alien(), stars, now=NOW)
    assert is_new
    assert rated.stars == stars == library.rating(user, rated.id).stars


@pytest.mark.parametrize("stars", [0, 5.5, 3.3, math.nan, math.inf, -1, True, "5", None, 10])
def test_other_values_are_rejected(database: Settings, stars: object) -> None:
    with pytest.raises(ValidationFailed):
        library.rate(make_user(), alien(), stars, now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("steps", [0, 11, 6.6, math.nan, -1, None])
def test_the_database_rejects_them_too(database: Settings, steps: object) -> None:
    user = make_user()
    sql = "INSERT INTO ratings (user_id, movie_id, steps, review, created_at, updated_at) VALUES (?, ?, ?, '', 1, 1)"
    with pytest.raises(peewee.IntegrityError), db.write():
        db.execute(sql, user, alien(), steps)
    with db.write():
        db.execute(sql, user, alien(), 7)
    with pytest.raises(peewee.IntegrityError), db.write():
        db.execute(sql, user, alien(), 7)  # one rating of a movie for a user


def test_rating_again_replaces_the_stars_and_keeps_the_review(database: Settings) -> None:
    user = make_user()
    first, _ = library.rate(user, alien(), 4.0, review="In space…", now=NOW)
    again, is_new = library.rate(user, alien(), 5.0, now=NOW + 5)
    assert not is_new
    assert (again.id, again.stars, again.review) == (first.id, 5.0, "In space…")
    assert (again.created_at, again.updated_at) == (NOW, NOW + 5)
    updated = library.update_rating(user, first.id, {"review": ""}, now=NOW + 6)
    assert (updated.stars, updated.review) == (5.0, "")


def test_users_cannot_access_ratings_of_others(database: Settings) -> None:
    ann, bob = make_user(), make_user("bob")
    rated, _ = library.rate(ann, alien(), 4.0, now=NOW)
    for access in (
        lambda: library.rating(bob, rated.id),
        lambda: library.update_rating(bob, rated.id, {"rating": 1.0}, now=NOW),
        lambda: library.delete_rating(bob, rated.id, now=NOW),
        lambda: library.delete_rating_of_movie(bob, alien(), now=NOW),
        lambda: library.rating_of_movie(bob, alien()),
    ):
        with pytest.raises(NotFound):
            access()
    assert library.rating(ann, rated.id).stars == 4.0


def test_deleted_rating_is_gone_and_the_others_stay(database: Settings) -> None:
    user, other, up = make_user(), make_user("bob"), movie_id("tt1049413")
    first, second = (library.rate(user, movie, 4.0, now=NOW)[0] for movie in (alien(), up))
    library.rate(other, alien(), 4.0, now=NOW)
    library.delete_rating(user, first.id, now=NOW)
    assert library.ratings(user, limit=9, offset=0) == (1, [second])
    assert library.ratings(other, limit=9, offset=0)[0] == 1
    library.delete_rating_of_movie(user, up, now=NOW)
    assert library.ratings(user, limit=9, offset=0) == (0, [])
    with pytest.raises(NotFound):
        library.delete_rating(user, first.id, now=NOW)
    assert [entry.what for entry in library.journal_entries(user, limit=2)[1]] == [
        "Took back the rating of Up (2009)",
        "Took back the rating of Alien (1979)",
    ]


def test_update_of_a_rating_keeps_what_it_does_not_name(database: Settings) -> None:
    user = make_user()
    first, _ = library.rate(user, alien(), 4.0, review="In space…", now=NOW)
    updated = library.update_rating(user, first.id, {"rating": 2.5}, now=NOW + 1)
    assert (updated.stars, updated.review, updated.created_at, updated.updated_at) == (
        2.5,
        "In space…",
        NOW,
        NOW + 1,
    )
    assert library.update_rating(user, first.id, {"review": None}, now=NOW + 2) == updated
    assert library.update_rating(user, first.id, {}, now=NOW + 3) == updated
    with pytest.raises(ValidationFailed):
        library.update_rating(user, first.id, {"rating": 5.5}, now=NOW)
    with pytest.raises(ValidationFailed):
        library.update_rating(user, first.id, {"review": "x" * 10_001}, now=NOW)


def test_an_unknown_movie_cannot_be_rated_or_made_a_favorite(database: Settings) -> None:
    user = make_user()
    with pytest.raises(NotFound):
        library.rate(user, 10**9, 4.0, now=NOW)
    with pytest.raises(NotFound):
        library.add_favorite(user, 10**9, now=NOW)


def test_simultaneous_ratings_of_one_movie_make_one_row(database: Settings) -> None:
    user, movie = make_user(), alien()

    def rate(stars: float) -> float:
        try:
            return db.run_with_retry(library.rate, user, movie, stars, now=NOW)[0].stars
        finally:
            db.close()

    with ThreadPoolExecutor(8) as pool:
        ratings = list(pool.map(rate, [step / 2 for step in range(1, 11)] * 3))
    assert len(ratings) == 30
    assert db.value("SELECT COUNT(*) FROM ratings") == 1


def test_adding_a_favorite_again_returns_the_same(database: Settings) -> None:
    user = make_user()
    first, is_new = library.add_favorite(user, alien(), note="!", now=NOW)
    again, is_new_again = library.add_favorite(user, alien(), now=NOW + 9)
    assert (is_new, is_new_again) == (True, False)
    assert again == first
    library.remove_favorite(user, first.id, now=NOW)
    with pytest.raises(NotFound):
        library.remove_favorite(user, first.id, now=NOW)


def test_deleting_a_user_deletes_the_library(database: Settings) -> None:
    user = make_user()
    library.rate(user, alien(), 4.0, now=NOW)
    library.add_favorite(user, alien(), now=NOW)
    db.execute("DELETE FROM users WHERE id = ?", user)
    assert db.value("SELECT COUNT(*) FROM ratings") == db.value("SELECT COUNT(*) FROM favorites") == 0


def test_a_rated_movie_cannot_be_deleted(database: Settings) -> None:
    library.rate(make_user(), alien(), 4.0, now=NOW)
    with pytest.raises(peewee.IntegrityError):
        db.execute("DELETE FROM movies WHERE id = ?", alien())
