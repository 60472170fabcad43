"""Daemons that are killed or stopped in the middle of an import: the next one ends it, with every row once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from movierec import community, db
from movierec.config import Settings
from tests import datasets
from tests.api.test_imports import send, wait_for_job
from tests.daemon.test_serve import Served, on_sqlite
from tests.running import Account, RunningDaemon, TestClock

FILMS, RATERS = 400, 1500
RATINGS = RATERS * int(FILMS * 0.3)


@pytest.fixture
def serve(database: Settings) -> Any:
    """Starts a daemon in a process, over the database of the test."""
    started: list[Served] = []

    def serve() -> tuple[Served, RunningDaemon]:
        more = {"MOVIEREC_DATABASE__URL": database.database.url} if database.database.url else {}
        served = Served(database.paths.state.parent, **more)
        started.append(served)
        return served, RunningDaemon(served.url, database, TestClock(time.time))

    yield serve
    for served in started:
        if served.process.poll() is None:
            served.stop(signal.SIGKILL)


Serve = Callable[[], tuple[Served, RunningDaemon]]


def under_way(daemon: RunningDaemon, admin: Account, stage: str) -> Any:
    """An import that has come as far as `stage`."""
    source = {
        "movies.csv": datasets.movies_csv(FILMS).encode(),
        "ratings.csv": datasets.ratings_csv(RATERS, range(500_001, 500_001 + FILMS), 0.3).encode(),
    }
    job = send(daemon, admin, datasets.zip_archive(source))
    deadline = time.monotonic() + 60
    while job["progress"]["stage"] != stage:
        assert job["state"] in ("queued", "running"), f"too late: {job}"
        assert time.monotonic() < deadline
        job = daemon.get(f"/api/v1/jobs/{job['id']}/", token=admin)
    return job


def assert_every_row_once(job: Any) -> None:
    assert job["state"] == "succeeded", job["error"]
    assert job["error"] is None
    assert job["report"]["files"]["ratings.csv"] == {
        "rows": RATINGS,
        "accepted": RATINGS,
        "duplicates": 0,
        "rejected": 0,
    }
    found = community.all_ratings()
    assert len(set(zip(found.raters.tolist(), found.movie_ids.tolist(), strict=True))) == len(found) == RATINGS
    assert db.value("SELECT COUNT(*) FROM movies WHERE source = 'movielens'") == FILMS
    assert db.value("SELECT COUNT(*) FROM datasets") == 1


@on_sqlite
@pytest.mark.parametrize("stage", ["reading", "films", "ratings"])
def test_killed_the_next_daemon_ends_the_import(serve: Serve, stage: str) -> None:
    served, daemon = serve()
    admin = daemon.admin()
    job = under_way(daemon, admin, stage)
    served.stop(signal.SIGKILL)
    assert db.value("SELECT state FROM jobs WHERE id = ?", job["id"]) == "running"
    _, daemon = serve()
    assert_every_row_once(wait_for_job(daemon, admin, job))
    assert list((daemon.settings.paths.state / "uploads").iterdir()) == []


def test_stopped_it_goes_back_into_the_queue(serve: Serve) -> None:
    served, daemon = serve()
    admin = daemon.admin()
    job = under_way(daemon, admin, "ratings")
    started = time.monotonic()
    code, errors = served.stop()
    assert code == 0, errors
    assert time.monotonic() - started < 10
    assert db.value("SELECT state FROM jobs WHERE id = ?", job["id"]) == "queued"
    _, daemon = serve()
    assert_every_row_once(wait_for_job(daemon, admin, job))
