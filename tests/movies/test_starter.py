"""The shipped catalogue: its contents, and the script that builds it."""

from __future__ import annotations

import dataclasses
import re
import sqlite3
import threading
import time
import unicodedata
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from movierec import db
from movierec.config import Settings
from movierec.movies import seed_catalogue, starter
from movierec.movies.starter import StarterMovie, build, clean, estimate_votes
from movierec.movies.starter.layout import STARTER_FILE, encode
from movierec.movies.starter.vocabulary import OTHER_GENRES, TMDB_GENRES, country_names, language_codes


@pytest.fixture(scope="module")
def shipped() -> list[StarterMovie]:
    return list(starter.read())


@pytest.fixture(scope="module")
def by_id(shipped: list[StarterMovie]) -> dict[str, StarterMovie]:
    return {movie.imdb_id: movie for movie in shipped}


# --- the shipped file


def test_file_is_small_and_has_many_movies(shipped: list[StarterMovie]) -> None:
    assert len(shipped) >= 17_000
    assert STARTER_FILE.stat().st_size <= 1_500_000


def test_source_and_licence_are_documented_beside_the_file() -> None:
    text = STARTER_FILE.with_name("SOURCE.md").read_text(encoding="utf-8")
    for word in ("Wikidata", "CC0", "bokeh-sampledata", "movierec.movies.starter.build"):
        assert word in text


def test_imdb_ids_are_well_formed_and_unique(shipped: list[StarterMovie]) -> None:
    assert all(re.fullmatch(r"tt\d{7,8}", movie.imdb_id) for movie in shipped)
    assert len({movie.imdb_id for movie in shipped}) == len(shipped)


def test_text_is_clean(shipped: list[StarterMovie]) -> None:
    texts = {movie.title for movie in shipped}
    texts |= {name for movie in shipped for name in (*movie.cast, *movie.directors, *movie.writers)}
    texts |= {word for movie in shipped for word in (*movie.genres, *movie.countries, *movie.languages)}
    for text in texts:
        assert text
        assert text == text.strip()
        assert "  " not in text
        assert unicodedata.is_normalized("NFC", text)
        assert not any(unicodedata.category(char).startswith("C") for char in text), text
        assert not re.search(r"&\w+;|\ufffd|Ã.|^N/A$|\(film\)", text), text


def test_no_list_has_duplicates(shipped: list[StarterMovie]) -> None:
    for movie in shipped:
        for field in ("cast", "directors", "writers", "genres", "countries", "languages"):
            names = getattr(movie, field)
            assert len(set(names)) == len(names), movie


def test_dates_and_numbers_are_plausible(shipped: list[StarterMovie]) -> None:
    for movie in shipped:
        assert 1940 <= movie.year <= 2014
        assert movie.released is None or abs(movie.released.year - movie.year) <= 1
        assert movie.runtime_minutes is None or 5 <= movie.runtime_minutes <= 1000
        assert movie.certificate in {None, "G", "PG", "PG-13", "R", "NC-17", "X"}
        assert movie.meter is None or 0 <= movie.meter <= 100
        assert movie.critics_average is None or 0 < movie.critics_average <= 10
        assert movie.reviews is None or 0 < movie.reviews < 1000
        assert movie.box_office is None or movie.box_office >= 1000
        assert 0 <= movie.oscars <= 11


def test_every_genre_and_language_is_a_known_word(shipped: list[StarterMovie]) -> None:
    assert {genre for movie in shipped for genre in movie.genres} <= {*TMDB_GENRES, *OTHER_GENRES}
    assert all(re.fullmatch(r"[a-z]{2}", code) for movie in shipped for code in movie.languages)


def test_most_movies_have_the_fields_of_a_page(shipped: list[StarterMovie]) -> None:
    counts = Counter(field for movie in shipped for field in movie._fields if getattr(movie, field))
    for field, minimum in {
        "genres": 17_000,
        "languages": 17_000,
        "countries": 17_400,
        "directors": 17_300,
        "writers": 13_700,
        "cast": 15_600,
        "runtime_minutes": 16_100,
        "certificate": 2_500,
        "meter": 17_000,
        "reviews": 17_400,
        "released": 6_000,
    }.items():
        assert counts[field] >= minimum, field


