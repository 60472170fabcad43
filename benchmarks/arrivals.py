"""Recommending while new films arrive: `python -m benchmarks.arrivals [--films 62000] [--seconds 30]`.

One client rates and asks for recommendations over and over, first in peace, then while another process stores a
few films every 200 ms; the last column is the memory of the daemon at its highest.
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

FILMS_AT_ONCE, PAUSE_SECONDS = 3, 0.2


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
    films = catalogue(count)
    environ = {"PATH": os.environ["PATH"], "MOVIEREC_HOME": str(home), "MOVIEREC_LOG__LEVEL": "error"}
    db.connect(config.load(environ=environ))
    db.migrate()
    ids = movies.upsert(films, int(time.time()) - 3600)
    db.increment_revision("starter")  # the daemon shall not add the shipped films once more
    daemon = subprocess.Popen(SERVE, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert daemon.stdout is not None
        client = Client(daemon.stdout.readline().split()[-1])
        client.sign_up()
        chance = random.Random(42)
        rated = chance.sample(ids[:5000], RATED)
        for movie in rated:
            client("PUT", f"/api/v1/favorites/ratings/movie/{movie}/", {"rating": chance.randint(1, 10) / 2})

        def recommend() -> float:
            client(
                "PUT",
                f"/api/v1/favorites/ratings/movie/{chance.choice(rated)}/",
                {"rating": chance.randint(1, 10) / 2},
            )
            started = time.perf_counter()
            client("GET", "/api/v1/recommendations/?limit=20")
            return (time.perf_counter() - started) * 1000

        recommend()
        report(count, "in peace", during(recommend, seconds), daemon.pid)
        finished = threading.Event()
        arriving = threading.Thread(target=store, args=(films, finished))
        arriving.start()
        report(count, "films arriving", during(recommend, seconds), daemon.pid)
        finished.set()
        arriving.join()
    finally:
        daemon.terminate()
        daemon.wait(30)
        db.close()


def during(work: Callable[[], float], seconds: float) -> list[float]:
    found = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found.append(work())
    return found


def store(films: list[MovieRecord], finished: threading.Event) -> None:
    """As searches do that bring films of TMDb."""
    number = 0
    while not finished.wait(PAUSE_SECONDS):
        made = [
            replace(film, title=f"{film.title} {number}", imdb_id=f"tt8{number}{place}", tmdb_id=None)
            for place, film in enumerate(random.sample(films, FILMS_AT_ONCE))
        ]
        movies.upsert(made, int(time.time()))
        number += 1
    db.close()


def report(count: int, name: str, found: list[float], pid: int) -> None:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024
    p99 = sorted(found)[int(len(found) * 0.99)]
    print(
        f"{count:>7,}  {name:<18}{len(found):>9}{statistics.median(found):>10.2f}{p99:>9.1f}{max(found):>9.1f}"
        f"{peak:>9,}",
        flush=True,
    )


if __name__ == "__main__":
    main()
