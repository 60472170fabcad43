"""The queue of jobs, in the database: any daemon may enqueue, exactly one worker claims each job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import peewee

from movierec import db
from movierec.durations import age_seconds
from movierec.errors import Conflict, MovierecError, NotFound

# A worker writes a heartbeat every few seconds. Without one for this time it is dead.
HEARTBEAT_TIMEOUT_SECONDS = 30
JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ACTIVE = ("queued", "running")
# Error texts of a job after each loss of its worker. The third loss ends it: it might crash every daemon.
INTERRUPTED = ("Interrupted; taken up again.", "Interrupted again; taken up a last time.")
GIVEN_UP = "Given up: the daemon was interrupted three times while doing this."

# Key of the advisory lock; differs from that of the migrations.
_CLAIM_LOCK = 0x6D6F766A
# Tables whose column `job_id` outlives the job.
REFERRING_TABLES = ("acts", "waiting_rows", "import_problems")
_COLUMNS = (
    "id, user_id, kind, state, stage, done, total, parameters, report, error, "
    "error_code, created_at, started_at, finished_at"
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job. Times are UTC epoch seconds; the unit of `done` and `total` depends on the kind."""

    id: int
    user_id: int
    kind: str
    state: JobState
    stage: str
    done: int
    total: int
    parameters: dict[str, Any]
    report: dict[str, Any]
    error: str
    error_code: str
    created_at: int
    started_at: int | None
    finished_at: int | None

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


def _job(row: db.Row) -> Job:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Job(**{**values, **{name: json.loads(values[name]) for name in ("parameters", "report")}})


def enqueue(user_id: int, kind: str, parameters: Mapping[str, object], now: int) -> Job:
    """Add a job. `parameters` are stored and logged: never pass a secret.

    Raises Conflict if the user has an active job of the kind.
    """
    try:
        with db.write():
            row = db.row(
                "INSERT INTO jobs (id, user_id, kind, state, stage, done, total, parameters, report, error, "
                "owner, created_at) "
                f"VALUES (?, ?, ?, 'queued', '', 0, 0, ?, '{{}}', '', '', ?) RETURNING {_COLUMNS}",
                _new_id(),
                user_id,
                kind,
                json.dumps(dict(parameters)),
                now,
            )
    except peewee.IntegrityError as error:
        raise _conflict(user_id, kind) from error
    assert row is not None
    return _job(row)


def _new_id() -> int:
    """Return an id that no deleted job had: its traces would be attributed to the new job."""
    highest = [db.value(f"SELECT MAX(job_id) FROM {table}") or 0 for table in REFERRING_TABLES]
    (number,) = db.allocate_ids("jobs", 1, above=max(highest))
    return number


def check_none_active(user_id: int, kind: str) -> None:
    """Raise Conflict if `enqueue` would, before a long upload begins."""
    if _active(user_id, kind):
        raise _conflict(user_id, kind)


def _active(user_id: int, kind: str) -> int | None:
    sql = "SELECT id FROM jobs WHERE user_id = ? AND kind = ? AND state IN ('queued', 'running')"
    row = db.row(sql, user_id, kind)
    return row[0] if row else None


def _conflict(user_id: int, kind: str) -> Conflict:
    number = _active(user_id, kind)
    if number is None:
        return Conflict(f"A job of this kind ({kind}) was under way and has just ended. Try again.")
    return Conflict(
        f"A job of this kind ({kind}) is under way already: job {number}. "
        f"Wait for it (movierec jobs show {number} --wait) or cancel it (movierec jobs cancel {number})."
    )


def job(job_id: int, owner: int | None) -> Job:
    """Return a job of `owner`, or of any user if that is None. Raises NotFound."""
    row = db.row(
        f"SELECT {_COLUMNS} FROM jobs WHERE id = ? AND (? IS NULL OR user_id = ?)", job_id, owner, owner
    )
    if row is None:
        raise NotFound()
    return _job(row)


def jobs(owner: int | None, *, kind: str | None = None, limit: int, offset: int) -> tuple[int, list[Job]]:
    """Return the number of jobs of `owner` (None: of all users), and a page of them, newest first."""
    filters = {"user_id = ?": owner, "kind = ?": kind}
    values = tuple(value for value in filters.values() if value is not None)
    condition = " AND ".join(each for each, value in filters.items() if value is not None) or "TRUE"
    count = db.value(f"SELECT COUNT(*) FROM jobs WHERE {condition}", *values)
    rows = db.rows(
        f"SELECT {_COLUMNS} FROM jobs WHERE {condition} ORDER BY id DESC LIMIT ? OFFSET ?",
        *values,
        limit,
        offset,
    )
    return count, [_job(row) for row in rows]


def cancel_or_delete(job_id: int, owner: int | None, now: int) -> None:
    """Cancel an active job of `owner` (None: of any user); delete one that has ended.

    Raises NotFound, or Conflict while its changes are still to be undone.
    """
    with db.write():
        stored = job(job_id, owner)
        cancelled = db.execute(
            "UPDATE jobs SET state = 'cancelled', finished_at = ?, owner = '' "
            "WHERE id = ? AND state IN ('queued', 'running')",
            now,
            stored.id,
        )
        if cancelled.rowcount:
            return
        if db.value(f"SELECT 1 {_WITH_CHANGES_TO_UNDO} AND jobs.id = ?", stored.id):
            raise Conflict("The changes of this job are still being undone. Try again in a moment.")
        db.execute("DELETE FROM jobs WHERE id = ?", stored.id)


