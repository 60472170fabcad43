"""Limits on speed, run by `make test-long` on one worker: `pytest -n 0 benchmarks/speed`.

Limits are several times what two quiet cores take, so that they notice a wrong algorithm, not a slow machine.
Nothing in `tests/` asserts a time.
"""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from movierec import community, db, movies
from movierec.auth import passwords
from movierec.config import Settings
from movierec.errors import ValidationFailed
from movierec.movies import starter
from tests.community.test_datasets import some_ratings
from tests.conftest import _no_home, _no_network, _postgres_server, settings, template
from tests.films import NOW
from tests.movies.test_search import catalogue, on_postgresql, on_sqlite, search
from tests.movies.test_title_keys import INTENDED, Catalogue, candidates
from tests.movies.test_title_keys import catalogue as title_index

# Fixtures of the tests, used here.
__all__ = [
    "_no_home",
    "_no_network",
    "_postgres_server",
    "candidates",
    "catalogue",
    "on_postgresql",
    "on_sqlite",
    "settings",
    "template",
    "title_index",
]


class Stopwatch:
    """Seconds that pass within `with`."""

    seconds = 0.0

    def __enter__(self) -> Stopwatch:
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started


@pytest.fixture
def database(settings: Settings) -> Iterator[Settings]:
    db.connect(settings)
    yield settings
    db.close()


def test_search_takes_less_than_a_twentieth_of_a_second(catalogue: None) -> None:
    seconds = []
    for text in INTENDED:
        with Stopwatch() as watch:
            search(text, limit=20)
        seconds.append(watch.seconds)
    assert statistics.median(seconds) < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "the of and in man love night dead last black house big little story day",
        "the " * 16,
        "a",
        "th",
        "s",
        "of the",
        "ing ing",
        "the man of the man in the man",
        "es" * 128,
    ],
)
def test_the_most_expensive_searches_are_bounded(catalogue: None, text: str) -> None:
    with Stopwatch() as watch:
        search(text, limit=100)
    assert watch.seconds < 2  # 0.1 s on two quiet cores


def test_ranking_takes_less_than_a_twentieth_of_a_second(title_index: Catalogue) -> None:
    seconds = []
    for text in INTENDED:
        with Stopwatch() as watch:
            title_index.search(text)
        seconds.append(watch.seconds)
    assert statistics.median(seconds) < 0.05


def test_the_shipped_catalogue_is_read_within_a_second() -> None:
    seconds = []
    for _ in range(3):
        with Stopwatch() as watch:
            assert sum(1 for _ in starter.read())
        seconds.append(watch.seconds)
    assert min(seconds) < 1.0  # 0.3 s on two slow cores


def test_the_shipped_catalogue_is_loaded_within_ten_seconds(database: Settings) -> None:
    db.execute("DELETE FROM revisions WHERE name = 'starter'")
    with Stopwatch() as watch:
        assert movies.seed_catalogue(NOW) > 17_000
    assert watch.seconds < 10  # 3 s on two quiet cores


@pytest.mark.parametrize(
    "password",
    ["ab" * 512, "password" * 128, "".join(chr(97 + i * 7 % 26) for i in range(1024)), "a1b2" * 256],
)
def test_long_repetitive_passwords_are_checked_at_once(password: str) -> None:
    with Stopwatch() as watch, contextlib.suppress(ValidationFailed):
        passwords.check_password_rules(password, 12, "ann", "ann@example.org")
    assert watch.seconds < 0.5


def test_nobody_waits_a_second_while_a_million_ratings_are_replaced(database: Settings) -> None:
    waits: list[float] = []
    done = threading.Event()

    def write_meanwhile() -> None:
        while not done.is_set():
            with Stopwatch() as watch:
                db.increment_revision("somebody")
            waits.append(watch.seconds)
            time.sleep(0.005)
        db.close()

    other = threading.Thread(target=write_meanwhile)
    other.start()
    community.replace_dataset("movielens", "a", (some_ratings(5000, seed=seed) for seed in range(10)), now=5)
    done.set()
    other.join()
    assert max(waits) < 1.0
