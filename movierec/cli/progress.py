"""How far long work is, on standard error: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from typing import Any, Protocol

from movierec.cli.output import print_message
from movierec.client import ApiClient
from movierec.errors import MovierecError, ServerUnreachable, by_code

FINISHED_STATES = ("succeeded", "failed", "cancelled")
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.1, 1.0
# A daemon that restarts takes its jobs up again.
_PATIENCE_SECONDS = 60.0


class ProgressDisplay(Protocol):
    """Told again and again what is being done and how much of it."""

    def update(self, stage: str, done: int, total: int) -> None: ...


class ProgressLines:
    """One line when a stage begins, and one for each tenth of it."""

    def __init__(self) -> None:
        self._said: tuple[str, int] | None = None

    def __enter__(self) -> ProgressLines:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, stage: str, done: int, total: int) -> None:
        tenth = done * 10 // total if total else 0
        if (stage, tenth) != self._said:
            self._said = (stage, tenth)
            print_message(f"{stage}: {min(100, done * 100 // total)} %" if total else stage)


def show_progress() -> AbstractContextManager[ProgressDisplay]:
    if not sys.stderr.isatty():
        return ProgressLines()
    from movierec.cli.progress_bars import ProgressBars  # rich: 70 ms

    return ProgressBars()


def wait_for_job(client: ApiClient, job: Any, shown: ProgressDisplay) -> Any:
    """Wait for the end of `job`; returns it. Raises what it failed with, MovierecError where it was cancelled.

    Whoever interrupts the waiting is told how to find the job again, which goes on.
    """
    try:
        job = _ended(client, job, shown)
    except KeyboardInterrupt:
        number = job["id"]
        print_message(
            f"Job {number} goes on: movierec jobs show {number} --wait, or movierec jobs cancel {number}"
        )
        raise
    if job["state"] != "succeeded":
        reason = job.get("error") or f"it was {job['state']}"
        kind = by_code().get(job.get("error_code") or "", MovierecError)
        raise kind(f"Job {job['id']} ({job['kind']}) did not succeed: {reason}")
    return job


def _ended(client: ApiClient, job: Any, shown: ProgressDisplay) -> Any:
    pause_seconds, patient_until = _FIRST_POLL_SECONDS, time.monotonic() + _PATIENCE_SECONDS
    while job["state"] not in FINISHED_STATES:
        time.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, _LONGEST_POLL_SECONDS)
        try:
            job = client.job(job["id"])
        except ServerUnreachable:
            if time.monotonic() > patient_until:
                raise
            continue
        patient_until = time.monotonic() + _PATIENCE_SECONDS
        now = job["progress"]
        shown.update(now["stage"] or job["state"], now["done"], now["total"])
    return job