@pytest.mark.parametrize(
    ("imdb_id", "title", "year", "director", "actor", "genre", "language"),
    [
        ("tt0133093", "The Matrix", 1999, "Lana Wachowski", "Keanu Reeves", "Science Fiction", "en"),
        ("tt0111161", "The Shawshank Redemption", 1994, "Frank Darabont", "Tim Robbins", "Drama", "en"),
        ("tt0211915", "Amélie", 2001, "Jean-Pierre Jeunet", "Audrey Tautou", "Comedy", "fr"),
        ("tt0068646", "The Godfather", 1972, "Francis Ford Coppola", "Al Pacino", "Crime", "en"),
        ("tt0047478", "Seven Samurai", 1954, "Akira Kurosawa", "Toshirō Mifune", "Action", "ja"),
        ("tt0110912", "Pulp Fiction", 1994, "Quentin Tarantino", "John Travolta", "Crime", "en"),
        ("tt0034583", "Casablanca", 1942, "Michael Curtiz", "Humphrey Bogart", "Romance", "en"),
        ("tt0118799", "Life Is Beautiful", 1997, "Roberto Benigni", "Roberto Benigni", "Comedy", "it"),
    ],
)
def test_facts_of_well_known_movies(
    by_id: dict[str, StarterMovie],
    imdb_id: str,
    title: str,
    year: int,
    director: str,
    actor: str,
    genre: str,
    language: str,
) -> None:
    movie = by_id[imdb_id]
    assert (movie.title, movie.year, movie.languages[0]) == (title, year, language)
    assert director in movie.directors
    assert actor in movie.cast[:6]
    assert genre in movie.genres


def test_all_facts_of_one_movie(by_id: dict[str, StarterMovie]) -> None:
    movie = by_id["tt0133093"]
    assert movie.released == date(1999, 3, 31)
    assert (movie.runtime_minutes, movie.certificate) == (136, "R")
    assert movie.countries == ("Australia", "United States")
    assert movie.writers == ("Lana Wachowski", "Lilly Wachowski")
    assert (movie.meter, movie.critics_average, movie.reviews) == (83, 7.8, 209)
    assert movie.box_office == 467_222_728


# --- votes and popularity


def test_well_known_movies_are_the_most_popular(shipped: list[StarterMovie]) -> None:
    ranked = sorted(shipped, key=lambda movie: -_votes(movie).popularity)
    ranks = {(movie.title, movie.year): rank for rank, movie in enumerate(ranked)}
    for title in [
        ("The Godfather", 1972),
        ("Casablanca", 1942),
        ("The Dark Knight", 2008),
        ("Pulp Fiction", 1994),
        ("Alien", 1979),
        ("The Matrix", 1999),
        ("Titanic", 1997),
    ]:
        assert ranks[title] < 200, title


def test_estimated_votes_are_in_range(shipped: list[StarterMovie]) -> None:
    for votes in map(_votes, shipped):
        assert 0 <= votes.vote_average <= 10
        assert votes.vote_count >= 0
        assert 0 <= votes.popularity < 200


def _votes(movie: StarterMovie) -> starter.EstimatedVotes:
    return estimate_votes(movie.meter, movie.reviews, movie.year, movie.critics_average)


def test_estimate_prefers_the_critics_mean_mark() -> None:
    assert estimate_votes(90, 100, 2000, average=7.4).vote_average == 7.4
    assert estimate_votes(100, 100, 2000).vote_average == 7.8
    assert estimate_votes(0, 100, 2000).vote_average == 3.2


def test_estimate_without_reviews_is_zero() -> None:
    assert estimate_votes(None, None, 1990) == (0.0, 0, 0.0)


def test_more_or_better_reviews_give_a_higher_popularity() -> None:
    assert estimate_votes(80, 200, 2000).popularity > estimate_votes(80, 100, 2000).popularity
    assert estimate_votes(80, 200, 2000).popularity > estimate_votes(20, 200, 2000).popularity
    # The same number of reviews gives older movies a higher popularity.
    popularity = [estimate_votes(80, 100, year).popularity for year in range(1940, 2020)]
    assert popularity == sorted(popularity, reverse=True)


# --- cleaning


