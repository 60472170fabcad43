"""Edits by staff: all facts or some of them are replaced, external ids stay unique."""

from __future__ import annotations

import pytest

from movierec import db, library, movies
from movierec.errors import Conflict, NotFound
from movierec.movies import MovieRecord
from tests.films import NOW, movie_count, movie_id
from tests.library.users import make_user

pytestmark = pytest.mark.usefixtures("database")

ALIEN, HEAT = "tt0078748", "tt0113277"
DUNE = MovieRecord("Dune", "staff", tmdb_id=438631, release_date="2021-09-15", genres=("Drama",))


def test_created_movie_takes_its_year_from_the_release_date() -> None:
    dune = movies.create_movie(DUNE, NOW)
    assert movies.detail(dune).summary.year == 2021
    other = movies.create_movie(MovieRecord("Dune", "staff", year=1984, release_date="1985-01-01"), NOW)
    assert movies.detail(other).summary.year == 1984
    assert movies.detail(movies.create_movie(MovieRecord("Undated", "staff"), NOW)).summary.year is None


@pytest.mark.parametrize("ids", [{"imdb_id": ALIEN}, {"tmdb_id": 438631}])
def test_external_id_of_another_movie_is_refused(ids: dict[str, object]) -> None:
    movies.create_movie(DUNE, NOW)
    before = movie_count()
    with pytest.raises(Conflict) as refusal:
        movies.create_movie(MovieRecord("Dune", "staff", **ids), NOW)  # type: ignore[arg-type]
    assert [error.field for error in refusal.value.errors] == list(ids)
    heat = movie_id(HEAT)
    with pytest.raises(Conflict):
        movies.update_movie(heat, ids, NOW)
    assert movie_count() == before
    assert movies.detail(heat).summary.imdb_id == HEAT


def test_replacing_a_movie_empties_facts_that_the_record_lacks() -> None:
    [dune] = movies.upsert([MovieRecord("Dune", "movielens", movielens_id=225173, keywords=("desert",))], NOW)
    movies.replace_movie(dune, DUNE, NOW + 1)
    movie = movies.detail(dune)
    assert (movie.summary.year, movie.summary.genres, movie.keywords) == (2021, ["Drama"], [])
    assert (movie.facts["source"], movie.facts["updated_at"]) == ("staff", NOW + 1)
    assert movies.upsert([MovieRecord("Dune", "movielens", movielens_id=225173)], NOW) == [dune]
    movies.replace_movie(dune, MovieRecord("Arrakis", "staff", tmdb_id=438631), NOW)
    assert [movie.id for movie in movies.search("arrakis", limit=9)[1]] == [dune]
    assert movies.search("dune", limit=9)[0] == 0


def test_update_keeps_the_other_facts() -> None:
    alien = movie_id(ALIEN)
    before, revision = movies.detail(alien), db.revision("catalogue")
    movies.update_movie(alien, {"tagline": "In space no one can hear you scream."}, NOW)
    movie = movies.detail(alien)
    assert movie.facts["tagline"] == "In space no one can hear you scream."
    assert (movie.summary, movie.cast, movie.directors) == (before.summary, before.cast, before.directors)
    assert movie.facts["source"] == "staff"
    assert db.revision("catalogue") == revision + 1


def test_edit_of_a_merged_movie_changes_the_survivor() -> None:
    heat, alien = movie_id(HEAT), movie_id(ALIEN)
    movies.merge_movies(heat, alien, NOW)
    movies.update_movie(heat, {"title": "Alien in the Heat"}, NOW)
    assert movies.detail(alien).summary.title == "Alien in the Heat"


def test_deleted_movie_is_gone_unless_somebody_keeps_it() -> None:
    heat, alien = movie_id(HEAT), movie_id(ALIEN)
    library.add_to_watchlist(make_user(), alien, now=NOW)
    before, revision = movie_count(), db.revision("catalogue")
    movies.delete_movie(heat)
    assert (movie_count(), db.revision("catalogue")) == (before - 1, revision + 1)
    with pytest.raises(Conflict):
        movies.delete_movie(alien)
    assert movie_count() == before - 1
    for edit in (
        lambda: movies.delete_movie(heat),
        lambda: movies.update_movie(heat, {"title": "x"}, NOW),
        lambda: movies.replace_movie(heat, DUNE, NOW),
    ):
        with pytest.raises(NotFound):
            edit()
    assert db.revision("catalogue") == revision + 1
