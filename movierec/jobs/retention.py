"""Forgetting jobs that ended long ago, with all that an import said of its rows."""

from __future__ import annotations

from movierec import db

JOB_RETENTION_SECONDS = 90 * 86_400
JOBS_PER_BATCH = 100


def delete_expired_jobs(now: int) -> bool:
    """Forget jobs that ended KEEP_SECONDS ago, those not whose act is in the journal: it may be undone yet.

    Few at once, as each may have a hundred thousand problems. True: there may be more.
    """
    with db.write():
        found = db.rows(
            "SELECT id, user_id FROM jobs WHERE state NOT IN ('queued', 'running') AND finished_at < ? "
            "AND id NOT IN (SELECT job_id FROM acts WHERE job_id IS NOT NULL) ORDER BY id LIMIT ?",
            now - JOB_RETENTION_SECONDS,
            JOBS_PER_BATCH,
        )
        for job_id, user_id in found:
            db.execute("DELETE FROM import_problems WHERE user_id = ? AND job_id = ?", user_id, job_id)
            db.execute("DELETE FROM jobs WHERE id = ?", job_id)
    return len(found) == JOBS_PER_BATCH