@pytest.mark.parametrize(
    ("raw", "clean_one"),
    [
        (None, ""),
        ("N/A", ""),
        (" Cat  &amp;\tMouse\x00 ", "Cat & Mouse"),
        ("Ame\u0301lie", "Amélie"),  # decomposed
        ("Sergei\ufe20a\ufe21 \u200bX", "Sergeia X"),  # library transliteration, zero-width space
        ("Faust (2011 film)", "Faust"),
        ("Godspell (film)", "Godspell"),
        ("(500) Days of Summer", "(500) Days of Summer"),
        ("I Am Curious (Yellow)", "I Am Curious (Yellow)"),
    ],
)
def test_titles_are_cleaned(raw: str | None, clean_one: str) -> None:
    assert clean.clean_title(raw) == clean_one


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("Robert Downey, Jr., Mia Farrow", ["Robert Downey Jr.", "Mia Farrow"]),
        ("Joaquin Garay, III", ["Joaquin Garay III"]),
        ("A B, A B,  C D,", ["A B", "C D"]),
        ("the Wachowskis, Lana Wachowski", ["Lana Wachowski", "Lilly Wachowski"]),
        ("Tim Bentinck, 12th Earl of Portland", ["Tim Bentinck"]),
        ("Prince Philip, Duke of Edinburgh", ["Prince Philip"]),
        ("Princess Stéphanie of Monaco", ["Princess Stéphanie of Monaco"]),
        ("Nora Ephron (screenplay), Delia Ephron (story by)", ["Nora Ephron", "Delia Ephron"]),
        ("Tyler, the Creator, Rita Ora", ["Tyler, the Creator", "Rita Ora"]),
        ("list of Harry Potter cast members, art director, N/A", []),
        ("Huey Lewis and the News", ["Huey Lewis and the News"]),
    ],
)
def test_people_are_cleaned(raw: str, names: list[str]) -> None:
    assert clean.split_people(raw) == names


def test_writing_duos_are_split_but_bands_are_not() -> None:
    duo = "Scott Alexander and Larry Karaszewski"
    assert clean.split_people(duo, pairs=True) == ["Scott Alexander", "Larry Karaszewski"]
    assert clean.split_people(duo) == [duo]
    assert clean.split_people("Huey Lewis and the News", pairs=True) == ["Huey Lewis and the News"]


@pytest.mark.parametrize(
    ("names", "countries", "codes"),
    [
        (["English", "Japanese"], ["Japan"], ("ja", "en")),
        (["English", "Italian"], ["Italy", "United States"], ("en", "it")),
        (["English", "French"], ["France", "Belgium", "United States"], ("fr", "en")),
        (["American English", "English", "Klingon"], [], ("en",)),
        (["Cantonese", "Mandarin"], ["Hong Kong"], ("zh",)),
    ],
)
def test_the_original_language_comes_first(
    names: list[str], countries: list[str], codes: tuple[str, ...]
) -> None:
    assert language_codes(names, countries) == codes


def test_countries_have_one_name_each() -> None:
    assert country_names(["British Hong Kong", "Hong Kong", "People's Republic of China"]) == (
        "Hong Kong",
        "China",
    )


