"""Apply a set of changes to a library, one or a hundred thousand: all or none, under one journal entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from movierec import db
from movierec.library.journal import JournalWriter, RowChange, library_transaction
from movierec.library.undo import undo_entry

# Number of changes in a transaction. Others wait for one: 500 take half as long as 1,000, and imports are not slower
# (`python -m benchmarks.imports`).
BATCH = 500


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """Numbers of rows by effect; `entry_id` is the journal entry to undo, None where nothing changed."""

    entry_id: int | None
    added: int
    changed: int
    removed: int
    same: int


def apply(
    user_id: int, changes: Iterable[RowChange], *, what: str, now: int, job_id: int | None = None
) -> ApplyResult:
    """Apply all changes or none, recorded as one journal entry called `what`.

    Large change sets are applied in batches, each a transaction, so that other users can write in between;
    `changes` is read one batch ahead at most. On any exception the batches already applied are rolled back;
    what a killed daemon left applied is rolled back by the next call for the same `job_id`. Raises NotFound
    where there is no such movie.
    """
    _undo_earlier_attempts(user_id, job_id)
    writer = JournalWriter(user_id, what, now, job_id=job_id)
    is_nested = db.in_transaction()
    try:
        for batch in db.batches(changes, BATCH):
            with library_transaction(user_id):
                writer.write(batch)
            if len(batch) == BATCH:
                db.yield_to_writers()
    except BaseException:
        if writer.id is not None and not is_nested:
            undo_entry(user_id, writer.id)
        raise
    return _result(writer)


def preview(user_id: int, changes: Iterable[RowChange], *, now: int) -> ApplyResult:
    """Count the effects of `apply` without writing or locking. No row may occur twice."""
    writer = JournalWriter(user_id, "", now)
    for batch in db.batches(changes, BATCH):
        writer.preview(batch)
    return _result(writer)


def _result(writer: JournalWriter) -> ApplyResult:
    counts = writer.counts
    return ApplyResult(writer.id, counts["added"], counts["changed"], counts["removed"], counts["same"])


def _undo_earlier_attempts(user_id: int, job_id: int | None) -> None:
    """Roll back the changes of an earlier attempt of the same job that was killed."""
    if job_id is not None:
        for (entry_id,) in db.rows("SELECT id FROM acts WHERE user_id = ? AND job_id = ?", user_id, job_id):
            undo_entry(user_id, entry_id)
