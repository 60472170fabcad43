"""Latency of a daemon over HTTP: search, recommend, rate; one client, one worker, SQLite.

`python -m benchmarks.http [--films 17470 62000] [--requests 300]`. Each figure is compared with a health check of the
same daemon, the cost of a request that does nothing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.search import catalogue, texts
from movierec import config, db, movies

SERVE = [sys.executable, "-c", "from movierec.daemon.app import main; main()", "serve", "--port", "0"]
PASSWORD = "correct horse battery"
RATED = 100
AFTER_A_RATING = "recommend, 20 after a rating"


class Client:
    """A client with one kept-alive connection."""

    def __init__(self, url: str) -> None:
        self._url = url
        host, port = url.removeprefix("http://").split(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=60)
        self._headers = {"Content-Type": "application/json"}

    def __call__(self, method: str, path: str, document: Any = None) -> Any:
        content = self.any(method, path, document)
        assert "code" not in content, content
        return content

    def any(self, method: str, path: str, document: Any = None) -> Any:
        """Send a request and return the JSON of any response, also of a problem."""
        body = None if document is None else json.dumps(document)
        self._connection.request(method, path, body, self._headers)
        return json.loads(self._connection.getresponse().read())

    def another(self) -> Client:
        """Return another client with the same tokens."""
        other = Client(self._url)
        other._headers = self._headers
        return other

    def sign_up(self) -> None:
        account = {
            "username": "ann",
            "email": "ann@example.org",
            "password": PASSWORD,
            "password_confirm": PASSWORD,
        }
        tokens = self("POST", "/api/v1/auth/", account)["tokens"]
        self._headers["Authorization"] = f"Bearer {tokens['access']}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--films", type=int, nargs="+", default=[17_470, 62_000])
    arguments.add_argument("--requests", type=int, default=300)
    options = arguments.parse_args()
    print(f"{'films':>7}  {'request':<34}{'median ms':>10}{'p99 ms':>9}{'x health':>10}")
    for count in options.films:
        with tempfile.TemporaryDirectory() as home:
            measure(count, options.requests, Path(home))


def measure(count: int, requests: int, home: Path) -> None:
    films = catalogue(count)
    environ = {"PATH": os.environ["PATH"], "MOVIEREC_HOME": str(home), "MOVIEREC_LOG__LEVEL": "error"}
    db.connect(config.load(environ=environ))
    db.migrate()
    ids = movies.upsert(films, 1)
    db.increment_revision("starter")  # the daemon must not seed the catalogue again
    db.close()
    daemon = subprocess.Popen(SERVE, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert daemon.stdout is not None
        client = Client(daemon.stdout.readline().split()[-1])
        client.sign_up()
        chance = random.Random(42)
        rated = chance.sample(ids[:5000], RATED + requests)
        queries = iter(texts(films, requests))
        for movie in rated[:RATED]:
            client("PUT", f"/api/v1/favorites/ratings/movie/{movie}/", {"rating": chance.randint(1, 10) / 2})
        client("GET", "/api/v1/recommendations/?limit=20")
        fresh = iter(rated[RATED:])

        def rate() -> None:
            stars = chance.randint(1, 10) / 2
            client("PUT", f"/api/v1/favorites/ratings/movie/{next(fresh)}/", {"rating": stars})

        def rate_again() -> None:
            stars = chance.randint(1, 10) / 2
            client(
                "PUT", f"/api/v1/favorites/ratings/movie/{chance.choice(rated[:RATED])}/", {"rating": stars}
            )

        def recommend() -> None:
            client("GET", "/api/v1/recommendations/?limit=20")

        cases = {
            "health": lambda: client("GET", "/health/live/"),
            "search": lambda: client("GET", f"/api/v1/movies/search/?q={quote(next(queries))}"),
            "movie": lambda: client("GET", f"/api/v1/movies/{chance.choice(ids)}/"),
            "similar, 10": lambda: client("GET", f"/api/v1/recommendations/similar/{chance.choice(ids)}/"),
            "recommend, nothing changed": recommend,
            "rate": rate,
            AFTER_A_RATING: recommend,
        }
        health = 1.0
        for name, case in cases.items():
            milliseconds = timed(case, requests, rate_again if name == AFTER_A_RATING else None)
            if name == "health":
                health = statistics.median(milliseconds)
            median, worst = (
                statistics.median(milliseconds),
                sorted(milliseconds)[int(len(milliseconds) * 0.99)],
            )
            print(f"{count:>7,}  {name:<34}{median:>10.2f}{worst:>9.2f}{median / health:>10.1f}", flush=True)
    finally:
        daemon.terminate()
        daemon.wait(30)


def timed(case: Any, times: int, before: Any = None) -> list[float]:
    """Return the milliseconds of each call; `before` runs before each call and is not measured."""
    milliseconds = []
    for _ in range(times):
        if before is not None:
            before()
        started = time.perf_counter()
        case()
        milliseconds.append((time.perf_counter() - started) * 1000)
    return milliseconds


if __name__ == "__main__":
    main()
