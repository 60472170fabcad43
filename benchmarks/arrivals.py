"""Latency of recommendations while new movies arrive: `python -m benchmarks.arrivals [--films 62000] [--seconds 30]`.

One client rates and requests recommendations in turn, first alone, then while another thread stores a few movies
every 200 ms. The last column is the peak memory of the daemon.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.http import RATED, SERVE, Client
from benchmarks.search import catalogue
from movierec import config, db, movies
from movierec.movies import MovieRecord

MOVIES_AT_ONCE, PAUSE_SECONDS = 3, 0.2


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--films", type=int, nargs="+", default=[17_470, 62_000])
    arguments.add_argument("--seconds", type=float, default=30)
    given = arguments.parse_args()
    print(f"{'films':>7}  {'':<18}{'requests':>9}{'median ms':>10}{'p99 ms':>9}{'max ms':>9}{'peak MB':>9}")
    for count in given.films:
        with tempfile.TemporaryDirectory() as home:
            measure(count, given.seconds, Path(home))


def measure(count: int, seconds: float, home: Path) -> None:
    records = catalogue(count)
    environ = {"PATH": os.environ["PATH"], "MOVIEREC_HOME": str(home), "MOVIEREC_LOG__LEVEL": "error"}
    db.connect(config.load(environ=environ))
    db.migrate()
    ids = movies.upsert(records, int(time.time()) - 3600)
    db.increment_revision("starter")  # the daemon must not load the shipped catalogue
    daemon = subprocess.Popen(SERVE, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert daemon.stdout is not None
        client = Client(daemon.stdout.readline().split()[-1])
        client.sign_up()
        random_source = random.Random(42)
        rated = random_source.sample(ids[:5000], RATED)
        for movie in rated:
            client(
                "PUT",
                f"/api/v1/favorites/ratings/movie/{movie}/",
                {"rating": random_source.randint(1, 10) / 2},
            )

        def recommend() -> float:
            client(
                "PUT",
                f"/api/v1/favorites/ratings/movie/{random_source.choice(rated)}/",
                {"rating": random_source.randint(1, 10) / 2},
            )
            started = time.perf_counter()
            client("GET", "/api/v1/recommendations/?limit=20")
            return (time.perf_counter() - started) * 1000

        recommend()
        report(count, "alone", time_calls(recommend, seconds), daemon.pid)
        finished = threading.Event()
        writer = threading.Thread(target=store, args=(records, finished))
        writer.start()
        report(count, "movies arriving", time_calls(recommend, seconds), daemon.pid)
        finished.set()
        writer.join()
    finally:
        daemon.terminate()
        daemon.wait(30)
        db.close()


def time_calls(work: Callable[[], float], seconds: float) -> list[float]:
    milliseconds = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        milliseconds.append(work())
    return milliseconds


def store(records: list[MovieRecord], finished: threading.Event) -> None:
    """Store a few movies every 200 ms, as searches at TMDb do."""
    number = 0
    while not finished.wait(PAUSE_SECONDS):
        new_movies = [
            replace(
                record,
                title=f"{record.title} {number}",
                imdb_id=f"tt8{number}{number_in_batch}",
                tmdb_id=None,
            )
            for number_in_batch, record in enumerate(random.sample(records, MOVIES_AT_ONCE))
        ]
        movies.upsert(new_movies, int(time.time()))
        number += 1
    db.close()


def report(count: int, name: str, milliseconds: list[float], pid: int) -> None:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024
    p99 = sorted(milliseconds)[int(len(milliseconds) * 0.99)]
    print(
        f"{count:>7,}  {name:<18}{len(milliseconds):>9}{statistics.median(milliseconds):>10.2f}{p99:>9.1f}"
        f"{max(milliseconds):>9.1f}{peak:>9,}",
        flush=True,
    )


if __name__ == "__main__":
    main()
