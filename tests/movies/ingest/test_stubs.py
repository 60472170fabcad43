"""Stubs: an import adds movies that the catalogue lacks, once each, and changes none that it has."""

from __future__ import annotations

import pytest

from movierec import db, movies
from movierec.movies import MovieRecord
from tests.films import NOW, movie_count, movie_id
from tests.library.users import make_user

pytestmark = pytest.mark.usefixtures("database")

DUNE = MovieRecord("Dune", "movielens", imdb_id="tt1160419", tmdb_id=438631, movielens_id=225173, year=2021)


def stub(number: int) -> tuple[MovieRecord, str]:
    return MovieRecord(f"Home Video {number}", "staff", year=2020), f"m{number:031}"


def add(stubs: list[tuple[MovieRecord, str]], user: int, most: int = 100) -> int:
    return movies.add_stubs(stubs, user, most=most, now=NOW)


def test_stub_is_stored_with_the_weakest_source_and_its_movierec_id() -> None:
    user = make_user()
    assert add([(DUNE, "m1")], user) == 1
    dune = movies.by_imdb_id("tt1160419")
    assert movies.by_movierec_id("m1") == dune
    assert movies.detail(dune).facts["source"] == "import"
    movies.upsert([MovieRecord("Dune: Part One", "movielens", imdb_id="tt1160419")], NOW)
    assert movies.detail(dune).summary.title == "Dune: Part One"


@pytest.mark.parametrize("column", ["imdb_id", "tmdb_id", "movielens_id"])
def test_stub_of_a_stored_or_merged_movie_changes_nothing(column: str) -> None:
    user, alien = make_user(), movie_id("tt0078748")
    [dune] = movies.upsert([DUNE], NOW)
    claim = MovieRecord("My Dune", "staff", **{column: getattr(DUNE, column)})
    before, count = movies.detail(dune), movie_count()
    assert add([(claim, "m1")], user) == 0
    assert (movies.detail(dune), movie_count(), movies.by_movierec_id("m1")) == (before, count, None)
    movies.merge_movies(dune, alien, NOW)
    assert add([(claim, "m1")], user) == 0
    assert movie_count() == count - 1


def test_stub_with_a_known_movierec_id_is_not_added_again() -> None:
    user = make_user()
    assert add([stub(1), stub(2)], user) == 2
    assert add([stub(2), stub(3)], user) == 1


@pytest.mark.parametrize("column", ["imdb_id", "tmdb_id", "movielens_id", None])
def test_stubs_of_one_import_that_share_an_id_are_one_movie(column: str | None) -> None:
    ids = {column: getattr(DUNE, column)} if column else {}
    first, again = MovieRecord("Dune", "import", **ids), MovieRecord("Dune (2021)", "import", **ids)
    before = movie_count()
    assert add([(first, "m1"), (again, "m2" if column else "m1"), stub(3)], make_user()) == 2
    assert movie_count() == before + 2
    assert db.value("SELECT COUNT(*) FROM movies WHERE title = 'Dune (2021)'") == 0


def test_stubs_without_external_ids_are_different_movies() -> None:
    before = movie_count()
    assert add([stub(number) for number in range(3)], make_user()) == 3
    assert movie_count() == before + 3


def test_account_adds_no_more_stubs_than_its_limit() -> None:
    ann, bob = make_user(), make_user("bob")
    assert add([stub(1), stub(2)], ann, most=3) == 2
    assert add([stub(3), stub(4)], ann, most=3) == 1
    assert add([stub(5)], ann, most=3) == 0
    assert add([stub(6)], ann, most=2) == 0
    assert movies.by_movierec_id(stub(3)[1]) is not None
    assert movies.by_movierec_id(stub(4)[1]) is None
    assert add([stub(4)], bob, most=3) == 1
