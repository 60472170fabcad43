"""Faults of TMDb: every request is answered, libraries stay untouched, nothing invalid is cached."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from movierec import db
from tests.conftest import Template
from tests.films import movie_count, movie_id
from tests.running import Daemon, RunningDaemon
from tests.tmdb.answers import Known
from tests.tmdb.stand_in import FATAL, KEY, StandIn, http_date

MOVIES, RATINGS = "/api/v1/movies", "/api/v1/favorites/ratings"
TOTAL_SECONDS = 0.4
PATHS = (
    f"{MOVIES}/popular/",
    f"{MOVIES}/search/?q=matrix",
    f"{MOVIES}/tmdb/424242/",
    f"{MOVIES}/imdb/tt9000001/",
)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@contextmanager
def running_at(template: Template, home: Path, stand_in: StandIn) -> Iterator[RunningDaemon]:
    """Run a daemon whose TMDb is the stand-in; the circuit breaker never opens."""
    environment = {
        "MOVIEREC_TMDB__API_KEY": KEY,
        "MOVIEREC_TMDB__BASE_URL": stand_in.url,
        "MOVIEREC_TMDB__TOTAL_SECONDS": str(TOTAL_SECONDS),
        "MOVIEREC_TMDB__LIST_SECONDS": "0.2",
        "MOVIEREC_TMDB__PAGE_SECONDS": "0.1",
        "MOVIEREC_TMDB__FAILURES": "1000",
        "MOVIEREC_THROTTLE__SEARCH": "0",
    }
    for settings in template.copy(home / "movierec", **environment):
        with Daemon(settings) as running:
            yield running


@pytest.fixture(scope="module")
def daemon(
    template: Template, stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDaemon]:
    stand_in.mode = "html"  # from the start: the daemon fetches the addresses of images at once
    with running_at(template, tmp_path_factory.mktemp("faults"), stand_in) as running:
        yield running


@pytest.fixture
def own() -> Iterator[StandIn]:
    """A stand-in for one test."""
    with StandIn() as running:
        yield running


@pytest.fixture
def fresh(template: Template, own: StandIn, tmp_path: Path) -> Iterator[RunningDaemon]:
    """A daemon for one test: its pauses would delay the others."""
    with running_at(template, tmp_path, own) as running:
        yield running


def cached(daemon: RunningDaemon) -> list[bytes]:
    """Return the content of the cache."""
    connection = sqlite3.connect(daemon.settings.paths.cache / "tmdb" / "cache.db")
    try:
        return [value for (value,) in connection.execute("SELECT value FROM Cache")]
    finally:
        connection.close()


@pytest.mark.parametrize("mode", sorted({*FATAL} - {"refused key"}))
def test_every_request_is_answered_and_nothing_invalid_is_cached(
    daemon: RunningDaemon, stand_in: StandIn, mode: str
) -> None:
    # Never well in between: requests that began in the mode before may still be retried.
    stand_in.mode = mode
    stand_in.asked.clear()
    films, entries, ada = movie_count(), cached(daemon), daemon.register()
    responses = [daemon.call("GET", path, status=(200, 502)) for path in PATHS]
    assert [answer.get("source", answer.get("code")) for answer in responses] == [
        "catalogue",
        "catalogue",
        "upstream_unavailable",
        "upstream_unavailable",
    ]
    assert responses[1]["results"][0]["title"] == "The Matrix"
    matrix = movie_id("tt0133093")
    assert daemon.call("GET", f"{MOVIES}/{matrix}/")["title"] == "The Matrix"
    daemon.call("PUT", f"{RATINGS}/movie/{matrix}/", {"rating": 4.5}, token=ada, status=(200, 201))
    assert daemon.call("GET", f"{RATINGS}/", token=ada)["count"] == 1
    assert daemon.call("GET", "/health/ready/")["status"] == "ok"
    assert len(stand_in.asked) >= len(PATHS)
    assert movie_count() == films
    assert cached(daemon) == entries


@pytest.mark.parametrize(
    ("mode", "retry_after", "state"),
    [
        ("429", "20", "throttled"),
        ("429", "date", "throttled"),
        ("429", "soon", "throttled"),
        ("refused key", None, "key refused"),
    ],
)
def test_no_request_is_sent_after_a_throttle_or_a_refused_key(
    template: Template, own: StandIn, tmp_path: Path, mode: str, retry_after: str | None, state: str
) -> None:
    own.mode = mode
    own.retry_after = http_date(20) if retry_after == "date" else retry_after
    with running_at(template, tmp_path, own) as daemon:
        assert daemon.call("GET", f"{MOVIES}/popular/")["source"] == "catalogue"
        asked = len(own.asked)
        reply = daemon.request("GET", f"{MOVIES}/tmdb/424242/")
        assert reply.status == 502
        assert 1 <= int(reply.headers["Retry-After"]) <= 60
        assert len(own.asked) == asked <= 3  # the list, names of genres, addresses of images
        assert daemon.get("/health/")["tmdb"]["state"] == state
        assert cached(daemon) == []


def test_unreachable_tmdb(template: Template, tmp_path_factory: pytest.TempPathFactory) -> None:
    environment = {"MOVIEREC_TMDB__API_KEY": KEY, "MOVIEREC_TMDB__BASE_URL": "http://127.0.0.1:9"}
    for settings in template.copy(tmp_path_factory.mktemp("nobody") / "movierec", **environment):
        with Daemon(settings) as running:
            assert running.call("GET", f"{MOVIES}/popular/")["source"] == "catalogue"
            running.call("GET", f"{MOVIES}/tmdb/424242/", status=502)
            assert running.get("/health/")["tmdb"]["state"] == "does not answer"


def test_escape_sequences_are_not_stored(fresh: RunningDaemon, own: StandIn) -> None:
    own.films[88_001] = Known(88_001, "Red Alert", "tt8800001")
    own.mode = "escape sequences"
    fresh.get(f"{MOVIES}/search/?q=alert")
    assert fresh.get(f"{MOVIES}/tmdb/88001/")["title"] == "[31mRed Alert ]0;owned 2J"
    texts = [text for row in db.rows("SELECT title, overview, tagline FROM movies") for text in row]
    assert not any(ord(character) < 32 for text in texts for character in text)
