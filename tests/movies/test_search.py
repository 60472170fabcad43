"""Search on real databases: what people mean over the whole catalogue, the same on both, and only as data."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from movierec import db, movies
from movierec.errors import ValidationFailed
from movierec.movies import MovieRecord
from movierec.movies.trigrams import COMMON, MAXIMUM_TRIGRAMS, MINIMUM_TRIGRAMS, select_trigrams
from tests.conftest import Template
from tests.films import MOVIES, NOW, movie_id
from tests.movies.test_title_keys import MEANT

# --- over the whole catalogue


class WholeCatalogue(Template):
    """A database with every shipped film; tests only read it."""

    def fill(self) -> None:
        assert movies.seed_catalogue(NOW) > 17_000


def whole_catalogue(server: str | None) -> Iterator[WholeCatalogue]:
    with tempfile.TemporaryDirectory() as folder:
        made = WholeCatalogue(Path(folder), server)
        yield made
        made.drop()


@pytest.fixture(scope="module")
def on_sqlite() -> Iterator[WholeCatalogue]:
    yield from whole_catalogue(None)


@pytest.fixture(scope="module")
def on_postgresql(_postgres_server: str) -> Iterator[WholeCatalogue]:
    yield from whole_catalogue(_postgres_server)


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def catalogue(request: pytest.FixtureRequest) -> Iterator[None]:
    """Connected to the whole catalogue, on each database."""
    db.connect(request.getfixturevalue(request.param).settings)
    yield
    db.close()


def found(text: str, limit: int = 3, **filters: object) -> list[str]:
    films = movies.search(text, limit=limit, **filters)[1]  # type: ignore[arg-type]
    return [f"{film.title} ({film.year})" for film in films]


def test_finds_what_people_mean_in_the_first_three(catalogue: None) -> None:
    missed = {text: found(text) for text, meant in MEANT.items() if meant not in found(text)}
    assert missed == {}


def test_nonsense_finds_nothing(catalogue: None) -> None:
    for text in ("zzzzzz", "qwertyuiop", "!!!", "x" * 256, "七", "🎬"):
        assert movies.search(text, limit=20) == (0, [])


def test_search_is_fast(catalogue: None) -> None:
    seconds = []
    for text in MEANT:
        started = time.process_time()  # not the clock: whatever else the machine does is no fault of ours
        movies.search(text, limit=20)
        seconds.append(time.process_time() - started)
    assert statistics.median(seconds) < 0.05


def test_the_worst_of_texts_are_bounded(catalogue: None) -> None:
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
        started = time.perf_counter()
        total, films = movies.search(text, limit=100)
        assert time.perf_counter() - started < 5  # 0.1 s on two quiet cores
        assert len(films) == min(total, 100)


def test_both_databases_answer_the_same(on_sqlite: WholeCatalogue, on_postgresql: WholeCatalogue) -> None:
    texts = [*MEANT, "love", "the", "a", "star", "king kong", "man of", "dead", "'", "100%", "c'est", "naïve"]
    answers = []
    for whole in (on_sqlite, on_postgresql):
        db.connect(whole.settings)
        imdb_ids = {text: movies.search(text, limit=50) for text in texts}
        answers.append(
            {t: (total, [film.imdb_id for film in films]) for t, (total, films) in imdb_ids.items()}
        )
        db.close()
    assert answers[0] == answers[1]


def test_filters_narrow_before_candidates_are_cut(catalogue: None) -> None:
    """Thousands of titles share trigrams with 'love'; those of one year are found all the same."""
    of_year = movies.search("love", year=1957, limit=20)[1]
    assert "Love in the Afternoon" in [film.title for film in of_year]
    assert {film.year for film in of_year} == {1957}
    horror = movies.search("night of the", genre="horror", limit=50)[1]
    assert "Night of the Living Dead" in [film.title for film in horror]
    assert all("Horror" in film.genres for film in horror)


def test_pages_of_a_search_are_parts_of_one_list(catalogue: None) -> None:
    total, everything = movies.search("star", limit=1000)
    assert total == len(everything) > 40
    pages = [
        film for offset in range(0, total, 20) for film in movies.search("star", limit=20, offset=offset)[1]
    ]
    assert pages == everything


# --- as the catalogue changes

on_few_films = pytest.mark.usefixtures("database")


@on_few_films
def test_films_stored_later_are_found_at_once() -> None:
    assert found("the seventh seal") == []
    films = [
        MovieRecord("The Seventh Seal", "movielens", movielens_id=1237, original_title="Det sjunde inseglet"),
        MovieRecord("七人の侍", "movielens", movielens_id=2019),
    ]
    seal, samurai = movies.upsert(films, NOW)
    for text in ("the seventh seal", "7th seal", "det sjunde inseglet", "sjunde insegelt"):
        assert movies.search(text, limit=1)[1][0].id == seal
    assert movies.search("七人の侍", limit=1)[1][0].id == samurai


@on_few_films
def test_a_renamed_film_is_found_by_its_new_title_only() -> None:
    matrix = movie_id("tt0133093")
    movies.upsert(
        [MovieRecord("Wake Up, Neo", "staff", imdb_id="tt0133093", original_title="Follow Me")], NOW
    )
    assert movies.search("matrix", limit=5) == (0, [])
    for text in ("wake up neo", "follow me"):
        assert movies.search(text, limit=1)[1][0].id == matrix
    # An original title that comes later makes it findable by both.
    movies.upsert([MovieRecord("", "staff", imdb_id="tt0078748", original_title="Nostromo")], NOW)
    assert found("nostromo") == found("alien", limit=1) == ["Alien (1979)"]


@on_few_films
def test_a_deleted_film_is_gone_from_the_index() -> None:
    movies.delete_movie(movie_id("tt0133093"))
    assert movies.search("matrix", limit=5) == (0, [])
    assert db.value("SELECT COUNT(*) FROM movie_titles") == len(MOVIES) - 1
    if db.is_postgres():
        assert db.value("SELECT COUNT(*) FROM title_search") == len(MOVIES) - 1
    else:
        db.execute("INSERT INTO title_search (title_search) VALUES ('integrity-check')")
        assert db.rows('SELECT rowid FROM title_search WHERE title_search MATCH \'"mat" AND "atr"\'') == []


@on_few_films
def test_popularity_decides_between_films_of_one_title() -> None:
    assert found("psycho") == ["Psycho (1960)", "Psycho (1998)"]
    movies.upsert([MovieRecord("Psycho", "staff", imdb_id="tt0155975", popularity=1e6)], NOW)
    assert found("psycho") == ["Psycho (1998)", "Psycho (1960)"]


@on_few_films
def test_more_equal_titles_than_candidates_keep_the_best_known() -> None:
    films = [
        MovieRecord("Home", "staff", imdb_id=f"tt{n:07}", popularity=n, year=2000) for n in range(1, 300)
    ]
    movies.upsert(films, NOW)
    total, first = movies.search("home", limit=3)
    assert [film.imdb_id for film in first] == ["tt0000299", "tt0000298", "tt0000297"]
    assert total <= 299


@on_few_films
def test_adult_films_are_found_only_if_asked_for() -> None:
    movies.upsert([MovieRecord("Behind Closed Doors", "staff", adult=True)], NOW)
    assert movies.search("behind closed doors", limit=1)[0] == 0
    assert movies.search("behind closed doors", adult=True, limit=1)[0] == 1
    assert movies.search("the matrix", adult=True, limit=1)[0] == 1


@on_few_films
def test_titles_are_data_to_the_index() -> None:
    titles = [
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
    ids = movies.upsert([MovieRecord(title, "staff") for title in titles], NOW)
    for made, title in zip(ids, titles, strict=True):
        assert made in [film.id for film in movies.search(title, limit=20)[1]], title
    with db.write():
        for made in ids:
            movies.delete_movie(made)
    assert [movies.search(title, limit=20)[0] for title in ("$", "%_%", "🎬 🍿")] == [0, 0, 0]


@on_few_films
@pytest.mark.parametrize("text", ["", "   ", "\t\n", "x" * 257, "a " * 17, "🎬" * 300])
def test_searches_for_nothing_or_too_much_are_refused(text: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        movies.search(text, limit=1)
    assert [error.field for error in refused.value.errors] == ["q"]


# --- exact titles


@on_few_films
def test_a_title_as_another_site_spells_it() -> None:
    godfather = movie_id("tt0071562")
    for title in ("The Godfather: Part II", "Godfather: Part II, The", "the godfather part two"):
        assert movies.find_by_title(title) == [godfather]
    assert movies.find_by_title("Godfather") == [movie_id("tt0068646")]
    assert movies.find_by_title("Godfahter") == []


@on_few_films
def test_a_title_and_its_year() -> None:
    first, second = movie_id("tt0054215"), movie_id("tt0155975")
    assert movies.find_by_title("Psycho") == [first, second]  # the better known first
    assert movies.find_by_title("Psycho", 1998) == [second]
    assert movies.find_by_title("Psycho", 1961) == [first]  # a year beside it, as sites often have it
    assert movies.find_by_title("Psycho", 1970) == []
    copies = [MovieRecord("Psycho", "staff", year=year, popularity=year) for year in (1999, 1997)]
    later, earlier = movies.upsert(copies, NOW)
    assert movies.find_by_title("Psycho", 1998) == [second, later, earlier]


# --- trigrams


def test_common_trigrams_are_used_only_where_there_are_few_others() -> None:
    telling = select_trigrams("shawshank redemption")
    assert not set(telling) & set(COMMON)
    assert "sha" in telling
    few = select_trigrams("the")
    assert few
    assert set(few) <= set(COMMON)
    assert len(select_trigrams("heat")) == MINIMUM_TRIGRAMS


def test_of_a_long_text_trigrams_are_taken_from_all_of_it() -> None:
    text = "qzx " * 20 + "xyzzy plugh"
    assert len(select_trigrams(text)) <= MAXIMUM_TRIGRAMS
    long = " ".join(f"q{a}{b}z" for a in "bcdfgh" for b in "jklmn")
    asked = select_trigrams(long)
    assert len(asked) <= MAXIMUM_TRIGRAMS + MINIMUM_TRIGRAMS
    assert max(long.find(trigram) for trigram in asked) > len(long) * 0.8
