"""One job while it runs: its progress goes into the queue, and whether to go on comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from movierec.config import Settings
from movierec.jobs import queue
from movierec.jobs.queue import Job
from movierec.tmdb import TmdbService

# Progress is written at most so often; a stage that begins is always written.
INTERVAL_SECONDS = 0.25


class DaemonStopping(Exception):
    """The daemon stops: the job goes back into the queue."""


class JobLost(Exception):
    """The job was cancelled, or another daemon took it over: nothing is to be written about it any more."""


@dataclass
class JobContext:
    """What the code of a job gets. `clock` gives UTC epoch seconds; without a key there is no `tmdb`.

    running.tmdb.wait_for(running.tmdb.details(603))
    """

    job: Job
    worker: str
    settings: Settings
    clock: Callable[[], float]
    stop: threading.Event
    tmdb: TmdbService | None = None
    _stage: str = field(default="", init=False)
    _written: float = field(default=float("-inf"), init=False)

    @property
    def now(self) -> int:
        return int(self.clock())

    def progress(self, stage: str, done: int, total: int = 100) -> None:
        """To be called between any two steps that must not be torn apart, every few seconds at least.

        Raises Stopping or NotOurs where the job is to end here.
        """
        if self.stop.is_set():
            raise DaemonStopping
        if stage == self._stage and time.monotonic() - self._written < INTERVAL_SECONDS:
            return
        if not queue.save_progress(self.job.id, self.worker, stage, done, total, self.now):
            raise JobLost
        self._stage, self._written = stage, time.monotonic()