def jobs_to_undo(kind: str) -> list[db.Row]:
    """Return user, id and journal entry of the jobs that ended without success and whose changes must be undone."""
    return db.rows(f"SELECT jobs.user_id, jobs.id, acts.id {_WITH_CHANGES_TO_UNDO} AND jobs.kind = ?", kind)


_WITH_CHANGES_TO_UNDO = (
    "FROM jobs JOIN acts ON acts.user_id = jobs.user_id AND acts.job_id = jobs.id "
    "WHERE jobs.state IN ('cancelled', 'failed')"
)


# Functions of the worker. `worker` names one lane of one daemon; every write checks that it still owns the job.


def claim(worker: str, kinds: Sequence[str], now: int) -> Job | None:
    """Claim the oldest queued job of these kinds. At most one job of a kind runs, over all daemons."""
    marks = db.placeholders(kinds)
    if not db.value(f"SELECT 1 FROM jobs WHERE state = 'queued' AND kind IN ({marks}) LIMIT 1", *kinds):
        return None
    with db.write():
        if db.is_postgres():
            # Two concurrent claims would both see that none of the kind runs.
            db.execute("SELECT pg_advisory_xact_lock(?)", _CLAIM_LOCK)
        row = db.row(
            "UPDATE jobs SET state = 'running', owner = ?, stage = '', done = 0, total = 0, "
            "started_at = ?, heartbeat_at = ? WHERE id = (SELECT waiting.id FROM jobs AS waiting "
            f"WHERE waiting.state = 'queued' AND waiting.kind IN ({marks}) AND NOT EXISTS "
            "(SELECT 1 FROM jobs AS other WHERE other.kind = waiting.kind AND other.state = 'running') "
            # The state is checked again outside: on PostgreSQL a job may be cancelled in between.
            f"ORDER BY waiting.id LIMIT 1) AND state = 'queued' RETURNING {_COLUMNS}",
            worker,
            now,
            now,
            *kinds,
        )
    return _job(row) if row else None


def save_progress(job_id: int, worker: str, stage: str, done: int, total: int, now: int) -> bool:
    """Write a job's progress and heartbeat. Return False if the worker does not own the job any more."""
    noted = db.execute(
        "UPDATE jobs SET stage = ?, done = ?, total = ?, heartbeat_at = ? "
        "WHERE id = ? AND owner = ? AND state = 'running'",
        stage,
        done,
        total,
        now,
        job_id,
        worker,
    )
    return bool(noted.rowcount)


def save_parameters(job_id: int, worker: str, parameters: Mapping[str, object]) -> bool:
    """Write the parameters to continue with after an interruption. Return False if the job is lost."""
    noted = db.execute(
        "UPDATE jobs SET parameters = ? WHERE id = ? AND owner = ? AND state = 'running'",
        json.dumps(dict(parameters)),
        job_id,
        worker,
    )
    return bool(noted.rowcount)


def finish(job_id: int, worker: str, report: Mapping[str, object], now: int) -> bool:
    """Mark a job as succeeded. Return False if the job is lost."""
    return _end(job_id, worker, "succeeded", report, None, now)


def fail(job_id: int, worker: str, error: MovierecError, now: int) -> bool:
    """Mark a job as failed for a reason that a retry would not change. Return False if the job is lost."""
    return _end(job_id, worker, "failed", {}, error, now)


def _end(
    job_id: int,
    worker: str,
    state: JobState,
    report: Mapping[str, object],
    error: MovierecError | None,
    now: int,
) -> bool:
    ended = db.execute(
        "UPDATE jobs SET state = ?, report = ?, error = ?, error_code = ?, finished_at = ?, owner = '', "
        "done = CASE WHEN ? = 'succeeded' THEN total ELSE done END "
        "WHERE id = ? AND owner = ? AND state = 'running'",
        state,
        json.dumps(dict(report)),
        error.detail if error else "",
        error.code if error else "",
        now,
        state,
        job_id,
        worker,
    )
    return bool(ended.rowcount)


def requeue(job_id: int, worker: str) -> None:
    """Queue a job again whose worker shuts down."""
    db.execute(
        "UPDATE jobs SET state = 'queued', owner = '' WHERE id = ? AND owner = ? AND state = 'running'",
        job_id,
        worker,
    )


def is_unfinished(job_id: int) -> bool:
    """Tell if a job is stored and has not succeeded: what it changed may still grow or be rolled back."""
    return db.value("SELECT 1 FROM jobs WHERE id = ? AND state <> 'succeeded'", job_id) is not None


def requeue_stale(worker: str, kinds: Sequence[str], now: int, *, alone: bool = False) -> None:
    """Queue the jobs of dead workers again; `alone` means that no other worker can be alive."""
    rows = db.rows(
        "SELECT id, owner, error, heartbeat_at FROM jobs "
        f"WHERE state = 'running' AND owner <> ? AND kind IN ({db.placeholders(kinds)})",
        worker,
        *kinds,
    )
    for job_id, owner, error, heartbeat_at in rows:
        if alone or age_seconds(heartbeat_at, now) >= HEARTBEAT_TIMEOUT_SECONDS:
            interrupt(job_id, owner, error, now)


def interrupt(job_id: int, worker: str, error: str, now: int) -> None:
    """Queue an interrupted job again, or fail it at the third time; `error` is its present error text."""
    times = INTERRUPTED.index(error) + 1 if error in INTERRUPTED else 0
    again = times < len(INTERRUPTED)
    db.execute(
        "UPDATE jobs SET state = ?, owner = '', error = ?, finished_at = ? "
        "WHERE id = ? AND owner = ? AND state = 'running'",
        "queued" if again else "failed",
        INTERRUPTED[times] if again else GIVEN_UP,
        None if again else now,
        job_id,
        worker,
    )
