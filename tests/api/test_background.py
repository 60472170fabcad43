"""The background task of a daemon: deletes expired rows, enqueues due jobs, survives errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from movierec import db
from movierec.config import Settings
from movierec.jobs import retention, schedule
from tests.running import Daemon, RunningDaemon
from tests.waiting import wait_until


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Counts of the calls of a failing step and of a schedule that never has a due job."""
    counts = {"failing": 0, "enqueue": 0}

    def failing(settings: Settings, now: int) -> bool:
        counts["failing"] += 1
        if counts["failing"] == 1:
            raise ZeroDivisionError
        return False

    def enqueue(settings: Settings, now: int) -> None:
        counts["enqueue"] += 1

    monkeypatch.setattr(schedule, "INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(retention, "STEPS", (*retention.STEPS, failing))
    monkeypatch.setattr(schedule, "DUE_JOBS", (*schedule.DUE_JOBS, enqueue))
    return counts


@pytest.fixture
def daemon(settings: Settings, calls: dict[str, int]) -> Iterator[RunningDaemon]:
    with Daemon(settings) as running:
        yield running


def test_expired_rows_are_deleted_again_and_again(daemon: RunningDaemon, calls: dict[str, int]) -> None:
    # The first run fails, and the task goes on.
    wait_until(lambda: calls["enqueue"] >= 2)
    assert calls["failing"] >= 3
    db.execute("INSERT INTO throttle (key, count, ends_at) VALUES ('old', 1, 1)")
    wait_until(lambda: db.value("SELECT COUNT(*) FROM throttle WHERE key = 'old'") == 0)
