"""Retention: expired rows are deleted, except jobs whose changes can still be undone."""

from __future__ import annotations

import pytest

from movierec import auth, db, jobs, library
from movierec.config import Settings
from movierec.durations import DAY_SECONDS, JOB_RETENTION_DAYS
from movierec.exchange.importing.problems import store_problems
from movierec.exchange.importing.report import RowProblem
from movierec.jobs import queue, retention
from tests.films import movie_id

NOW = 1_750_000_000
LATER = NOW + JOB_RETENTION_DAYS * DAY_SECONDS + 1


@pytest.fixture
def user(database: Settings) -> int:
    return auth.register(auth.NewAccount("ada", "ada@example.org"), "no hash", now=0).id


def ended_job(user: int, now: int) -> int:
    """Return the id of an import that was cancelled at `now` and rejected a row."""
    job = queue.enqueue(user, jobs.IMPORT, {}, now)
    queue.cancel_or_delete(job.id, user, now)
    store_problems(user, job.id, [RowProblem("ratings.csv", 2, "rejected", "no rating")])
    return job.id


def remaining() -> tuple[list[int], list[int]]:
    """Return the ids of all jobs, and of those that have problems."""
    job_rows = db.rows("SELECT id FROM jobs ORDER BY id")
    problem_rows = db.rows("SELECT job_id FROM import_problems ORDER BY 1")
    return [job_id for (job_id,) in job_rows], [job_id for (job_id,) in problem_rows]


def test_expired_jobs_are_deleted_with_their_problems(database: Settings, user: int) -> None:
    old, undoable, recent = ended_job(user, NOW), ended_job(user, NOW), ended_job(user, NOW + 2)
    active = queue.enqueue(user, jobs.IMPORT, {}, NOW).id
    rating = library.rating_change(movie_id("tt0078748"), 4)
    library.apply(user, [rating], what="Imported a file", now=NOW, job_id=undoable)
    retention.delete_expired_jobs(database, NOW + 1)
    assert remaining() == ([old, undoable, recent, active], [old, undoable, recent])
    retention.delete_expired_jobs(database, LATER)
    assert remaining() == ([undoable, recent, active], [undoable, recent])
    db.execute("DELETE FROM acts")
    retention.delete_expired_jobs(database, LATER)
    assert remaining() == ([recent, active], [recent])


def test_expired_jobs_are_deleted_in_batches(
    database: Settings, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "JOBS_PER_BATCH", 2)
    for _ in range(3):
        ended_job(user, NOW)
    assert [retention.delete_expired_jobs(database, LATER) for _ in range(2)] == [True, False]
    assert remaining() == ([], [])


def test_problems_of_deleted_jobs_are_deleted_by_the_next_import(user: int) -> None:
    deleted, kept = ended_job(user, NOW), ended_job(user, NOW)
    queue.cancel_or_delete(deleted, user, NOW)
    assert remaining() == ([kept], [deleted, kept])
    retention.delete_orphaned_problems(user + 1)
    assert remaining() == ([kept], [deleted, kept])
    retention.delete_orphaned_problems(user)
    assert remaining() == ([kept], [kept])


def test_steps_delete_the_expired_rows_of_every_table(database: Settings, user: int) -> None:
    """Store an expired and a current row in each table; only the current ones remain."""
    now = NOW + 400 * DAY_SECONDS
    for old, name in ((True, "old"), (False, "new")):
        at = NOW if old else now
        db.execute(
            "INSERT INTO throttle (key, count, ends_at) VALUES (?, 1, ?)", name, at + (0 if old else 60)
        )
        db.execute(
            "INSERT INTO sessions (user_id, label, created_at, last_used_at, expires_at) VALUES (?, ?, ?, ?, ?)",
            user,
            name,
            at,
            at,
            at + 60,
        )
        db.execute(
            "INSERT INTO audit (at, event, account, actor, address, detail) VALUES (?, ?, '', '', '', '')",
            at,
            name,
        )
        db.execute(
            "INSERT INTO acts (user_id, what, at, size, undone) VALUES (?, ?, ?, 1, ?)", user, name, at, False
        )
    ended_job(user, NOW)
    recent = ended_job(user, now)
    for step in retention.STEPS:
        while step(database, now):
            pass
    tables = (("throttle", "key"), ("sessions", "label"), ("audit", "event"), ("acts", "what"))
    assert {table: db.rows(f"SELECT {column} FROM {table}") for table, column in tables} == {
        table: [("new",)] for table, _ in tables
    }
    assert remaining() == ([recent], [recent])
