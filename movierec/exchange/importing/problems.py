"""Table of all problems of an import; its report lists only the first ones."""

from __future__ import annotations

from collections.abc import Iterable

from movierec import db
from movierec.exchange.importing.report import RowProblem

BATCH = 1_000


def store_problems(user_id: int, job_id: int, problems: Iterable[RowProblem]) -> None:
    """Store the problems of an import, replacing those of an earlier run of its job."""
    db.execute("DELETE FROM import_problems WHERE user_id = ? AND job_id = ?", user_id, job_id)
    for batch in db.batches(problems, BATCH):
        with db.write():
            db.insert_many(
                "import_problems",
                ("user_id", "job_id", "file", "line", "outcome", "message"),
                [(user_id, job_id, *problem) for problem in batch],
            )


def list_problems(user_id: int, job_id: int, *, limit: int, offset: int) -> tuple[int, list[RowProblem]]:
    """Return the number of stored problems and a page of them, in the order of the files."""
    where = "user_id = ? AND job_id = ?"
    rows = db.rows(
        f"SELECT file, line, outcome, message FROM import_problems WHERE {where} ORDER BY id LIMIT ? OFFSET ?",
        user_id,
        job_id,
        limit,
        offset,
    )
    count = db.value(f"SELECT COUNT(*) FROM import_problems WHERE {where}", user_id, job_id)
    return count, list(map(RowProblem._make, rows))
