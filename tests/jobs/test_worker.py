"""The worker: starts jobs, stops at a batch boundary, survives the errors of jobs."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from movierec import auth, db
from movierec.config import Settings
from movierec.errors import UnreadableImport
from movierec.jobs import IncomingUpload, queue, uploads
from movierec.jobs.context import INTERVAL_SECONDS, JobContext
from movierec.jobs.queue import Job
from movierec.jobs.registry import JobKind
from movierec.jobs.worker import UNEXPECTED, Worker
from movierec.tmdb import TmdbService
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import StandIn
from tests.waiting import wait_until


@pytest.fixture
def user(database: Settings) -> int:
    return int(auth.register(auth.NewAccount("somebody", "somebody@example.org"), "no hash", now=0).id)


def worker(settings: Settings, run: Callable[[JobContext], dict[str, Any]], **more: Any) -> Worker:
    return Worker(settings, time.time, kinds={"work": JobKind(run, lane="one")}, **more)


async def ended(job: Job) -> Job:
    """Return a job once it has ended."""
    return await asyncio.to_thread(wait_until, lambda: _job_if_ended(job.id))


def _job_if_ended(job_id: int) -> Job | None:
    job = _job(job_id)
    return None if job.is_active else job


def _job(job_id: int) -> Job:
    try:
        return queue.job(job_id, None)
    finally:
        db.close()


async def enqueued(user: int, **parameters: Any) -> Job:
    def enqueue() -> Job:
        try:
            return queue.enqueue(user, "work", parameters, int(time.time()))
        finally:
            db.close()

    return await asyncio.to_thread(enqueue)


async def test_woken_worker_starts_without_waiting_for_its_poll(
    database: Settings, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("movierec.jobs.worker.POLL_SECONDS", 3600)
    claims: list[None] = []
    claim = queue.claim

    def counting(*args: Any) -> Job | None:
        claims.append(None)
        return claim(*args)

    monkeypatch.setattr(queue, "claim", counting)

    def run(context: JobContext) -> dict[str, Any]:
        context.progress("half", 50)
        return {"answer": context.job.parameters["question"] * 2}

    prepared = threading.Event()
    tested = worker(database, run, before_success=prepared.set)
    tested.start()
    # The first look into the empty queue is over: from now on only `wake` starts a job.
    await asyncio.to_thread(wait_until, lambda: claims)
    job = await enqueued(user, question=21)
    tested.wake()
    stored = await ended(job)
    assert (stored.state, stored.report, stored.error) == ("succeeded", {"answer": 42}, "")
    assert (stored.stage, stored.done, stored.total) == ("half", 100, 100)
    assert prepared.is_set()
    await tested.stop()


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (UnreadableImport("Not like that."), "Not like that."),
        (ZeroDivisionError("secret"), UNEXPECTED),
        (OSError(errno.ENOSPC, "full"), "disk"),
    ],
)
async def test_failure_is_reported_and_the_next_job_runs(
    database: Settings, user: int, failure: Exception, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    def run(context: JobContext) -> dict[str, Any]:
        if context.job.parameters:
            raise failure
        return {}

    tested = worker(database, run)
    tested.start()
    with caplog.at_level(logging.CRITICAL):
        job = await enqueued(user, fail=True)
        tested.wake()
        stored = await ended(job)
    assert stored.state == "failed"
    assert message in stored.error
    assert "secret" not in stored.error
    job = await enqueued(user)
    tested.wake()
    assert (await ended(job)).state == "succeeded"
    await tested.stop()


async def test_stopping_worker_requeues_its_job_for_the_next(database: Settings, user: int) -> None:
    begun = threading.Event()

    def endless(context: JobContext) -> dict[str, Any]:
        while True:
            context.progress("on and on", 1)
            begun.set()
            time.sleep(0.01)  # clock: the work of a job

    first = worker(database, endless)
    first.start()
    upload = await asyncio.to_thread(IncomingUpload, database, user)
    job = await enqueued(user, upload=upload.complete())
    first.wake()
    await asyncio.to_thread(begun.wait, 60)
    # Returns although the job never ends by itself.
    await first.stop()
    stored = await asyncio.to_thread(_job, job.id)
    assert (stored.state, stored.error) == ("queued", "")
    assert upload.path.exists()
    second = worker(database, lambda _running: {"done": True})
    second.start()
    assert (await ended(job)).state == "succeeded"
    await second.stop()
    assert not upload.path.exists()


async def test_cancelled_job_is_stopped(database: Settings, user: int) -> None:
    begun, stopped = threading.Event(), threading.Event()

    def endless(context: JobContext) -> dict[str, Any]:
        try:
            while True:
                context.progress("on and on", 1)
                begun.set()
                time.sleep(0.01)  # clock: the work of a job
        finally:
            stopped.set()

    tested = worker(database, endless)
    tested.start()
    job = await enqueued(user)
    tested.wake()
    await asyncio.to_thread(begun.wait, 60)

    def cancel() -> None:
        queue.cancel_or_delete(job.id, user, int(time.time()))
        db.close()

    await asyncio.to_thread(cancel)
    assert await asyncio.to_thread(stopped.wait, 60)
    assert (await ended(job)).state == "cancelled"
    await tested.stop()


def test_progress_is_written_once_in_an_interval(
    database: Settings, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, int]] = []
    save = queue.save_progress

    def counting(job_id: int, name: str, stage: str, done: int, total: int, now: int) -> bool:
        written.append((stage, done))
        return save(job_id, name, stage, done, total, now)

    monkeypatch.setattr(queue, "save_progress", counting)
    queue.enqueue(user, "work", {}, now=0)
    job = queue.claim("w", ("work",), now=0)
    assert job is not None
    seconds = 0.0
    clock = SimpleNamespace(monotonic=lambda: seconds)  # clock: replaced
    monkeypatch.setattr("movierec.jobs.context.time", clock)
    context = JobContext(job, "w", database, time.time, threading.Event())
    for number in range(10):
        context.progress("one" if number < 8 else "two", number)
        seconds += INTERVAL_SECONDS / 4
    # The first of each stage, and one for each interval.
    assert written == [("one", 0), ("one", 4), ("two", 8)]


def test_old_uploads_without_a_job_are_deleted(database: Settings, user: int) -> None:
    waiting, orphaned, recent = (IncomingUpload(database, number) for number in range(3))
    names = [upload.complete() for upload in (waiting, orphaned, recent)]
    arriving = IncomingUpload(database, user)
    queue.enqueue(user, "work", {"upload": names[0]}, now=0)
    old = time.time() - 3600
    for upload in (waiting, orphaned, arriving):
        os.utime(upload.path, (old, old))
    uploads.delete_expired(database)
    assert [upload.path.exists() for upload in (waiting, orphaned, recent, arriving)] == [
        True,
        False,
        True,
        True,
    ]
    arriving.discard()


async def test_job_calls_tmdb_on_the_event_loop(database: Settings, user: int, tmp_path: Path) -> None:
    def run(context: JobContext) -> dict[str, Any]:
        assert context.tmdb is not None
        return {"title": context.tmdb.wait_for(context.tmdb.details(603)).value.movie.title}

    with StandIn() as stand_in:
        tmdb = TmdbService(quick(stand_in), tmp_path / "tmdb", time.time)
        await tmdb.start()
        tested = worker(database, run, tmdb=tmdb)
        tested.start()
        job = await enqueued(user)
        tested.wake()
        stored = await ended(job)
        await tested.stop()
        await tmdb.close()
    assert (stored.state, stored.report) == ("succeeded", {"title": "The Matrix"})
