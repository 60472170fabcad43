"""Interrupted imports of a user's own file: every row once, or nothing after a cancellation."""

from __future__ import annotations

import signal
from datetime import date, timedelta
from typing import Any

import pytest

from movierec import db
from tests.api.test_imports import wait_for_job
from tests.daemon.test_serve import on_sqlite
from tests.jobs.test_interrupted import Serve, serve, wait_for_stage
from tests.running import Account, RunningDaemon
from tests.waiting import wait_until

__all__ = ["serve"]

DAYS = 150
# The report of each stage at which the daemon holds the import. Applying reports each movie; by the tenth, the first
# transaction has ended.
REPORTS = {"reading": 1, "applying": 10}


def rows() -> str:
    """Return an import file: every movie of the tests, watched on many days."""
    movies = db.rows("SELECT imdb_id FROM movies ORDER BY id")
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(DAYS)]
    return "imdb_id,watched_at\n" + "".join(f"{film},{day}\n" for day in days for (film,) in movies)


def import_in_stage(daemon: RunningDaemon, account: Account, stage: str) -> Any:
    """Start an import and return its job once it has reached `stage` and, when applying, written a row."""
    job = daemon.post("/api/v1/imports/", body=rows().encode(), token=account, status=202)
    return wait_for_stage(daemon, account, job["id"], stage, lambda: stage != "applying" or viewings(account))


def viewings(account: Account) -> int:
    return int(db.value("SELECT COUNT(*) FROM history WHERE user_id = ?", account.id))


def count() -> int:
    return DAYS * int(db.value("SELECT COUNT(*) FROM movies"))


@on_sqlite
@pytest.mark.parametrize("stage", ["reading", "applying"])
def test_import_of_a_killed_daemon_is_completed_by_the_next(serve: Serve, stage: str) -> None:
    served, daemon = serve(stage, REPORTS[stage])
    account = daemon.register()
    job = import_in_stage(daemon, account, stage)
    served.stop(signal.SIGKILL)
    assert viewings(account) < count()
    _, daemon = serve()
    job = wait_for_job(daemon, account, job)
    assert (job["state"], job["error"]) == ("succeeded", None)
    assert (job["report"]["new"], job["report"]["rows"]) == (count(), count())
    assert viewings(account) == count()
    assert db.value("SELECT COUNT(*) FROM acts WHERE user_id = ?", account.id) == 1
    daemon.post(f"/api/v1/imports/{job['id']}/undo/", token=account)
    assert viewings(account) == 0


@on_sqlite
def test_cancelled_import_leaves_nothing(serve: Serve) -> None:
    _, daemon = serve("applying", REPORTS["applying"])
    account = daemon.register()
    job = import_in_stage(daemon, account, "applying")
    daemon.delete(f"/api/v1/jobs/{job['id']}/", token=account)
    (daemon.settings.paths.state.parent / "hold").unlink()
    journal = "SELECT COUNT(*) FROM acts WHERE user_id = ?"
    wait_until(lambda: not viewings(account) and not db.value(journal, account.id))
    assert daemon.get(f"/api/v1/jobs/{job['id']}/", token=account)["state"] == "cancelled"