# --- the builder


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Create a source of five good rows and five that must be dropped or cleaned."""
    path = tmp_path / "movies.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE omdb (ID, imdbID, Title, Year, Rating, Runtime, Genre, Released, Director, Writer,"
        ' "Cast", Language, Country, Oscars);'
        "CREATE TABLE tomatoes (ID, Meter, Reviews, Fresh, Rotten, Rating, BoxOffice);"
    )
    rows = [
        {"id": "tt0000001", "Title": "Plain", "Year": 1999, "Rating": "R", "Runtime": 136.0, "Oscars": 1}
        | {"Genre": "Sci-Fi, Drama", "Released": "1999-03-31", "Director": "Ann Lee", "Writer": "Ann Lee"}
        | {"Cast": "Zoe Star, Al Unknown", "Language": "English", "Country": "United States"},
        {"id": "tt0000001", "Title": "Plain: the Long Version", "Year": 2001, "Released": "2001-01-01"},
        {"id": "", "Title": "No id", "Year": 1999},
        {"id": "tt00004", "Title": "Short id", "Year": 1999},
        {"id": "tt0000005", "Title": " \x07", "Year": 1999},
        {"id": "tt0000006", "Title": "No year", "Released": "N/A"},
        {"id": "tt0000007", "Title": "Caf&eacute;  (film)", "Year": "1950", "Released": "soon"}
        | {"Rating": "GP", "Runtime": "1 h 30 min", "Genre": "Film-Noir, Weird", "Director": "N/A"}
        | {"Writer": "Bo Hart (screenplay), Bo Hart", "Cast": "Zoe Star", "Language": "Swahili, Klingon"}
        | {"Country": "Kenya", "Oscars": "N/A"},
        {"id": "tt0000008", "Title": "Date apart", "Year": 1980, "Released": "1990-05-05", "Rating": "TV-MA"}
        | {"Runtime": 1.0, "Cast": "Zoe Star"},
        {"id": "tt10000009", "Title": "Year from its date", "Released": "1977-05-25", "Runtime": "95 min"},
    ]
    columns = ["Title", "Year", "Rating", "Runtime", "Genre", "Released", "Director", "Writer", "Cast"]
    columns += ["Language", "Country", "Oscars"]
    omdb = [
        (number, row["id"], *(row.get(column) for column in columns))
        for number, row in enumerate(rows, start=1)
    ]
    tomatoes = [
        (1, 83, 209, 173, 36, 7.8, 5_000_000.0),
        (2, 70, 3, 2, 1, None, None),
        (7, None, None, 3, 2, None, 7.386),
        (8, 140, -1, None, None, 99.0, None),
    ]
    connection.executemany(f"INSERT INTO omdb VALUES ({','.join('?' * 14)})", omdb)
    connection.executemany("INSERT INTO tomatoes VALUES (?, ?, ?, ?, ?, ?, ?)", tomatoes)
    connection.commit()
    connection.close()
    return path


def _build(source: Path, out: Path) -> dict[str, StarterMovie]:
    assert build.main([str(source), str(out)]) == 0
    return {movie.imdb_id: movie for movie in starter.read(out)}


def test_builder_keeps_good_rows_and_cleans_dirty_ones(database: Path, tmp_path: Path) -> None:
    built = _build(database, tmp_path / "films.xz")
    assert list(built) == ["tt0000001", "tt0000007", "tt0000008", "tt10000009"]
    plain = built["tt0000001"]
    assert (plain.title, plain.released, plain.genres) == (
        "Plain",
        date(1999, 3, 31),
        ("Drama", "Science Fiction"),
    )
    assert (plain.box_office, plain.oscars) == (5_000_000, 1)
    dirty = built["tt0000007"]
    assert (dirty.title, dirty.year, dirty.released, dirty.runtime_minutes) == ("Café", 1950, None, 90)
    assert (dirty.certificate, dirty.genres, dirty.languages) == ("PG", ("Film-Noir", "Weird"), ("sw",))
    assert (dirty.directors, dirty.writers) == ((), ("Bo Hart",))
    assert (dirty.meter, dirty.reviews, dirty.box_office) == (None, 5, None)
    apart = built["tt0000008"]
    assert (apart.released, apart.runtime_minutes, apart.certificate) == (None, None, None)
    assert (apart.meter, apart.reviews, apart.critics_average) == (None, None, None)
    assert (built["tt10000009"].year, built["tt10000009"].runtime_minutes) == (1977, 95)


def test_builder_sorts_the_cast_by_fame(database: Path, tmp_path: Path) -> None:
    assert _build(database, tmp_path / "films.xz")["tt0000001"].cast == ("Zoe Star", "Al Unknown")


def test_builder_reports_dropped_rows(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _build(database, tmp_path / "films.xz")
    lines = dict(re.findall(r"(?m)^ *([\d,]+)  (.*)$", capsys.readouterr().out))
    counts = {label: number for number, label in lines.items()}
    report: Counter[str] = Counter()
    build.clean_movies(build.read_rows(database), report)
    assert report["rows read"] == 9
    assert report["movies written"] == 4
    assert report["movie dropped: no IMDb id"] == 2
    assert report["movie dropped: no title"] == 1
    assert report["movie dropped: no year"] == 1
    assert report["movie dropped: IMDb id twice (Plain: the Long Version, 2001)"] == 1
    assert report["rows read"] == report["movies written"] + sum(
        count for label, count in report.items() if label.startswith("movie dropped")
    )
    assert "rows read" in counts


def test_builder_reads_the_wheel_and_writes_the_same_bytes(database: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "bokeh_sampledata-2026.1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(database, build.DATABASE_IN_WHEEL)
    assert _build(wheel, tmp_path / "a.xz") == _build(database, tmp_path / "b.xz")
    assert (tmp_path / "a.xz").read_bytes() == (tmp_path / "b.xz").read_bytes()


def test_builder_prints_its_usage_without_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main([]) == 2
    assert "WHEEL_OR_DB" in capsys.readouterr().err


def test_encoding_ignores_the_order_of_the_movies(shipped: list[StarterMovie], tmp_path: Path) -> None:
    few = shipped[:200]
    (tmp_path / "few.xz").write_bytes(encode(reversed(few)))
    assert list(starter.read(tmp_path / "few.xz")) == few
    assert encode(few) == (tmp_path / "few.xz").read_bytes()


# --- daemons that start together


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
def test_second_daemon_waits_for_the_load_of_the_first(settings: Settings) -> None:
    patient = dataclasses.replace(settings.database, busy_timeout_seconds=0.2)
    db.connect(dataclasses.replace(settings, database=patient))
    loading = threading.Event()

    def load() -> None:
        with db.write():
            db.increment_revision("starter")
            loading.set()
            time.sleep(1)  # clock: a load that takes longer than the lock timeout of the second daemon
        db.close()

    first = threading.Thread(target=load)
    first.start()
    assert loading.wait(60)
    assert db.run_with_retry(seed_catalogue, 0) == 0
    first.join()
    db.close()
