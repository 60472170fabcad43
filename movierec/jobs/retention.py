"""Retention: deletion of expired rows. Every daemon runs the steps in the interval of `schedule`.

The periods of sessions, audit events and ended jobs are set in `durations`, that of journal entries by the setting
`library.undo_days`. The outbox of mails deletes its own rows.
"""

from __future__ import annotations

from collections.abc import Callable

from movierec import auth, db, library
from movierec.config import Settings
from movierec.durations import JOB_RETENTION_DAYS, ago

JOBS_PER_BATCH = 100

# A short step of the writer thread. Returns True if there may be more to delete.
RetentionStep = Callable[[Settings, int], bool]


def delete_expired_jobs(settings: Settings, now: int) -> bool:
    """Delete jobs that ended JOB_RETENTION_DAYS ago, except those in the journal: they can still be undone.

    Deletes a batch, as each job may have a hundred thousand problems. Returns True if there may be more.
    """
    with db.write():
        rows = db.rows(
            "SELECT id, user_id FROM jobs WHERE state NOT IN ('queued', 'running') AND finished_at < ? "
            "AND id NOT IN (SELECT job_id FROM acts WHERE job_id IS NOT NULL) ORDER BY id LIMIT ?",
            ago(now, days=JOB_RETENTION_DAYS),
            JOBS_PER_BATCH,
        )
        for job_id, user_id in rows:
            db.execute("DELETE FROM import_problems WHERE user_id = ? AND job_id = ?", user_id, job_id)
            db.execute("DELETE FROM jobs WHERE id = ?", job_id)
    return len(rows) == JOBS_PER_BATCH


def delete_expired_sign_in_data(settings: Settings, now: int) -> bool:
    """Delete expired throttle windows, sessions and audit events."""
    for delete in (auth.delete_expired_windows, auth.delete_expired_sessions, auth.delete_expired_events):
        delete(now)
    return False


def delete_expired_journal(settings: Settings, now: int) -> bool:
    """Delete journal entries that cannot be undone any more."""
    library.delete_expired_entries(settings.library, now)
    return False


STEPS: tuple[RetentionStep, ...] = (delete_expired_sign_in_data, delete_expired_journal, delete_expired_jobs)


def delete_orphaned_problems(user_id: int) -> None:
    """Delete the import problems of a user's jobs that the user has deleted.

    Deleting a job leaves its problems, which may be a hundred thousand rows; the user's next import deletes them.
    """
    db.execute(
        "DELETE FROM import_problems WHERE user_id = ? AND job_id NOT IN (SELECT id FROM jobs)", user_id
    )
