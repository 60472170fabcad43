"""Context of a running job: writes its progress and ends it after a cancellation or when the daemon stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from movierec.config import Settings
from movierec.jobs import queue
from movierec.jobs.queue import Job
from movierec.tmdb import TmdbService

# Minimum time between two writes of progress; the begin of a stage is always written.
INTERVAL_SECONDS = 0.25


class DaemonStopping(Exception):
    """The daemon stops: the job goes back into the queue."""


class JobLost(Exception):
    """The job was cancelled or taken over by another daemon: nothing may be written about it any more."""


@dataclass
class JobContext:
    """The argument of a job's function. `clock` returns UTC epoch seconds; `tmdb` is None without a key.

    context.tmdb.wait_for(context.tmdb.details(603))
    """

    job: Job
    worker: str
    settings: Settings
    clock: Callable[[], float]
    stop: threading.Event
    tmdb: TmdbService | None = None
    _stage: str = field(default="", init=False)
    _written_at: float = field(default=float("-inf"), init=False)

    @property
    def now(self) -> int:
        return int(self.clock())

    def progress(self, stage: str, done: int, total: int = 100) -> None:
        """Write progress. Call it between any two atomic steps, at least every few seconds.

        Raises DaemonStopping or JobLost if the job must end here.
        """
        if self.stop.is_set():
            raise DaemonStopping
        if stage == self._stage and time.monotonic() - self._written_at < INTERVAL_SECONDS:
            return
        if not queue.save_progress(self.job.id, self.worker, stage, done, total, self.now):
            raise JobLost
        self._stage, self._written_at = stage, time.monotonic()
