"""Latency of a title search, compared with a plain LIKE scan: `python -m benchmarks.search --help`.

The catalogue is the shipped one, extended by titles recombined from its own.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import peewee

from movierec import config, db, movies
from movierec.movies import MovieRecord, starter
from movierec.movies.ingest.seed import record_from_starter


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--films", type=int, nargs="+", default=[17_470, 62_000])
    arguments.add_argument("--queries", type=int, default=400)
    arguments.add_argument(
        "--postgresql", metavar="URL", help="database of a server on which another one is created"
    )
    options = arguments.parse_args()
    print(f"{'database':<12}{'films':>8}{'load s':>9}{'search ms':>22}{'LIKE ms':>20}{'ratio':>8}")
    print(f"{'':<29}{'median':>10}{'p99':>6}{'max':>6}{'median':>12}{'p99':>8}{'median':>8}")
    for url in [None, *([options.postgresql] if options.postgresql else [])]:
        for count in options.films:
            with database(url):
                measure("PostgreSQL" if url else "SQLite", count, options.queries)


def measure(name: str, count: int, queries: int) -> None:
    films = catalogue(count)
    started = time.perf_counter()
    movies.upsert(films, 1)
    seconds = time.perf_counter() - started
    sample = texts(films, queries)
    searched, scanned = (
        timed(lambda text: movies.search(movies.validate_search_text(text), limit=20), sample),
        timed(scan, sample),
    )
    print(
        f"{name:<12}{len(films):>8,}{seconds:>9.1f}"
        f"{statistics.median(searched):>12.1f}{p99(searched):>6.0f}{max(searched):>6.0f}"
        f"{statistics.median(scanned):>12.1f}{p99(scanned):>8.0f}"
        f"{statistics.median(scanned) / statistics.median(searched):>8.1f}"
    )


@contextlib.contextmanager
def database(server: str | None) -> Iterator[None]:
    """Connect to a temporary, migrated database."""
    with tempfile.TemporaryDirectory() as home:
        environ = {"MOVIEREC_HOME": home, "HOME": home}
        name = f"movierec_benchmark_{random.randrange(10**9)}"
        if server:
            administer(server, f"CREATE DATABASE {name}")
            environ["MOVIEREC_DATABASE__URL"] = f"{server.rpartition('/')[0]}/{name}"
        try:
            db.connect(config.load(environ=environ))
            db.migrate()
            yield
        finally:
            db.close()
            if server:
                administer(server, f"DROP DATABASE {name}")


def administer(server: str, statement: str) -> None:
    connected = peewee.PostgresqlDatabase(server, autocommit=True)
    connected.connection().autocommit = True
    connected.execute_sql(statement)
    connected.close()


def catalogue(count: int) -> list[MovieRecord]:
    shipped = [record_from_starter(film) for film in starter.read()]
    films = shipped[:count]
    for number in range(count - len(films)):
        beginning, end = random.choice(shipped), random.choice(shipped)
        first, second = beginning.title.split(), end.title.split()
        title = " ".join([*first[: len(first) // 2 + 1], *second[len(second) // 2 :]])
        films.append(replace(beginning, title=title, imdb_id=f"tt9{number:07}"))
    return films


def texts(films: Sequence[MovieRecord], count: int) -> list[str]:
    """Return search texts: a third exact titles, a third with a typing error, a sixth cut, a sixth with year."""
    typed = []
    for number, record in enumerate(random.choices(films, k=count)):
        title, at = record.title.lower()[:250], random.randrange(len(record.title))
        slip = title[:at] + random.choice("aeiourstln") + title[at + 1 :]
        half = title[: max(3, len(title) // 2)]
        typed.append([title, slip, half, title, slip, f"{title} {record.year}"][number % 6])
    return [text for text in typed if text.strip() and len(text.split()) <= 16]


def scan(text: str) -> None:
    """Search without an index."""
    db.rows(
        "SELECT id, title, year FROM movies WHERE LOWER(title) LIKE ? ORDER BY popularity DESC LIMIT 20",
        f"%{text}%",
    )


def timed(work: Callable[[str], object], sample: Sequence[str]) -> list[float]:
    milliseconds = []
    for text in sample:
        started = time.perf_counter()
        work(text)
        milliseconds.append((time.perf_counter() - started) * 1000)
    return milliseconds


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[-1]


if __name__ == "__main__":
    random.seed(20)
    main()
