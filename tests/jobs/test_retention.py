"""Jobs that ended long ago are forgotten, but for what still hangs on them."""

from __future__ import annotations

import pytest

from movierec import auth, db, jobs, library
from movierec.config import Settings
from movierec.exchange.importing.problems import store_problems
from movierec.exchange.importing.report import RowProblem
from movierec.jobs import queue, retention
from tests.films import movie_id

NOW = 1_750_000_000
LATER = NOW + retention.JOB_RETENTION_SECONDS + 1


@pytest.fixture
def user(database: Settings) -> int:
    return auth.register(auth.NewAccount("ada", "ada@example.org"), "no hash", now=0).id


def ended(user: int, now: int) -> int:
    """The number of an import that ended then, and rejected a row."""
    job = queue.enqueue(user, jobs.IMPORT, {}, now)
    queue.cancel_or_delete(job.id, user, now)
    store_problems(user, job.id, [RowProblem("ratings.csv", 2, "rejected", "no rating")])
    return job.id


def left() -> tuple[list[int], list[int]]:
    """The numbers of jobs, and of those whose problems are kept."""
    found = (
        db.rows("SELECT id FROM jobs ORDER BY id"),
        db.rows("SELECT job_id FROM import_problems ORDER BY 1"),
    )
    return [number for (number,) in found[0]], [number for (number,) in found[1]]


def test_old_jobs_go_with_their_problems(user: int) -> None:
    old, undoable, recent = ended(user, NOW), ended(user, NOW), ended(user, NOW + 2)
    active = queue.enqueue(user, jobs.IMPORT, {}, NOW).id
    rating = library.rating_change(movie_id("tt0078748"), 4)
    library.apply(user, [rating], what="Imported a file", now=NOW, job_id=undoable)
    jobs.delete_expired_jobs(NOW + 1)
    assert left() == ([old, undoable, recent, active], [old, undoable, recent])
    jobs.delete_expired_jobs(LATER)
    assert left() == ([undoable, recent, active], [undoable, recent])
    db.execute("DELETE FROM acts")
    jobs.delete_expired_jobs(LATER)
    assert left() == ([recent, active], [recent])


def test_few_are_forgotten_at_once(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "JOBS_PER_BATCH", 2)
    for _ in range(3):
        ended(user, NOW)
    assert [jobs.delete_expired_jobs(LATER) for _ in range(2)] == [True, False]
    assert left() == ([], [])
