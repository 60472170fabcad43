"""The worker of a daemon: takes jobs from the queue, one at a time in each lane, each lane in its own thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from movierec import db
from movierec.config import Settings
from movierec.errors import DatabaseUnavailable, InternalError, MovierecError, StorageFull
from movierec.files import is_disk_full
from movierec.jobs import queue, uploads
from movierec.jobs.context import DaemonStopping, JobContext, JobLost
from movierec.jobs.queue import Job
from movierec.jobs.registry import KINDS, JobKind
from movierec.tmdb import TmdbService

# Interval in which a daemon looks for jobs that other daemons queued. Its own jobs begin at once.
POLL_SECONDS = 3.0

UNEXPECTED = "An unexpected error happened. It has been logged under the number of this job."

logger = logging.getLogger("movierec.jobs")


def _nothing() -> None:
    """Do nothing: the default of `before_success`."""


class Worker:
    """Runs the lanes. `start` and `stop` it on an event loop; `wake` it from any thread after enqueueing."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float],
        *,
        before_success: Callable[[], None] = _nothing,
        kinds: Mapping[str, JobKind] = KINDS,
        tmdb: TmdbService | None = None,
    ) -> None:
        """Take the collaborators. `before_success` runs after a job's work, before the job is marked as succeeded."""
        self._settings, self._clock, self._kinds = settings, clock, kinds
        self._before_success, self._tmdb = before_success, tmdb
        self._stop = threading.Event()
        self._lanes: list[_Lane] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Start a task for each lane."""
        self._loop = asyncio.get_running_loop()
        name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        for lane in dict.fromkeys(kind.lane for kind in self._kinds.values()):
            kinds = {key: kind for key, kind in self._kinds.items() if kind.lane == lane}
            self._lanes.append(
                _Lane(
                    f"{name}:{lane}",
                    kinds,
                    self._settings,
                    self._clock,
                    self._stop,
                    self._before_success,
                    self._tmdb,
                )
            )
        self._tasks = [asyncio.create_task(lane.work()) for lane in self._lanes]

    def wake(self) -> None:
        """Make every lane look into the queue now."""
        if self._loop is not None and not self._loop.is_closed():
            for lane in self._lanes:
                self._loop.call_soon_threadsafe(lane.wake.set)

    async def stop(self) -> None:
        """Stop at the next batch boundary; unfinished jobs go back into the queue."""
        self._stop.set()
        self.wake()
        await asyncio.gather(*self._tasks)
        self._lanes, self._tasks = [], []


class _Lane:
    """Runs the jobs of some kinds, one after the other."""

    def __init__(
        self,
        name: str,
        kinds: Mapping[str, JobKind],
        settings: Settings,
        clock: Callable[[], float],
        stop: threading.Event,
        before_success: Callable[[], None],
        tmdb: TmdbService | None,
    ) -> None:
        self.name, self.wake = name, asyncio.Event()
        self._kinds, self._settings, self._clock, self._stop = kinds, settings, clock, stop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jobs")
        self._before_success, self._tmdb = before_success, tmdb
        self._is_first_claim = True

    async def work(self) -> None:
        """Run jobs until the worker stops."""
        loop = asyncio.get_running_loop()
        try:
            while not self._stop.is_set():
                self.wake.clear()
                has_run = await loop.run_in_executor(self._thread, self._run_next)
                if not has_run and not self._stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.wake.wait(), POLL_SECONDS)
        finally:
            await loop.run_in_executor(self._thread, db.close)
            self._thread.shutdown()

    def _run_next(self) -> bool:
        """Run one job; return False if there is none, or no database."""
        try:
            job = db.run_with_retry(self._claim)
            if job is None:
                return False
            self._run(job)
        except MovierecError as error:
            logger.warning("the queue of jobs cannot be reached: %s", error.code)
            return False
        except Exception:
            logger.exception("unexpected error around a job")
            return False
        return True

    def _claim(self) -> Job | None:
        now = int(self._clock())
        # On SQLite there is one daemon: a job that is running when it starts has lost its worker.
        alone = self._is_first_claim and not db.is_postgres()
        queue.requeue_stale(self.name, list(self._kinds), now, alone=alone)
        self._is_first_claim = False
        for kind in self._kinds.values():
            kind.clean_up()
        uploads.delete_expired(self._settings)
        return queue.claim(self.name, list(self._kinds), now)

    def _prepare_success(self) -> None:
        try:
            db.run_with_retry(self._before_success)
        except Exception:
            # The work itself is done; the daemon takes it over later.
            logger.exception("unexpected error after a job")

    def _run(self, job: Job) -> None:
        """Run a job and write its result."""
        extra = {"job": job.id, "kind": job.kind}
        context = JobContext(job, self.name, self._settings, self._clock, self._stop, self._tmdb)
        logger.info("job started", extra=extra)
        try:
            report = db.run_with_retry(self._kinds[job.kind].run, context)
            self._prepare_success()
        except DaemonStopping:
            db.run_with_retry(queue.requeue, job.id, self.name)
            logger.info("job put back", extra=extra)
            return
        except JobLost:
            # Its upload may belong to another worker now; `uploads.delete_expired` deletes orphans.
            logger.info("job cancelled", extra=extra)
            return
        except DatabaseUnavailable:
            db.run_with_retry(queue.interrupt, job.id, self.name, job.error, context.now)
            return
        except MovierecError as error:
            db.run_with_retry(queue.fail, job.id, self.name, error, context.now)
            logger.info("job failed: %s", error.code, extra=extra)
        except Exception as error:
            failure = StorageFull() if is_disk_full(error) else InternalError(UNEXPECTED)
            logger.exception("job failed", extra=extra)
            db.run_with_retry(queue.fail, job.id, self.name, failure, context.now)
        else:
            db.run_with_retry(queue.finish, job.id, self.name, report, context.now)
            logger.info("job succeeded", extra=extra)
        if "upload" in job.parameters:
            uploads.delete(self._settings, job.parameters["upload"])
