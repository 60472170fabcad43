"""Imports interrupted by the end of their daemon: the next daemon completes them, with every row once."""

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
from tests.preloaded import HOLD
from tests.running import Account, RunningDaemon, TestClock
from tests.waiting import wait_until

FILMS, RATERS = 400, 1500
RATINGS = RATERS * int(FILMS * 0.3)


@pytest.fixture
def serve(database: Settings) -> Any:
    """Return a function that starts a daemon process on the database of the test.

    The daemon holds a job from the given report of a stage on, while the file `hold` is in its home.
    """
    started: list[Served] = []

    def serve(stage: str = "", reports: int = 1) -> tuple[Served, RunningDaemon]:
        hold = database.paths.state.parent / "hold"
        hold.parent.mkdir(parents=True, exist_ok=True)
        hold.touch()
        more = {"MOVIEREC_DATABASE__URL": database.database.url} if database.database.url else {}
        if stage:
            more[HOLD] = f"{stage}:{reports}:{hold}"
        served = Served(database.paths.state.parent, **more)
        started.append(served)
        return served, RunningDaemon(served.url, database, TestClock(time.time))

    yield serve
    for served in started:
        if served.process.poll() is None:
            served.stop(signal.SIGKILL)


Serve = Callable[..., tuple[Served, RunningDaemon]]


def import_in_stage(daemon: RunningDaemon, admin: Account, stage: str) -> Any:
    """Start an import and return its job once it has reached `stage`."""
    source = {
        "movies.csv": datasets.movies_csv(FILMS).encode(),
        "ratings.csv": datasets.ratings_csv(RATERS, range(500_001, 500_001 + FILMS), 0.3).encode(),
    }
    job = send(daemon, admin, datasets.zip_archive(source))
    return wait_for_stage(daemon, admin, job["id"], stage)


def wait_for_stage(
    daemon: RunningDaemon,
    account: Account,
    job_id: int,
    stage: str,
    has_reached: Callable[[], object] = lambda: True,
) -> Any:
    """Return the job once it is in `stage` and `has_reached` is true; fail if it ends before."""

    def reached() -> Any:
        state, present = db.rows("SELECT state, stage FROM jobs WHERE id = ?", job_id)[0]
        assert state in ("queued", "running"), f"too late: {state}"
        if present == stage and has_reached():
            return daemon.get(f"/api/v1/jobs/{job_id}/", token=account)
        return None

    return wait_until(reached)


def assert_every_row_once(job: Any) -> None:
    assert job["state"] == "succeeded", job["error"]
    assert job["error"] is None
    assert job["report"]["files"]["ratings.csv"] == {
        "rows": RATINGS,
        "accepted": RATINGS,
        "duplicates": 0,
        "rejected": 0,
    }
    ratings = community.all_ratings()
    pairs = set(zip(ratings.raters.tolist(), ratings.movie_ids.tolist(), strict=True))
    assert len(pairs) == len(ratings) == RATINGS
    assert db.value("SELECT COUNT(*) FROM movies WHERE source = 'movielens'") == FILMS
    assert db.value("SELECT COUNT(*) FROM datasets") == 1


@on_sqlite
@pytest.mark.parametrize("stage", ["reading", "films", "ratings"])
def test_import_of_a_killed_daemon_is_completed_by_the_next(serve: Serve, stage: str) -> None:
    served, daemon = serve(stage)
    admin = daemon.admin()
    job = import_in_stage(daemon, admin, stage)
    served.stop(signal.SIGKILL)
    assert db.value("SELECT state FROM jobs WHERE id = ?", job["id"]) == "running"
    _, daemon = serve()
    assert_every_row_once(wait_for_job(daemon, admin, job))
    assert list((daemon.settings.paths.state / "uploads").iterdir()) == []


def test_import_of_a_stopped_daemon_goes_back_into_the_queue(serve: Serve) -> None:
    served, daemon = serve("ratings")
    admin = daemon.admin()
    job = import_in_stage(daemon, admin, "ratings")
    code, errors = served.stop()
    assert code == 0, errors
    assert db.value("SELECT state FROM jobs WHERE id = ?", job["id"]) == "queued"
    _, daemon = serve()
    assert_every_row_once(wait_for_job(daemon, admin, job))
