"""Import of a user's history: rows per second, peak memory, latency of other writers, match rates.

    python -m benchmarks.imports [--rows 100000] [MOVIELENS]

Every reader runs on a generated file of the shipped movies, on SQLite, in a separate process. MOVIELENS is a
folder with the movies.csv and links.csv of a dataset: its titles are matched by title and year alone, and the
IMDb ids show which matches are right.
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
# One row in this many is of a movie that the catalogue lacks.
UNKNOWN = 20

# Movies that IMDb listed twice: the id of MovieLens and that of the catalogue. Title, year and director are the same.
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
    options = parser.parse_args()
    if options.step:
        step, name, folder = options.step
        db.connect(config.load(environ={"MOVIEREC_HOME": folder, "HOME": folder}))
        STEPS[step](name, Path(folder), options.rows)
        db.close()
        return
    print(f"{options.rows:,} rows a file")
    print(
        f"{'':20} {'rows/s':>8} {'s':>6} {'again s':>8} {'peak MB':>8} {'before MB':>9} {'others wait ms':>14}"
    )
    for name in FILES:
        with tempfile.TemporaryDirectory() as folder:
            for step in STEPS:
                # Separate processes, so that the memory of the preparation does not count.
                words = [
                    "-m",
                    "benchmarks.imports",
                    "--step",
                    step,
                    name,
                    folder,
                    "--rows",
                    str(options.rows),
                ]
                subprocess.run([sys.executable, *words], check=True)
    if options.movielens:
        match_rates(options.movielens)


def prepare(name: str, folder: Path, rows: int) -> None:
    """Create a database with the shipped catalogue and two users, and the file."""
    db.migrate()
    movies.seed_catalogue(NOW)
    for who in ("ann", "bob"):
        auth.register(auth.NewAccount(who, f"{who}@example.org"), "x", NOW)
    with (folder / "sent").open("w", encoding="utf-8", newline="") as file:
        FILES[name](file, rows)


def measure(name: str, folder: Path, rows: int) -> None:
    """Import the file twice while another user rates movies."""
    before = peak_mb()
    waits: list[float] = []
    done = threading.Event()
    other = threading.Thread(target=rate_repeatedly, args=(2, done, waits))
    other.start()
    first, again = (import_file(folder / "sent", folder, 1, job) for job in (1, 2))
    done.set()
    other.join()
    assert first["rows"] == rows, first
    assert again["nothing_changed"], again
    print(
        f"{name:20} {first['rows_per_second']:8,} {first['seconds']:6.1f} {again['seconds']:8.1f} "
        f"{peak_mb():8.0f} {before:9.0f} {1000 * max(waits):14.0f}"
    )


STEPS = {"prepare": prepare, "measure": measure}


def import_file(source: Path, scratch: Path, user_id: int, job: int) -> dict[str, Any]:
    options = ImportOptions(name="ratings")
    return import_history(source, scratch, user_id, job, options, limit_bytes=LIMIT_BYTES, now=NOW)


def rate_repeatedly(user_id: int, done: threading.Event, waits: list[float]) -> None:
    while not done.is_set():
        begun = time.perf_counter()
        db.run_with_retry(library.rate, user_id, 1 + len(waits) % 1000, 4.0, now=NOW)
        waits.append(time.perf_counter() - begun)
        time.sleep(0.02)
    db.close()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# Files: the catalogue repeated with different dates.

Row = tuple[int, IndexedMovie, datetime, int]


def rows_of(count: int) -> Iterator[Row]:
    """Yield number, movie, time and half-star steps. Some movies are unknown to the catalogue."""
    catalogue, chance = list(movies.indexed_movies()), random.Random(1)
    for number in range(count):
        movie = catalogue[number % len(catalogue)]
        if number % UNKNOWN == 0:
            movie = movie._replace(title=f"Nobody Knows {number}", imdb_id=f"tt{90_000_000 + number}")
        at = datetime(2024, 1, 1, tzinfo=UTC) - timedelta(days=number // len(catalogue) * 30 + number % 30)
        yield number, movie, at, chance.randint(1, 10)


def table_writer(columns: str, cells: Callable[[Row], list[Any]]) -> Callable[[TextIO, int], None]:
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
    "letterboxd ratings": table_writer(
        "Date,Name,Year,Letterboxd URI,Rating",
        lambda row: [row[2].date(), row[1].title, row[1].year, f"u{row[1].id}", row[3] / 2],
    ),
    "letterboxd diary": table_writer(
        "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date",
        lambda row: [row[2].date(), row[1].title, row[1].year, f"e{row[0]}", "", "", "a, b", row[2].date()],
    ),
    "imdb": table_writer(
        "Const,Your Rating,Date Rated,Title,URL,Title Type,Year",
        lambda row: [row[1].imdb_id, row[3], row[2].date(), row[1].title, "x", "Movie", row[1].year],
    ),
    "trakt history": write_trakt,
    "tmdb": table_writer(
        "TMDb ID,IMDb ID,Type,Name,Release Date,Season Number,Episode Number,Rating,Your Rating,Date Rated",
        lambda row: [
            *("", row[1].imdb_id, "movie", row[1].title, f"{row[1].year}-01-01", "", "", 5.0),
            *(row[3], row[2].isoformat()),
        ],
    ),
    "movielens-ratings": table_writer(
        "movie_id,imdb_id,tmdb_id,rating,average_rating,title",
        lambda row: [row[0] + 1, row[1].imdb_id, "", row[3] / 2, 3.5, f"{row[1].title} ({row[1].year})"],
    ),
    "csv": table_writer("title,year,watched_at", lambda row: [row[1].title, row[1].year, row[2].date()]),
}


# Match rates


def match_rates(folder: Path) -> None:
    """Count titles that match the right movie, a wrong one, several or none."""
    with tempfile.TemporaryDirectory() as home:
        db.connect(config.load(environ={"MOVIEREC_HOME": home, "HOME": home}))
        db.migrate()
        movies.seed_catalogue(NOW)
        counts = Counter(verdict(*one) for one in matched(folder))
        db.close()
    print(f"\nMovieLens titles by title and year alone: {sum(counts.values()):,}")
    for name, count in counts.most_common():
        print(f"{name:45} {count:6,}")


def matched(folder: Path) -> Iterator[tuple[MovieMatch, IndexedMovie | None, str]]:
    """Yield the match of each title, the right movie and its IMDb id, by the stages of an import."""
    with (folder / "links.csv").open(encoding="utf-8") as file:
        imdb = {row["movieId"]: f"tt{row['imdbId']}" for row in csv.DictReader(file)}
    movies_by_id = {movie.imdb_id: movie for movie in movies.indexed_movies()}
    matcher = MovieMatcher(movies.indexed_movies(), movies.indexed_titles())
    rows, names = RowIndex(RecordSpool(JsonSpool(Path(tempfile.gettempdir())))), []
    begun = time.perf_counter()
    with (folder / "movies.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            parsed = parse_title(row["title"])
            # The URI makes each row a different movie, as the rows of a service are.
            name = MovieReference(parsed.title, parsed.year, parsed.original, uri=row["movieId"])
            rows.add(ImportRecord("movies.csv", 1, name), matcher.match(name))
            names.append(name)
    rows.unmatch_contested()
    print(f"\n{len(names) / (time.perf_counter() - begun):,.0f} titles matched a second")
    unsure = set(rows.unmatched())
    for number, name in enumerate(names):
        match = matcher.match(name)
        imdb_id = imdb[name.uri]
        yield match._replace(movie_id=None) if number in unsure else match, movies_by_id.get(imdb_id), imdb_id


def verdict(match: MovieMatch, movie: IndexedMovie | None, imdb_id: str) -> str:
    if match.movie_id is not None:
        if movie is not None and match.movie_id == movie.id:
            return "exact"
        matched_id = db.value("SELECT imdb_id FROM movies WHERE id = ?", match.movie_id)
        return "exact, listed twice by IMDb" if LISTED_TWICE.get(imdb_id) == matched_id else "WRONG"
    presence = "in the catalogue" if movie else "not in the catalogue"
    if not match.candidates:
        return f"unmatched, {presence}"
    if movie and match.candidates[0].movie_id == movie.id:
        return "ambiguous, the right one first"
    return f"ambiguous, {presence}"


if __name__ == "__main__":
    main()
