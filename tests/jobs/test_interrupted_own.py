"""Imports of the own history that are killed, stopped or cancelled: every row once, or nothing at all."""

from __future__ import annotations

import signal
import time
from datetime import date, timedelta
from typing import Any

import pytest

from movierec import db
from tests.api.test_imports import wait_for_job
from tests.daemon.test_serve import on_sqlite
from tests.jobs.test_interrupted import Serve, serve
from tests.running import Account, RunningDaemon

__all__ = ["serve"]

DAYS = 150


def rows() -> str:
    """Every film of the tests, seen again and again."""
    films = db.rows("SELECT imdb_id FROM movies ORDER BY id")
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(DAYS)]
    return "imdb_id,watched_at\n" + "".join(f"{film},{day}\n" for day in days for (film,) in films)


def under_way(daemon: RunningDaemon, account: Account, stage: str) -> Any:
    """An import that has come as far as `stage`, and has written something if it applies."""
    job = daemon.post("/api/v1/imports/", body=rows().encode(), token=account, status=202)
    deadline = time.monotonic() + 60
    while job["progress"]["stage"] != stage or (stage == "applying" and not seen(account)):
        assert job["state"] in ("queued", "running"), f"too late: {job}"
        assert time.monotonic() < deadline
        job = daemon.get(f"/api/v1/jobs/{job['id']}/", token=account)
    return job


def seen(account: Account) -> int:
    return int(db.value("SELECT COUNT(*) FROM history WHERE user_id = ?", account.id))


def count() -> int:
    return DAYS * int(db.value("SELECT COUNT(*) FROM movies"))


@on_sqlite
@pytest.mark.parametrize("stage", ["reading", "applying"])
def test_killed_the_next_daemon_ends_the_import(serve: Serve, stage: str) -> None:
    served, daemon = serve()
    account = daemon.register()
    job = under_way(daemon, account, stage)
    served.stop(signal.SIGKILL)
    assert seen(account) < count()
    _, daemon = serve()
    job = wait_for_job(daemon, account, job)
    assert (job["state"], job["error"]) == ("succeeded", None)
    assert (job["report"]["new"], job["report"]["rows"]) == (count(), count())
    assert seen(account) == count()
    assert db.value("SELECT COUNT(*) FROM acts WHERE user_id = ?", account.id) == 1
    daemon.post(f"/api/v1/imports/{job['id']}/undo/", token=account)
    assert seen(account) == 0


@on_sqlite
def test_cancelled_it_leaves_nothing(serve: Serve) -> None:
    _, daemon = serve()
    account = daemon.register()
    job = under_way(daemon, account, "applying")
    daemon.delete(f"/api/v1/jobs/{job['id']}/", token=account)
    deadline = time.monotonic() + 30
    while seen(account) or db.value("SELECT COUNT(*) FROM acts WHERE user_id = ?", account.id):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert daemon.get(f"/api/v1/jobs/{job['id']}/", token=account)["state"] == "cancelled"
