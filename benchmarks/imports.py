"""Imports of one person's history: rows a second, peak memory, how long others wait meanwhile; match rates.

    python -m benchmarks.imports [--rows 100000] [MOVIELENS]

Every reader on a generated file over the shipped films, on SQLite, each in a process of its own. MOVIELENS is a
folder with the movies.csv and links.csv of a dataset: its titles are matched by title and year alone, and the
IMDb ids tell which were right.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from movierec import auth, config, db, library, movies
from movierec.exchange.importing import ImportOptions, import_history
from movierec.exchange.importing.movie_matcher import MovieMatch, MovieMatcher
from movierec.exchange.importing.row_index import RowIndex
from movierec.exchange.importing.spool import JsonSpool, RecordSpool
from movierec.exchange.movielens.titles import parse_title
from movierec.exchange.readers.records import ImportRecord, MovieReference
from movierec.movies import IndexedMovie

NOW = 1_750_000_000
LIMIT_BYTES = 1 << 34
# One row in so many is of a film that the catalogue lacks.
UNKNOWN = 20

# Films that IMDb had twice: the id of MovieLens and that of the catalogue. Title, year and director are the same.
LISTED_TWICE = {
    "tt0056142": "tt13364334",  # King Kong vs. Godzilla, Ishirō Honda
    "tt0250305": "tt0157472",  # Clockstoppers, Jonathan Frakes
    "tt0413845": "tt1016268",  # Enron: The Smartest Guys in the Room, Alex Gibney
    "tt2227830": "tt0173714",  # Cats, David Mallet
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("movielens", type=Path, nargs="?")
    given = parser.parse_args()
    if given.step:
        step, name, folder = given.step
        db.connect(config.load(environ={"MOVIEREC_HOME": folder, "HOME": folder}))
        STEPS[step](name, Path(folder), given.rows)
        db.close()
        return
    print(f"{given.rows:,} rows a file")
    print(
        f"{'':20} {'rows/s':>8} {'s':>6} {'again s':>8} {'peak MB':>8} {'before MB':>9} {'others wait ms':>14}"
    )
    for name in FILES:
        with tempfile.TemporaryDirectory() as folder:
            for step in STEPS:
                # Each in a process of its own: what the first one needs is no memory of the import.
                words = ["-m", "benchmarks.imports", "--step", step, name, folder, "--rows", str(given.rows)]
                subprocess.run([sys.executable, *words], check=True)
    if given.movielens:
        match_rates(given.movielens)


def prepare(name: str, folder: Path, rows: int) -> None:
    """A database with the shipped films and two users, and the file."""
    db.migrate()
    movies.seed_catalogue(NOW)
    for who in ("ann", "bob"):
        auth.register(auth.NewAccount(who, f"{who}@example.org"), "x", NOW)
    with (folder / "sent").open("w", encoding="utf-8", newline="") as file:
        FILES[name](file, rows)


def measure(name: str, folder: Path, rows: int) -> None:
    """One import and the same again, somebody else rating meanwhile."""
    before = peak_mb()
    waits: list[float] = []
    done = threading.Event()
    other = threading.Thread(target=rate_on, args=(2, done, waits))
    other.start()
    first, again = (bring_in(folder / "sent", folder, 1, job) for job in (1, 2))
    done.set()
    other.join()
    assert first["rows"] == rows, first
    assert again["nothing_changed"], again
    print(
        f"{name:20} {first['rows_per_second']:8,} {first['seconds']:6.1f} {again['seconds']:8.1f} "
        f"{peak_mb():8.0f} {before:9.0f} {1000 * max(waits):14.0f}"
    )


STEPS = {"prepare": prepare, "measure": measure}


def bring_in(source: Path, scratch: Path, user_id: int, job: int) -> dict[str, Any]:
    options = ImportOptions(name="ratings")
    return import_history(source, scratch, user_id, job, options, limit_bytes=LIMIT_BYTES, now=NOW)


def rate_on(user_id: int, done: threading.Event, waits: list[float]) -> None:
    while not done.is_set():
        begun = time.perf_counter()
        db.run_with_retry(library.rate, user_id, 1 + len(waits) % 1000, 4.0, now=NOW)
        waits.append(time.perf_counter() - begun)
        time.sleep(0.02)
    db.close()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# Files. The catalogue again and again, so many rows of it; dates differ.

Row = tuple[int, IndexedMovie, datetime, int]


def rows_of(count: int) -> Iterator[Row]:
    """Number, film, time and half-star steps; of some films nobody knows anything."""
    films, chance = list(movies.indexed_movies()), random.Random(1)
    for number in range(count):
        film = films[number % len(films)]
        if number % UNKNOWN == 0:
            film = film._replace(title=f"Nobody Knows {number}", imdb_id=f"tt{90_000_000 + number}")
        at = datetime(2024, 1, 1, tzinfo=UTC) - timedelta(days=number // len(films) * 30 + number % 30)
        yield number, film, at, chance.randint(1, 10)


def written(columns: str, cells: Callable[[Row], list[Any]]) -> Callable[[TextIO, int], None]:
    def write(file: TextIO, count: int) -> None:
        table = csv.writer(file)
        table.writerow(columns.split(","))
        table.writerows(map(cells, rows_of(count)))

    return write


def write_trakt(file: TextIO, count: int) -> None:
    file.write("[")
    for number, film, at, _ in rows_of(count):
        ids = {"trakt": number + 1, "slug": "x", "imdb": film.imdb_id, "tmdb": None}
        movie = {"title": film.title, "year": film.year, "ids": ids}
        entry = {
            "id": number,
            "watched_at": at.isoformat(),
            "action": "watch",
            "type": "movie",
            "movie": movie,
        }
        file.write((",\n" if number else "") + json.dumps(entry))
    file.write("]")


FILES: dict[str, Callable[[TextIO, int], None]] = {
    "letterboxd ratings": written(
        "Date,Name,Year,Letterboxd URI,Rating",
        lambda row: [row[2].date(), row[1].title, row[1].year, f"u{row[1].id}", row[3] / 2],
    ),
    "letterboxd diary": written(
        "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date",
        lambda row: [row[2].date(), row[1].title, row[1].year, f"e{row[0]}", "", "", "a, b", row[2].date()],
    ),
    "imdb": written(
        "Const,Your Rating,Date Rated,Title,URL,Title Type,Year",
        lambda row: [row[1].imdb_id, row[3], row[2].date(), row[1].title, "x", "Movie", row[1].year],
    ),
    "trakt history": write_trakt,
    "tmdb": written(
        "TMDb ID,IMDb ID,Type,Name,Release Date,Season Number,Episode Number,Rating,Your Rating,Date Rated",
        lambda row: [
            *("", row[1].imdb_id, "movie", row[1].title, f"{row[1].year}-01-01", "", "", 5.0),
            *(row[3], row[2].isoformat()),
        ],
    ),
    "movielens-ratings": written(
        "movie_id,imdb_id,tmdb_id,rating,average_rating,title",
        lambda row: [row[0] + 1, row[1].imdb_id, "", row[3] / 2, 3.5, f"{row[1].title} ({row[1].year})"],
    ),
    "csv": written("title,year,watched_at", lambda row: [row[1].title, row[1].year, row[2].date()]),
}


# Match rates


def match_rates(folder: Path) -> None:
    """Of each title: taken for the right film, for a wrong one, asked about, or not found."""
    with tempfile.TemporaryDirectory() as home:
        db.connect(config.load(environ={"MOVIEREC_HOME": home, "HOME": home}))
        db.migrate()
        movies.seed_catalogue(NOW)
        found = Counter(verdict(*one) for one in matched(folder))
        db.close()
    print(f"\nMovieLens titles by title and year alone: {sum(found.values()):,}")
    for name, count in found.most_common():
        print(f"{name:45} {count:6,}")


def matched(folder: Path) -> Iterator[tuple[MovieMatch, IndexedMovie | None, str]]:
    """What each title is matched with, the film it is, and its IMDb id: as the stages of an import do it."""
    with (folder / "links.csv").open(encoding="utf-8") as file:
        imdb = {row["movieId"]: f"tt{row['imdbId']}" for row in csv.DictReader(file)}
    films = {film.imdb_id: film for film in movies.indexed_movies()}
    matcher = MovieMatcher(movies.indexed_movies(), movies.indexed_titles())
    rows, names = RowIndex(RecordSpool(JsonSpool(Path(tempfile.gettempdir())))), []
    begun = time.perf_counter()
    with (folder / "movies.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            told = parse_title(row["title"])
            # The address stands for what every service has: a film of its own for each of its rows.
            name = MovieReference(told.title, told.year, told.original, uri=row["movieId"])
            rows.add(ImportRecord("movies.csv", 1, name), matcher.match(name))
            names.append(name)
    rows.unmatch_contested()
    print(f"\n{len(names) / (time.perf_counter() - begun):,.0f} titles matched a second")
    unsure = set(rows.unmatched())
    for number, name in enumerate(names):
        match = matcher.match(name)
        told_id = imdb[name.uri]
        yield match._replace(movie_id=None) if number in unsure else match, films.get(told_id), told_id


def verdict(match: MovieMatch, film: IndexedMovie | None, imdb_id: str) -> str:
    if match.movie_id is not None:
        if film is not None and match.movie_id == film.id:
            return "exact"
        taken = db.value("SELECT imdb_id FROM movies WHERE id = ?", match.movie_id)
        return "exact, listed twice by IMDb" if LISTED_TWICE.get(imdb_id) == taken else "WRONG"
    known = "in the catalogue" if film else "not in the catalogue"
    if not match.candidates:
        return f"unmatched, {known}"
    if film and match.candidates[0].movie_id == film.id:
        return "ambiguous, the right one first"
    return f"ambiguous, {known}"


if __name__ == "__main__":
    main()
