"""The worker: begins at once, stops at a boundary, survives what jobs do."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from movierec import auth, db
from movierec.config import Settings
from movierec.errors import UnreadableImport
from movierec.jobs import IncomingUpload, queue, uploads
from movierec.jobs.context import JobContext
from movierec.jobs.queue import Job
from movierec.jobs.registry import JobKind
from movierec.jobs.worker import UNEXPECTED, Worker
from movierec.tmdb import TmdbService
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import StandIn


@pytest.fixture
def user(database: Settings) -> int:
    return int(auth.register(auth.NewAccount("somebody", "somebody@example.org"), "no hash", now=0).id)


def worker(settings: Settings, run: Callable[[JobContext], dict[str, Any]], **more: Any) -> Worker:
    return Worker(settings, time.time, kinds={"work": JobKind(run, lane="one")}, **more)


async def ended(job: Job) -> Job:
    async with asyncio.timeout(20):
        while True:
            found = await asyncio.to_thread(_job, job.id)
            if not found.is_active:
                return found
            await asyncio.sleep(0.02)


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


async def test_a_woken_worker_begins_at_once(database: Settings, user: int) -> None:
    def run(running: JobContext) -> dict[str, Any]:
        running.progress("half", 50)
        return {"answer": running.job.parameters["question"] * 2}

    prepared = threading.Event()
    tested = worker(database, run, before_success=prepared.set)
    tested.start()
    await asyncio.sleep(0.3)
    started = time.monotonic()
    job = await enqueued(user, question=21)
    tested.wake()
    found = await ended(job)
    assert time.monotonic() - started < 1.5
    assert (found.state, found.report, found.error) == ("succeeded", {"answer": 42}, "")
    assert (found.stage, found.done, found.total) == ("half", 100, 100)
    assert prepared.is_set()
    await tested.stop()


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (UnreadableImport("Not like that."), "Not like that."),
        (ZeroDivisionError("secret"), UNEXPECTED),
        (OSError(errno.ENOSPC, "full"), "disk"),
    ],
)
async def test_a_failure_is_told_and_the_next_job_done(
    database: Settings, user: int, failure: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    def run(running: JobContext) -> dict[str, Any]:
        if running.job.parameters:
            raise failure
        return {}

    tested = worker(database, run)
    tested.start()
    with caplog.at_level(logging.CRITICAL):
        job = await enqueued(user, fail=True)
        tested.wake()
        found = await ended(job)
    assert found.state == "failed"
    assert said in found.error
    assert "secret" not in found.error
    job = await enqueued(user)
    tested.wake()
    assert (await ended(job)).state == "succeeded"
    await tested.stop()


async def test_a_stopping_worker_puts_its_job_back_and_the_next_takes_it(
    database: Settings, user: int
) -> None:
    begun = threading.Event()

    def endless(running: JobContext) -> dict[str, Any]:
        while True:
            running.progress("on and on", 1)
            begun.set()
            time.sleep(0.01)

    first = worker(database, endless)
    first.start()
    upload = await asyncio.to_thread(IncomingUpload, database, user)
    job = await enqueued(user, upload=upload.complete())
    first.wake()
    await asyncio.to_thread(begun.wait, 10)
    started = time.monotonic()
    await first.stop()
    assert time.monotonic() - started < 2
    found = await asyncio.to_thread(_job, job.id)
    assert (found.state, found.error) == ("queued", "")
    assert upload.path.exists()
    second = worker(database, lambda _running: {"done": True})
    second.start()
    assert (await ended(job)).state == "succeeded"
    await second.stop()
    assert not upload.path.exists()


async def test_a_cancelled_job_ends_soon(database: Settings, user: int) -> None:
    begun, left = threading.Event(), threading.Event()

    def endless(running: JobContext) -> dict[str, Any]:
        try:
            while True:
                running.progress("on and on", 1)
                begun.set()
                time.sleep(0.01)
        finally:
            left.set()

    tested = worker(database, endless)
    tested.start()
    job = await enqueued(user)
    tested.wake()
    await asyncio.to_thread(begun.wait, 10)

    def cancel() -> None:
        queue.cancel_or_delete(job.id, user, int(time.time()))
        db.close()

    await asyncio.to_thread(cancel)
    assert await asyncio.to_thread(left.wait, 5)
    assert (await ended(job)).state == "cancelled"
    await tested.stop()


async def test_progress_is_written_a_few_times_a_second(
    database: Settings, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    note = queue.save_progress

    def counting(*args: Any, **kwargs: Any) -> bool:
        written.append(args[2])
        return note(*args, **kwargs)

    monkeypatch.setattr(queue, "save_progress", counting)

    def busy(running: JobContext) -> dict[str, Any]:
        for percent in range(1000):
            running.progress("one" if percent < 500 else "two", percent // 10)
            time.sleep(0.001)
        return {}

    tested = worker(database, busy)
    tested.start()
    job = await enqueued(user)
    tested.wake()
    await ended(job)
    await tested.stop()
    assert written.count("one") >= 1
    assert written.count("two") >= 1
    assert len(written) < 20


def test_uploads_that_nobody_waits_for_are_removed(database: Settings, user: int) -> None:
    kept, forgotten, fresh = (IncomingUpload(database, number) for number in range(3))
    names = [upload.complete() for upload in (kept, forgotten, fresh)]
    arriving = IncomingUpload(database, user)
    queue.enqueue(user, "work", {"upload": names[0]}, now=0)
    old = time.time() - 3600
    for upload in (kept, forgotten, arriving):
        os.utime(upload.path, (old, old))
    uploads.delete_expired(database)
    assert [upload.path.exists() for upload in (kept, forgotten, fresh, arriving)] == [
        True,
        False,
        True,
        True,
    ]
    arriving.discard()


async def test_a_job_asks_tmdb_over_the_event_loop(database: Settings, user: int, tmp_path: Path) -> None:
    def run(running: JobContext) -> dict[str, Any]:
        assert running.tmdb is not None
        return {"title": running.tmdb.wait_for(running.tmdb.details(603)).value.movie.title}

    with StandIn() as stand_in:
        tmdb = TmdbService(quick(stand_in), tmp_path / "tmdb", time.time)
        await tmdb.start()
        tested = worker(database, run, tmdb=tmdb)
        tested.start()
        job = await enqueued(user)
        tested.wake()
        found = await ended(job)
        await tested.stop()
        await tmdb.close()
    assert (found.state, found.report) == ("succeeded", {"title": "The Matrix"})
