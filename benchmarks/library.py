"""Library of a user: changes per second of one change set, latency of other writers, undo, statistics.

    python -m benchmarks.library [ROWS]

On SQLite, and on PostgreSQL if MOVIEREC_TEST_POSTGRES names a server that may create databases.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

import psycopg2

from movierec import auth, config, db, jobs, library, movies

NOW = 1_750_000_000


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    server = os.environ.get("MOVIEREC_TEST_POSTGRES")
    for url in [None, *([server] if server else [])]:
        print("PostgreSQL" if url else "SQLite")
        with database(url):
            measure_changes(rows)
        with database(url):
            measure_statistics()


@contextlib.contextmanager
def database(server: str | None) -> Iterator[None]:
    """Connect to a temporary, migrated database."""
    with tempfile.TemporaryDirectory() as home:
        environ = {"MOVIEREC_HOME": home, "HOME": home}
        name = f"movierec_benchmark_{random.randrange(10**9)}"
        if server:
            administer(server, f"CREATE DATABASE {name}")
            environ["MOVIEREC_DATABASE__URL"] = f"{server.rpartition('/')[0]}/{name}"
        db.connect(config.load(environ=environ))
        db.migrate()
        yield
        db.close()
        if server:
            administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def administer(server: str, statement: str) -> None:
    connection = psycopg2.connect(server)
    connection.autocommit = True
    connection.cursor().execute(statement)
    connection.close()


def measure_changes(rows: int) -> None:
    insert_movies(rows)
    ann, bob = make_user("ann"), make_user("bob")
    waits: list[float] = []
    done = threading.Event()
    other = threading.Thread(target=rate_repeatedly, args=(bob, done, waits))
    other.start()
    print(f"  {rows:,} ratings, memory before {peak_mb():.0f} MB")
    for name, work in (
        ("apply", lambda: library.apply(ann, ratings(rows), what="Imported a file", now=NOW)),
        ("the same", lambda: library.apply(ann, ratings(rows), what="Imported a file", now=NOW)),
        ("undo", lambda: library.undo(ann, now=NOW, is_unfinished=jobs.is_unfinished)),
    ):
        seconds = timed(work)
        print(f"  {name:<10} {seconds:6.2f} s  {rows / seconds:9,.0f} rows/s")
    done.set()
    other.join()
    print(f"  peak memory {peak_mb():.0f} MB; another user rated {len(waits)} movies meanwhile, ", end="")
    print(f"waiting {statistics.median(waits) * 1000:.0f} ms in the median, {max(waits) * 1000:.0f} at most")


def measure_statistics() -> None:
    movies.seed_catalogue(NOW)
    chance = random.Random(1)
    films = [movie_id for (movie_id,) in db.rows("SELECT id FROM movies ORDER BY id")]
    ann = make_user("ann")
    changes = [
        library.rating_change(film, chance.randint(1, 10) / 2) for film in chance.sample(films, 10_000)
    ]
    for film in chance.choices(films, k=5_000):
        day = f"{chance.randint(2015, 2025)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        changes.append(library.viewing_change(film, day))
    library.apply(ann, changes, what="Imported a file", now=NOW)
    for year in (None, 2024):
        took = [timed(lambda year=year: library.statistics(ann, year=year)) * 1000 for _ in range(30)]
        print(
            f"  statistics of 10,000 ratings, 5,000 viewings, {year or 'all years'}: "
            f"median {statistics.median(took):.0f} ms, at most {max(took):.0f} ms"
        )


def make_user(name: str) -> int:
    return int(auth.register(auth.NewAccount(name, f"{name}@example.org"), "x", NOW).id)


def insert_movies(count: int) -> None:
    with db.write():
        db.insert_many(
            "movies",
            ("id", "title", "original_title", "overview", "tagline", "status", "homepage", "original_language",
             "languages", "countries", "certificate", "adult", "vote_average", "vote_count", "popularity",
             "poster_path", "backdrop_path", "source", "year", "created_at", "updated_at"),
            ((n, f"Film {n}", "", "", "", "", "", "", "[]", "[]", "", False, 5.0, 1, 1.0, "", "", "x",
              1950 + n % 75, NOW, NOW) for n in range(1, count + 1)),
        )  # fmt: skip


def ratings(rows: int) -> Iterator[library.LibraryChange]:
    chance = random.Random(1)
    for number in range(1, rows + 1):
        at = NOW - chance.randrange(10**8)
        words = "Quite good." * (number % 10 == 0)
        yield library.rating_change(
            number, chance.randint(1, 10) / 2, review=words, created_at=at, updated_at=at
        )


def rate_repeatedly(user_id: int, done: threading.Event, waits: list[float]) -> None:
    while not done.is_set():
        waits.append(timed(lambda: db.run_with_retry(library.rate, user_id, 1 + len(waits), 4.0, now=NOW)))
        time.sleep(0.02)
    db.close()


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
