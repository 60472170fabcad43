"""Films enter the catalogue: joined by outside ids, completed, never made poorer."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from movierec import db, movies
from movierec.errors import NotFound
from movierec.movies import MovieRecord
from tests.films import MOVIES, NOW, movie_count, movie_id
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


def test_the_films_of_the_tests_are_there() -> None:
    assert movie_count() == len(MOVIES)
    for imdb_id, name in MOVIES.items():
        assert movies.detail(movie_id(imdb_id)).listed.title == name.partition(" (")[0]


def test_a_new_film_is_stored_whole() -> None:
    [made] = movies.upsert([DUNE], NOW)
    film = movies.detail(made)
    assert (film.listed.title, film.listed.year, film.listed.imdb_id) == ("Dune", 2021, "tt1160419")
    assert film.listed.genres == ["Science Fiction", "Adventure"]
    assert film.directors == ["Denis Villeneuve"]
    assert film.facts["created_at"] == film.facts["updated_at"] == NOW


def test_storing_the_same_again_changes_nothing() -> None:
    first = movies.upsert([DUNE], NOW)
    before, revision = movies.detail(first[0]), db.revision("catalogue")
    assert movies.upsert([DUNE], NOW + 5) == first
    assert movies.detail(first[0]) == before
    assert db.revision("catalogue") == revision


def test_ids_come_back_in_the_order_of_the_films() -> None:
    films = [replace(DUNE, imdb_id=f"tt{number:07}", title=f"Dune {number}") for number in (3, 1, 2)]
    ids = movies.upsert(films, NOW)
    assert [movies.by_imdb_id(film.imdb_id or "") for film in films] == ids


def test_one_film_twice_in_one_call_is_one_film() -> None:
    first, second = movies.upsert([DUNE, replace(DUNE, title="Dune: Part One")], NOW)
    assert first == second


@pytest.mark.parametrize("column", ["imdb_id", "tmdb_id", "movielens_id"])
def test_a_film_is_found_by_each_outside_id(column: str) -> None:
    known = MovieRecord("Dune", "tmdb", imdb_id="tt1160419", tmdb_id=438631, movielens_id=225173)
    [made] = movies.upsert([known], NOW)
    bare = MovieRecord("Dune", "tmdb", **{column: getattr(known, column)})
    assert movies.upsert([bare], NOW) == [made]


def test_missing_outside_ids_are_filled_in_but_none_is_taken_from_another_film() -> None:
    matrix = movie_id("tt0133093")
    movies.upsert([MovieRecord("The Matrix", "movielens", imdb_id="tt0133093", tmdb_id=603)], NOW)
    assert movies.by_tmdb_id(603) == matrix
    movies.upsert([MovieRecord("Alien", "tmdb", imdb_id="tt0078748", tmdb_id=603)], NOW)
    assert movies.by_tmdb_id(603) == matrix


def test_a_weaker_source_fills_what_is_empty_and_replaces_nothing() -> None:
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
    film = movies.detail(matrix)
    assert (film.listed.title, film.listed.overview) == ("The Matrix", "A hacker.")
    assert "Romance" not in film.listed.genres
    assert film.keywords == ["hacker", "simulation"]
    assert film.facts["updated_at"] == NOW + 9


def test_a_stronger_source_replaces_but_does_not_empty() -> None:
    matrix = movie_id("tt0133093")
    before = movies.detail(matrix)
    strong = MovieRecord(
        "Matrix", "tmdb", imdb_id="tt0133093", genres=("Action",), cast=("Keanu Reeves",), details_at=NOW
    )
    movies.upsert([strong], NOW)
    film = movies.detail(matrix)
    assert film.listed.title == "Matrix"
    assert film.listed.genres == ["Action"]
    assert [part["name"] for part in film.cast] == ["Keanu Reeves"]
    assert (film.listed.runtime, film.directors) == (before.listed.runtime, before.directors)


def test_people_and_genres_are_stored_once() -> None:
    movies.upsert([DUNE, replace(DUNE, imdb_id="tt15239678", title="Dune: Part Two", year=2024)], NOW)
    assert db.value("SELECT COUNT(*) FROM people WHERE name = 'Denis Villeneuve'") == 1
    assert db.value("SELECT COUNT(*) FROM genres WHERE name = 'Science Fiction'") == 1


def test_each_role_of_the_credits_is_told_or_not() -> None:
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
    film = movies.detail(matrix)
    assert [(part["name"], part["character"]) for part in film.cast] == [*zip(cast, characters, strict=True)]
    assert film.directors == before.directors
    assert film.writers == before.writers


def test_two_films_of_one_call_cannot_take_the_same_outside_id() -> None:
    claims = [MovieRecord("", "tmdb", imdb_id=imdb_id, tmdb_id=603) for imdb_id in ("tt0133093", "tt0078748")]
    movies.upsert(claims, NOW)
    assert movies.by_tmdb_id(603) == movie_id("tt0133093")


def test_a_very_long_title_is_stored() -> None:
    [made] = movies.upsert([replace(DUNE, title="Длинный 99 " * 2000)], NOW)
    assert len(movies.detail(made).listed.title) == 22_000


def test_hostile_text_is_stored_as_it_is() -> None:
    title = "Robert'); DROP TABLE movies;-- %_\\ \t\n\r🎬 \N{RIGHT-TO-LEFT OVERRIDE}"
    [made] = movies.upsert([replace(DUNE, title=title, directors=("a\tb\\N",))], NOW)
    film = movies.detail(made)
    assert (film.listed.title, film.directors) == (title, ["a\tb\\N"])


def test_nothing_to_store() -> None:
    before = db.revision("catalogue")
    assert movies.upsert([], NOW) == []
    assert db.revision("catalogue") == before


def test_the_catalogue_counts_its_changes() -> None:
    before = db.revision("catalogue")
    movies.upsert([DUNE], NOW)
    assert db.revision("catalogue") == before + 1


def test_unknown_outside_ids_are_not_found() -> None:
    with pytest.raises(NotFound):
        movies.by_imdb_id("tt9999999")
    with pytest.raises(NotFound):
        movies.by_tmdb_id(9_999_999)


def test_the_shipped_catalogue_is_loaded_once_and_keeps_the_films_there_are() -> None:
    matrix = movie_id("tt0133093")
    db.execute("DELETE FROM revisions WHERE name = 'starter'")
    assert movies.needs_seed()
    started = time.process_time()
    assert movies.seed_catalogue(NOW) > 17_000
    assert time.process_time() - started < 10  # 3 s on quiet cores; the rest is room for a busy machine
    assert movie_count() > 17_000
    assert movie_id("tt0133093") == matrix
    assert not movies.needs_seed()
    assert movies.seed_catalogue(NOW) == 0


def test_the_first_load_leaves_indexes_and_keys_as_the_migrations_made_them() -> None:
    before = schema()
    db.execute("DELETE FROM movies")
    db.execute("DELETE FROM revisions WHERE name = 'starter'")
    assert movies.seed_catalogue(NOW) == movie_count() > 17_000
    assert schema() == before
    assert db.value("SELECT COUNT(*) FROM movie_titles") >= movie_count()
    db.execute("DELETE FROM movies WHERE imdb_id = 'tt0133093'")
    assert db.value("SELECT COUNT(*) FROM credits WHERE movie_id NOT IN (SELECT id FROM movies)") == 0
