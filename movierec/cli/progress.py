"""Progress of long operations on standard error: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from movierec.cli.output import print_message
from movierec.client import ApiClient
from movierec.errors import MovierecError, ServerUnreachable, by_code

if TYPE_CHECKING:
    from movierec.client.json_types import JobJson

FINISHED_STATES = ("succeeded", "failed", "cancelled")
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.1, 1.0
# How long to retry while the daemon is unreachable: a restarted daemon resumes its jobs.
_RETRY_SECONDS = 60.0


class ProgressDisplay(Protocol):
    """Display of the current stage and how much of it is done."""

    def update(self, stage: str, done: int, total: int) -> None: ...


class ProgressLines:
    """Progress as lines: one when a stage begins, and one for each tenth of it."""

    def __init__(self) -> None:
        self._printed: tuple[str, int] | None = None

    def __enter__(self) -> ProgressLines:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, stage: str, done: int, total: int) -> None:
        tenth = done * 10 // total if total else 0
        if (stage, tenth) != self._printed:
            self._printed = (stage, tenth)
            print_message(f"{stage}: {min(100, done * 100 // total)} %" if total else stage)


def show_progress() -> AbstractContextManager[ProgressDisplay]:
    if not sys.stderr.isatty():
        return ProgressLines()
    from movierec.cli.progress_bars import ProgressBars  # rich: 70 ms

    return ProgressBars()


def wait_for_job(client: ApiClient, job: JobJson, display: ProgressDisplay) -> JobJson:
    """Poll until the job has ended and return it. Raises its error; MovierecError if it was cancelled.

    An interrupt ends only the waiting: the job continues, and a message names the commands to find it.
    """
    try:
        job = _poll(client, job, display)
    except KeyboardInterrupt:
        number = job["id"]
        print_message(
            f"Job {number} continues. To wait for it: movierec jobs show {number} --wait. "
            f"To cancel it: movierec jobs cancel {number}"
        )
        raise
    if job["state"] != "succeeded":
        reason = job.get("error") or f"it was {job['state']}"
        error_class = by_code().get(job.get("error_code") or "", MovierecError)
        raise error_class(f"Job {job['id']} ({job['kind']}) did not succeed: {reason}")
    return job


def _poll(client: ApiClient, job: JobJson, display: ProgressDisplay) -> JobJson:
    pause_seconds, patient_until = _FIRST_POLL_SECONDS, time.monotonic() + _RETRY_SECONDS
    while job["state"] not in FINISHED_STATES:
        time.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, _LONGEST_POLL_SECONDS)
        try:
            job = client.job(job["id"])
        except ServerUnreachable:
            if time.monotonic() > patient_until:
                raise
            continue
        patient_until = time.monotonic() + _RETRY_SECONDS
        current = job["progress"]
        display.update(current["stage"] or job["state"], current["done"], current["total"])
    return job
