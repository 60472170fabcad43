"""The part of a daemon that does the queue's work, one job a lane, each lane in a thread of its own."""

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

# How soon a daemon notices what another one has queued. Its own jobs begin at once.
POLL_SECONDS = 3.0

UNEXPECTED = "An unexpected error happened. It has been logged under the number of this job."

logger = logging.getLogger("movierec.jobs")


def _nothing() -> None:
    """Nobody waits for it."""


class Worker:
    """`start` and `stop` it on an event loop; `wake` it from any thread when something was queued."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float],
        *,
        before_success: Callable[[], None] = _nothing,
        kinds: Mapping[str, JobKind] = KINDS,
        tmdb: TmdbService | None = None,
    ) -> None:
        """`before_success` runs when a job's work is done, before anybody is told so."""
        self._settings, self._clock, self._kinds = settings, clock, kinds
        self._before_success, self._tmdb = before_success, tmdb
        self._stop = threading.Event()
        self._lanes: list[_Lane] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
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
        """Look into the queue now."""
        if self._loop is not None and not self._loop.is_closed():
            for lane in self._lanes:
                self._loop.call_soon_threadsafe(lane.wake.set)

    async def stop(self) -> None:
        """End at the next batch boundary; what is not done goes back into the queue."""
        self._stop.set()
        self.wake()
        await asyncio.gather(*self._tasks)
        self._lanes, self._tasks = [], []


class _Lane:
    """Does the jobs of some kinds, one after the other."""

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
        self._is_first_look = True

    async def work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while not self._stop.is_set():
                self.wake.clear()
                did_something = await loop.run_in_executor(self._thread, self._do_next)
                if not did_something and not self._stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.wake.wait(), POLL_SECONDS)
        finally:
            await loop.run_in_executor(self._thread, db.close)
            self._thread.shutdown()

    def _do_next(self) -> bool:
        """Do one job; False if there is none, or no database."""
        try:
            job = db.run_with_retry(self._claim)
            if job is None:
                return False
            self._do(job)
        except MovierecError as error:
            logger.warning("the queue of jobs cannot be reached: %s", error.code)
            return False
        except Exception:
            logger.exception("unexpected error around a job")
            return False
        return True

    def _claim(self) -> Job | None:
        now = int(self._clock())
        # On SQLite there is one daemon: whatever runs when it starts has lost its worker.
        alone = self._is_first_look and not db.is_postgres()
        queue.requeue_stale(self.name, list(self._kinds), now, alone=alone)
        self._is_first_look = False
        for kind in self._kinds.values():
            kind.clean_up()
        uploads.delete_expired(self._settings)
        return queue.claim(self.name, list(self._kinds), now)

    def _prepare_success(self) -> None:
        try:
            db.run_with_retry(self._before_success)
        except Exception:
            # The work itself is done, and will be taken notice of later.
            logger.exception("unexpected error after a job")

    def _do(self, job: Job) -> None:
        """Run a job and write what came of it."""
        extra = {"job": job.id, "kind": job.kind}
        running = JobContext(job, self.name, self._settings, self._clock, self._stop, self._tmdb)
        logger.info("job started", extra=extra)
        try:
            report = db.run_with_retry(self._kinds[job.kind].run, running)
            self._prepare_success()
        except DaemonStopping:
            db.run_with_retry(queue.requeue, job.id, self.name)
            logger.info("job put back", extra=extra)
            return
        except JobLost:
            # Its upload may be another worker's now; `sweep` removes what is nobody's.
            logger.info("job cancelled", extra=extra)
            return
        except DatabaseUnavailable:
            db.run_with_retry(queue.interrupt, job.id, self.name, job.error, running.now)
            return
        except MovierecError as error:
            db.run_with_retry(queue.fail, job.id, self.name, error, running.now)
            logger.info("job failed: %s", error.code, extra=extra)
        except Exception as error:
            failure = StorageFull() if is_disk_full(error) else InternalError(UNEXPECTED)
            logger.exception("job failed", extra=extra)
            db.run_with_retry(queue.fail, job.id, self.name, failure, running.now)
        else:
            db.run_with_retry(queue.finish, job.id, self.name, report, running.now)
            logger.info("job succeeded", extra=extra)
        if "upload" in job.parameters:
            uploads.delete(self._settings, job.parameters["upload"])
