"""Search on real databases: relevance over the whole catalogue, equal results on both, and no injection."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from movierec import db, movies
from movierec.errors import ValidationFailed
from movierec.movies import MovieRecord, MovieSummary
from movierec.movies.trigrams import COMMON, MAXIMUM_TRIGRAMS, MINIMUM_TRIGRAMS, select_trigrams
from tests.conftest import Template
from tests.films import MOVIE_TITLES, NOW, movie_id
from tests.movies.test_title_keys import INTENDED

# --- over the whole catalogue


class WholeCatalogue(Template):
    """A database with every shipped movie; tests only read it."""

    def fill(self) -> None:
        assert movies.seed_catalogue(NOW) > 17_000


def whole_catalogue(server: str | None) -> Iterator[WholeCatalogue]:
    with tempfile.TemporaryDirectory() as folder:
        template = WholeCatalogue(Path(folder), server)
        yield template
        template.drop()


@pytest.fixture(scope="module")
def on_sqlite() -> Iterator[WholeCatalogue]:
    yield from whole_catalogue(None)


@pytest.fixture(scope="module")
def on_postgresql(_postgres_server: str) -> Iterator[WholeCatalogue]:
    yield from whole_catalogue(_postgres_server)


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def catalogue(request: pytest.FixtureRequest) -> Iterator[None]:
    """Connect to the whole catalogue, on each database."""
    db.connect(request.getfixturevalue(request.param).settings)
    yield
    db.close()


def search(text: str, limit: int = 3, offset: int = 0, **filters: Any) -> tuple[int, list[MovieSummary]]:
    return movies.search(movies.validate_search_text(text), limit=limit, offset=offset, **filters)


def titles(text: str, limit: int = 3) -> list[str]:
    return [f"{movie.title} ({movie.year})" for movie in search(text, limit)[1]]


def test_intended_movie_is_among_the_first_three(catalogue: None) -> None:
    missed = {text: titles(text) for text, intended in INTENDED.items() if intended not in titles(text)}
    assert missed == {}


def test_nonsense_finds_nothing(catalogue: None) -> None:
    for text in ("zzzzzz", "qwertyuiop", "!!!", "x" * 256, "七", "🎬"):
        assert search(text, limit=20) == (0, [])


def test_pages_of_the_most_expensive_texts_are_complete(catalogue: None) -> None:
    words = "the of and in man love night dead last black house big little story day"
    for text in (
        words,
        "the " * 16,
        "a",
        "th",
        "s",
        "of the",
        "ing ing",
        "the man of the man in the man",
        "es" * 128,
    ):
        total, page = search(text, limit=100)
        assert len(page) == min(total, 100)


def test_both_databases_return_the_same_movies(
    on_sqlite: WholeCatalogue, on_postgresql: WholeCatalogue
) -> None:
    texts = [
        *INTENDED,
        "love",
        "the",
        "a",
        "star",
        "king kong",
        "man of",
        "dead",
        "'",
        "100%",
        "c'est",
        "naïve",
    ]
    answers = []
    for whole in (on_sqlite, on_postgresql):
        db.connect(whole.settings)
        pages = {text: search(text, limit=50) for text in texts}
        answers.append(
            {text: (total, [movie.imdb_id for movie in page]) for text, (total, page) in pages.items()}
        )
        db.close()
    assert answers[0] == answers[1]


def test_filters_apply_before_candidates_are_limited(catalogue: None) -> None:
    """Thousands of titles share trigrams with 'love'; those of one year are found nevertheless."""
    of_year = search("love", year=1957, limit=20)[1]
    assert "Love in the Afternoon" in [movie.title for movie in of_year]
    assert {movie.year for movie in of_year} == {1957}
    horror = search("night of the", genre="horror", limit=50)[1]
    assert "Night of the Living Dead" in [movie.title for movie in horror]
    assert all("Horror" in movie.genres for movie in horror)


def test_pages_of_a_search_are_slices_of_one_list(catalogue: None) -> None:
    total, everything = search("star", limit=1000)
    assert total == len(everything) > 40
    pages = [movie for offset in range(0, total, 20) for movie in search("star", limit=20, offset=offset)[1]]
    assert pages == everything


# --- changes of the catalogue

on_few_movies = pytest.mark.usefixtures("database")


@on_few_movies
def test_new_movies_are_found_at_once() -> None:
    assert titles("the seventh seal") == []
    records = [
        MovieRecord("The Seventh Seal", "movielens", movielens_id=1237, original_title="Det sjunde inseglet"),
        MovieRecord("七人の侍", "movielens", movielens_id=2019),
    ]
    seal, samurai = movies.upsert(records, NOW)
    for text in ("the seventh seal", "7th seal", "det sjunde inseglet", "sjunde insegelt"):
        assert search(text, limit=1)[1][0].id == seal
    assert search("七人の侍", limit=1)[1][0].id == samurai


@on_few_movies
def test_renamed_movie_is_found_by_its_new_title_only() -> None:
    matrix = movie_id("tt0133093")
    movies.upsert(
        [MovieRecord("Wake Up, Neo", "staff", imdb_id="tt0133093", original_title="Follow Me")], NOW
    )
    assert search("matrix", limit=5) == (0, [])
    for text in ("wake up neo", "follow me"):
        assert search(text, limit=1)[1][0].id == matrix
    # An original title that is added later makes it searchable by both.
    movies.upsert([MovieRecord("", "staff", imdb_id="tt0078748", original_title="Nostromo")], NOW)
    assert titles("nostromo") == titles("alien", limit=1) == ["Alien (1979)"]


@on_few_movies
def test_deleted_movie_is_removed_from_the_index() -> None:
    movies.delete_movie(movie_id("tt0133093"))
    assert search("matrix", limit=5) == (0, [])
    assert db.value("SELECT COUNT(*) FROM movie_titles") == len(MOVIE_TITLES) - 1
    if db.is_postgres():
        assert db.value("SELECT COUNT(*) FROM title_search") == len(MOVIE_TITLES) - 1
    else:
        db.execute("INSERT INTO title_search (title_search) VALUES ('integrity-check')")
        assert db.rows('SELECT rowid FROM title_search WHERE title_search MATCH \'"mat" AND "atr"\'') == []


@on_few_movies
def test_popularity_decides_between_movies_of_one_title() -> None:
    assert titles("psycho") == ["Psycho (1960)", "Psycho (1998)"]
    movies.upsert([MovieRecord("Psycho", "staff", imdb_id="tt0155975", popularity=1e6)], NOW)
    assert titles("psycho") == ["Psycho (1998)", "Psycho (1960)"]


@on_few_movies
def test_of_more_equal_titles_than_candidates_the_most_popular_are_kept() -> None:
    records = [
        MovieRecord("Home", "staff", imdb_id=f"tt{n:07}", popularity=n, year=2000) for n in range(1, 300)
    ]
    movies.upsert(records, NOW)
    total, first = search("home", limit=3)
    assert [movie.imdb_id for movie in first] == ["tt0000299", "tt0000298", "tt0000297"]
    assert total <= 299


@on_few_movies
def test_adult_movies_are_found_only_with_the_option() -> None:
    movies.upsert([MovieRecord("Behind Closed Doors", "staff", adult=True)], NOW)
    assert search("behind closed doors", limit=1)[0] == 0
    assert search("behind closed doors", adult=True, limit=1)[0] == 1
    assert search("the matrix", adult=True, limit=1)[0] == 1


@on_few_movies
def test_titles_cannot_inject_index_syntax() -> None:
    hostile = [
        '"',
        "'",
        "\\",
        "'' \\' \"\"",
        "a' | 'b",
        "$",
        "%_%",
        "NEAR(x y)",
        "x AND y OR NOT z",
        "🎬 🍿",
        "\u202eabc",
    ]
    ids = movies.upsert([MovieRecord(title, "staff") for title in hostile], NOW)
    for stored, title in zip(ids, hostile, strict=True):
        assert stored in [movie.id for movie in search(title, limit=20)[1]], title
    with db.write():
        for stored in ids:
            movies.delete_movie(stored)
    assert [search(title, limit=20)[0] for title in ("$", "%_%", "🎬 🍿")] == [0, 0, 0]


@on_few_movies
@pytest.mark.parametrize("text", ["", "   ", "\t\n", "x" * 257, "a " * 17, "🎬" * 300])
def test_empty_or_too_long_search_texts_are_refused(text: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        movies.validate_search_text(text)
    assert [error.field for error in raised.value.errors] == ["q"]


# --- exact titles


@on_few_movies
def test_title_is_found_in_the_spelling_of_other_sites() -> None:
    godfather = movie_id("tt0071562")
    for title in ("The Godfather: Part II", "Godfather: Part II, The", "the godfather part two"):
        assert movies.find_by_title(title) == [godfather]
    assert movies.find_by_title("Godfather") == [movie_id("tt0068646")]
    assert movies.find_by_title("Godfahter") == []


@on_few_movies
def test_title_is_found_with_its_year() -> None:
    first, second = movie_id("tt0054215"), movie_id("tt0155975")
    assert movies.find_by_title("Psycho") == [first, second]  # the more popular first
    assert movies.find_by_title("Psycho", 1998) == [second]
    assert movies.find_by_title("Psycho", 1961) == [first]  # one year off, as sites often are
    assert movies.find_by_title("Psycho", 1970) == []
    copies = [MovieRecord("Psycho", "staff", year=year, popularity=year) for year in (1999, 1997)]
    later, earlier = movies.upsert(copies, NOW)
    assert movies.find_by_title("Psycho", 1998) == [second, later, earlier]


# --- trigrams


def test_common_trigrams_are_used_only_where_few_others_exist() -> None:
    rare = select_trigrams("shawshank redemption")
    assert not set(rare) & set(COMMON)
    assert "sha" in rare
    few = select_trigrams("the")
    assert few
    assert set(few) <= set(COMMON)
    assert len(select_trigrams("heat")) == MINIMUM_TRIGRAMS


def test_trigrams_of_a_long_text_are_spread_over_its_length() -> None:
    text = "qzx " * 20 + "xyzzy plugh"
    assert len(select_trigrams(text)) <= MAXIMUM_TRIGRAMS
    long = " ".join(f"q{a}{b}z" for a in "bcdfgh" for b in "jklmn")
    selected = select_trigrams(long)
    assert len(selected) <= MAXIMUM_TRIGRAMS + MINIMUM_TRIGRAMS
    assert max(long.find(trigram) for trigram in selected) > len(long) * 0.8
