"""TMDb: requests per user action, latency of cached and uncached responses, effect of outages on other users.

`python -m benchmarks.tmdb [--requests 200]`. A daemon with the shipped catalogue on SQLite; TMDb is the tests'
fake server in a separate process, which responds after 60 ms. The machine should be idle.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.http import SERVE, Client, timed
from tests.tmdb.stand_in import FATAL, KEY

MOVIES, RATINGS = "/api/v1/movies", "/api/v1/favorites/ratings"
DELAY_SECONDS = 0.06
AT_ONCE = 100
# Pause between requests that need TMDb, so that immediate errors do not cause more requests than timeouts.
PACE_SECONDS = 0.05
# Normal operation and outages alternate, so that the load of the machine affects both.
TURNS = 4


class FakeTmdb:
    """The fake TMDb in another process."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.tmdb.stand_in"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._line()

    def __call__(self, **changes: Any) -> int:
        """Change its behaviour and return the number of requests since the last call."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(changes) + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


@contextmanager
def daemon(stand_in: FakeTmdb, **settings: str) -> Iterator[Client]:
    """Run a daemon that uses the fake TMDb, and yield a client that is signed in."""
    with tempfile.TemporaryDirectory() as home:
        environ = {
            "PATH": os.environ["PATH"],
            "MOVIEREC_HOME": home,
            "MOVIEREC_LOG__LEVEL": "error",
            "MOVIEREC_TMDB__API_KEY": KEY,
            "MOVIEREC_TMDB__BASE_URL": stand_in.url,
            "MOVIEREC_THROTTLE__SEARCH": "0",
            **settings,
        }
        running = subprocess.Popen(SERVE, env=environ, stdout=subprocess.PIPE, text=True)
        try:
            assert running.stdout is not None
            client = Client(running.stdout.readline().split()[-1])
            client.sign_up()
            client("GET", "/api/v1/recommendations/?limit=20")
            yield client
        finally:
            running.terminate()
            running.wait(60)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=200)
    options = arguments.parse_args()
    stand_in = FakeTmdb()
    try:
        with daemon(stand_in) as client:
            stand_in(delay_seconds=DELAY_SECONDS)
            count_requests(client, stand_in)
            measure_latency(client, stand_in, options.requests)
        measure_outages(stand_in, options.requests)
    finally:
        stand_in.stop()


def shipped_movie(client: Client, title: str) -> int:
    return int(client("GET", f"{MOVIES}/search/?q={title}")["results"][0]["id"])


def count_requests(client: Client, stand_in: FakeTmdb) -> None:
    heat = shipped_movie(client, "heat")
    stand_in()
    new = client("GET", f"{MOVIES}/search/?q=quiet")["results"][0]["id"]
    stand_in()
    actions: dict[str, Callable[[], Any]] = {
        "trending": lambda: client("GET", f"{MOVIES}/trending/"),
        "popular": lambda: client("GET", f"{MOVIES}/popular/"),
        "top rated": lambda: client("GET", f"{MOVIES}/top_rated/"),
        "search": lambda: client("GET", f"{MOVIES}/search/?q=matrix"),
        "second page of a search": lambda: client("GET", f"{MOVIES}/search/?q=matrix&page=2"),
        "page of a shipped movie": lambda: client("GET", f"{MOVIES}/{heat}/"),
        "page of a movie TMDb's lists named": lambda: client("GET", f"{MOVIES}/{new}/"),
        "movie by its TMDb id, unknown here": lambda: client("GET", f"{MOVIES}/tmdb/1000004/"),
        "movie by its IMDb id, unknown here": lambda: client("GET", f"{MOVIES}/imdb/tt9000002/"),
        "rate what a search found": lambda: client("PUT", f"{RATINGS}/movie/{new}/", {"rating": 4}),
        "recommendations": lambda: client("GET", "/api/v1/recommendations/?limit=20"),
        f"{AT_ONCE} who open one unknown movie at once": lambda: request_at_once(
            client, f"{MOVIES}/tmdb/1000003/"
        ),
    }
    print(f"{'requests to TMDb':<46}{'at first':>9}{'again':>7}")
    for name, act in actions.items():
        counts = []
        for _ in range(2):
            act()
            counts.append(stand_in())
        print(f"{name:<46}{counts[0]:>9}{counts[1]:>7}", flush=True)


def request_at_once(client: Client, path: str) -> None:
    clients = [client.another() for _ in range(AT_ONCE)]
    threads = [threading.Thread(target=each, args=("GET", path)) for each in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure_latency(client: Client, stand_in: FakeTmdb, requests: int) -> None:
    pages, texts = itertools.count(1), itertools.count(1)
    movie_id = shipped_movie(client, "alien")
    cases: dict[str, Callable[[], Any]] = {
        "health": lambda: client("GET", "/health/live/"),
        "popular, cached": lambda: client("GET", f"{MOVIES}/popular/"),
        "popular, uncached": lambda: client("GET", f"{MOVIES}/popular/?page={next(pages) % 500 + 1}"),
        "search, cached": lambda: client("GET", f"{MOVIES}/search/?q=matrix"),
        "search, uncached": lambda: client("GET", f"{MOVIES}/search/?q=matrix{next(texts)}"),
        "movie page, details stored": lambda: client("GET", f"{MOVIES}/{movie_id}/"),
    }
    print(f"\n{'TMDb takes 60 ms':<32}{'p50 ms':>9}{'p99 ms':>9}")
    for name, case in cases.items():
        case()
        milliseconds = timed(case, min(requests, 100) if "uncached" in name else requests)
        print(f"{name:<32}{statistics.median(milliseconds):>9.1f}{p99(milliseconds):>9.1f}", flush=True)


@dataclass
class OtherClient:
    """Responses of the client that needs TMDb."""

    sources: list[str]
    longest_seconds: float


def measure_outages(stand_in: FakeTmdb, requests: int) -> None:
    """Measure rating and listing ratings while another client repeatedly opens pages that need TMDb.

    `ratio` compares p99 with p99 during normal operation in between. After five failures TMDb is not called for a
    second at a time.
    """
    head = f"{'TMDb':<20}{'list':<11}{'search':<11}{'unknown movie':<14}{'longest s':>10}"
    print(f"\n{head}{'own p50':>9}{'p99':>8}{'ratio':>7}")
    with daemon(stand_in, MOVIEREC_TMDB__PAUSE_SECONDS="1") as client:
        movie_id = shipped_movie(client, "alien")
        stand_in(delay_seconds=0.0)
        for mode in (*(mode for mode in FATAL if mode != "refused key"), "refused key"):
            calm, own, seen = [], [], OtherClient([], 0.0)
            for _ in range(TURNS):
                stand_in(mode="well")
                time.sleep(1.1)
                client.any("GET", f"{MOVIES}/tmdb/{6_000_000 + next(_fresh)}/")
                calm += measure_beside(client, movie_id, requests // TURNS, OtherClient([], 0.0))
                stand_in(mode=mode)
                own += measure_beside(client, movie_id, requests // TURNS, seen)
            kinds = "".join(f"{kind:<11}" for kind in seen.sources[:2]) + f"{seen.sources[2]:<14}"
            times = f"{seen.longest_seconds:>10.2f}{statistics.median(own):>9.1f}{p99(own):>8.1f}"
            print(f"{mode:<20}{kinds}{times}{p99(own) / p99(calm):>7.2f}", flush=True)


_fresh = itertools.count(1)


def measure_beside(client: Client, movie_id: int, requests: int, seen: OtherClient) -> list[float]:
    """Return the milliseconds of the own requests while another client uses TMDb, whose responses go to `seen`."""
    over, other = threading.Event(), client.another()

    def use_tmdb() -> None:
        while not over.is_set():
            n = next(_fresh)
            paths = (f"popular/?page={n % 500 + 1}", f"search/?q=film{n}", f"tmdb/{5_000_000 + n}/")
            for path in paths:
                started = time.perf_counter()
                answer = other.any("GET", f"{MOVIES}/{path}")
                seen.longest_seconds = max(seen.longest_seconds, time.perf_counter() - started)
                if len(seen.sources) < len(paths):
                    seen.sources.append(str(answer.get("source") or answer.get("status")))
                time.sleep(PACE_SECONDS)

    def own() -> None:
        client("PUT", f"{RATINGS}/movie/{movie_id}/", {"rating": 4})
        client("GET", f"{RATINGS}/")

    using = threading.Thread(target=use_tmdb)
    using.start()
    try:
        milliseconds = timed(own, requests)
        while len(seen.sources) < 3:
            milliseconds += timed(own, 10)
    finally:
        over.set()
        using.join()
    return milliseconds


def p99(milliseconds: list[float]) -> float:
    return sorted(milliseconds)[int(len(milliseconds) * 0.99)]


if __name__ == "__main__":
    main()
