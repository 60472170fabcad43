"""Upsert: movies are matched by external ids, updated by precedence, and never lose facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from movierec import db, movies
from movierec.errors import NotFound
from movierec.movies import MovieRecord
from tests.films import MOVIE_TITLES, NOW, movie_count, movie_id
from tests.test_migrations import schema

pytestmark = pytest.mark.usefixtures("database")

DUNE = MovieRecord(
    title="Dune",
    source="movielens",
    imdb_id="tt1160419",
    year=2021,
    genres=("Science Fiction", "Adventure"),
    directors=("Denis Villeneuve",),
)


def test_test_movies_are_stored() -> None:
    assert movie_count() == len(MOVIE_TITLES)
    for imdb_id, name in MOVIE_TITLES.items():
        assert movies.detail(movie_id(imdb_id)).summary.title == name.partition(" (")[0]


def test_new_movie_is_inserted_with_all_facts() -> None:
    [dune] = movies.upsert([DUNE], NOW)
    movie = movies.detail(dune)
    assert (movie.summary.title, movie.summary.year, movie.summary.imdb_id) == ("Dune", 2021, "tt1160419")
    assert movie.summary.genres == ["Science Fiction", "Adventure"]
    assert movie.directors == ["Denis Villeneuve"]
    assert movie.facts["created_at"] == movie.facts["updated_at"] == NOW


def test_upsert_of_the_same_record_changes_nothing() -> None:
    first = movies.upsert([DUNE], NOW)
    before, revision = movies.detail(first[0]), db.revision("catalogue")
    assert movies.upsert([DUNE], NOW + 5) == first
    assert movies.detail(first[0]) == before
    assert db.revision("catalogue") == revision


def test_ids_are_returned_in_the_order_of_the_records() -> None:
    records = [replace(DUNE, imdb_id=f"tt{number:07}", title=f"Dune {number}") for number in (3, 1, 2)]
    ids = movies.upsert(records, NOW)
    assert [movies.by_imdb_id(record.imdb_id or "") for record in records] == ids


def test_two_records_of_one_movie_in_one_call_are_one_movie() -> None:
    first, second = movies.upsert([DUNE, replace(DUNE, title="Dune: Part One")], NOW)
    assert first == second


@pytest.mark.parametrize("column", ["imdb_id", "tmdb_id", "movielens_id"])
def test_record_is_matched_by_each_external_id(column: str) -> None:
    full = MovieRecord("Dune", "tmdb", imdb_id="tt1160419", tmdb_id=438631, movielens_id=225173)
    [dune] = movies.upsert([full], NOW)
    bare = MovieRecord("Dune", "tmdb", **{column: getattr(full, column)})
    assert movies.upsert([bare], NOW) == [dune]


@pytest.mark.parametrize(("years", "is_same"), [(0, True), (1, True), (-1, True), (2, False), (-2, False)])
def test_same_title_two_years_apart_is_another_movie(years: int, is_same: bool) -> None:
    """A record that links both by its ids is only trusted up to one year, that of festivals and cinemas."""
    [stored] = movies.upsert([DUNE], NOW)
    [other] = movies.upsert([MovieRecord("Dune", "movielens", movielens_id=225173, year=2021 + years)], NOW)
    assert stored != other
    before = movie_count()
    # A record that claims the ids of both, with the year of the first: its title matches both.
    claim = MovieRecord("Dune", "movielens", imdb_id="tt1160419", movielens_id=225173, year=2021)
    [survivor] = movies.upsert([claim], NOW)
    assert movie_count() == before - is_same
    assert (movies.current_id(stored) == movies.current_id(other)) is is_same
    if not is_same:
        assert (movies.detail(stored).summary.year, movies.detail(other).summary.year) == (2021, 2021 + years)
        assert survivor == movies.by_imdb_id("tt1160419") == stored


def test_missing_external_ids_are_filled_but_never_taken_from_another_movie() -> None:
    matrix = movie_id("tt0133093")
    movies.upsert([MovieRecord("The Matrix", "movielens", imdb_id="tt0133093", tmdb_id=603)], NOW)
    assert movies.by_tmdb_id(603) == matrix
    movies.upsert([MovieRecord("Alien", "tmdb", imdb_id="tt0078748", tmdb_id=603)], NOW)
    assert movies.by_tmdb_id(603) == matrix


def test_weaker_source_fills_empty_fields_and_replaces_nothing() -> None:
    matrix = movie_id("tt0133093")
    weak = MovieRecord(
        "Matrix!",
        "movielens",
        imdb_id="tt0133093",
        overview="A hacker.",
        genres=("Romance",),
        keywords=("simulation", "hacker"),
    )
    movies.upsert([weak], NOW + 9)
    movie = movies.detail(matrix)
    assert (movie.summary.title, movie.summary.overview) == ("The Matrix", "A hacker.")
    assert "Romance" not in movie.summary.genres
    assert movie.keywords == ["hacker", "simulation"]
    assert movie.facts["updated_at"] == NOW + 9


def test_stronger_source_replaces_fields_but_empties_none() -> None:
    matrix = movie_id("tt0133093")
    before = movies.detail(matrix)
    strong = MovieRecord(
        "Matrix", "tmdb", imdb_id="tt0133093", genres=("Action",), cast=("Keanu Reeves",), details_at=NOW
    )
    movies.upsert([strong], NOW)
    movie = movies.detail(matrix)
    assert movie.summary.title == "Matrix"
    assert movie.summary.genres == ["Action"]
    assert [part["name"] for part in movie.cast] == ["Keanu Reeves"]
    assert (movie.summary.runtime, movie.directors) == (before.summary.runtime, before.directors)


def test_titles_for_search_are_replaced_only_where_a_title_changes() -> None:
    matrix = movie_id("tt0133093")

    def stored_titles() -> list[tuple[int, str]]:
        return db.rows("SELECT id, key FROM movie_titles WHERE movie_id = ? ORDER BY id", matrix)

    before = stored_titles()
    record = MovieRecord("The Matrix", "tmdb", imdb_id="tt0133093", tagline="Free your mind.", details_at=NOW)
    movies.upsert([record], NOW)
    assert stored_titles() == before
    movies.upsert([replace(record, original_title="La Matrice")], NOW)
    assert [key for _, key in stored_titles()] == ["matrix", "matrice"]


def test_people_and_genres_are_stored_once() -> None:
    movies.upsert([DUNE, replace(DUNE, imdb_id="tt15239678", title="Dune: Part Two", year=2024)], NOW)
    assert db.value("SELECT COUNT(*) FROM people WHERE name = 'Denis Villeneuve'") == 1
    assert db.value("SELECT COUNT(*) FROM genres WHERE name = 'Science Fiction'") == 1


def test_roles_of_the_credits_are_replaced_one_by_one() -> None:
    matrix = movie_id("tt0133093")
    before = movies.detail(matrix)
    cast, characters = ("Keanu Reeves", "Carrie-Anne Moss"), ("Neo", "Trinity")
    movies.upsert(
        [
            MovieRecord(
                "The Matrix", "tmdb", imdb_id="tt0133093", cast=cast, characters=characters, details_at=NOW
            )
        ],
        NOW,
    )
    movie = movies.detail(matrix)
    assert [(part["name"], part["character"]) for part in movie.cast] == [*zip(cast, characters, strict=True)]
    assert movie.directors == before.directors
    assert movie.writers == before.writers


def test_two_movies_of_one_call_cannot_take_the_same_external_id() -> None:
    claims = [MovieRecord("", "tmdb", imdb_id=imdb_id, tmdb_id=603) for imdb_id in ("tt0133093", "tt0078748")]
    movies.upsert(claims, NOW)
    assert movies.by_tmdb_id(603) == movie_id("tt0133093")


def test_very_long_title_is_stored() -> None:
    [dune] = movies.upsert([replace(DUNE, title="Длинный 99 " * 2000)], NOW)
    assert len(movies.detail(dune).summary.title) == 22_000


def test_hostile_text_is_stored_unchanged() -> None:
    title = "Robert'); DROP TABLE movies;-- %_\\ \t\n\r🎬 \N{RIGHT-TO-LEFT OVERRIDE}"
    [dune] = movies.upsert([replace(DUNE, title=title, directors=("a\tb\\N",))], NOW)
    movie = movies.detail(dune)
    assert (movie.summary.title, movie.directors) == (title, ["a\tb\\N"])


def test_upsert_of_no_records_changes_nothing() -> None:
    before = db.revision("catalogue")
    assert movies.upsert([], NOW) == []
    assert db.revision("catalogue") == before


def test_upsert_increments_the_revision_of_the_catalogue() -> None:
    before = db.revision("catalogue")
    movies.upsert([DUNE], NOW)
    assert db.revision("catalogue") == before + 1


def test_unknown_external_ids_raise_not_found() -> None:
    with pytest.raises(NotFound):
        movies.by_imdb_id("tt9999999")
    with pytest.raises(NotFound):
        movies.by_tmdb_id(9_999_999)


def test_seed_loads_the_shipped_catalogue_once_and_keeps_stored_movies() -> None:
    matrix = movie_id("tt0133093")
    db.execute("DELETE FROM revisions WHERE name = 'starter'")
    assert movies.needs_seed()
    assert movies.seed_catalogue(NOW) > 17_000
    assert movie_count() > 17_000
    assert movie_id("tt0133093") == matrix
    assert not movies.needs_seed()
    assert movies.seed_catalogue(NOW) == 0


def test_seed_rebuilds_indexes_and_foreign_keys_as_migrated() -> None:
    before = schema()
    db.execute("DELETE FROM movies")
    db.execute("DELETE FROM revisions WHERE name = 'starter'")
    assert movies.seed_catalogue(NOW) == movie_count() > 17_000
    assert schema() == before
    assert db.value("SELECT COUNT(*) FROM movie_titles") >= movie_count()
    db.execute("DELETE FROM movies WHERE imdb_id = 'tt0133093'")
    assert db.value("SELECT COUNT(*) FROM credits WHERE movie_id NOT IN (SELECT id FROM movies)") == 0
