"""Changes carried out, one or a hundred thousand, all or none of them, recorded as one act."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from movierec import db
from movierec.library.inverse_changes import undo_entry
from movierec.library.journal import JournalWriter, RowChange, library_transaction, make_way

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What came of changes; `act_id` is what to undo, None where nothing was changed."""

    act_id: int | None
    added: int
    changed: int
    removed: int
    same: int


def apply(
    user_id: int, changes: Iterable[RowChange], *, what: str, now: int, job_id: int | None = None
) -> ApplyResult:
    """Make all of the changes or none, recorded as one act called `what`.

    Many are made in steps, each a transaction, so that other users write in between; `changes` is read no
    further than the next step. Whatever raises, what was done by then is taken back; what a killed daemon
    left undone, the next call for the same `job_id` takes back first. Raises NotFound where there is no such
    film.
    """
    _take_back_earlier(user_id, job_id)
    act = JournalWriter(user_id, what, now, job_id=job_id)
    joins = db.in_transaction()
    try:
        for batch in db.batches(changes, BATCH):
            begun = time.monotonic()
            with library_transaction(user_id):
                act.carry_out(batch)
            if len(batch) == BATCH:
                make_way(begun)
    except BaseException:
        if act.id is not None and not joins:
            undo_entry(user_id, act.id)
        raise
    return _applied(act)


def preview(user_id: int, changes: Iterable[RowChange], *, now: int) -> ApplyResult:
    """What `apply` would come to; nothing is changed, and nobody waits. No row may be meant twice."""
    act = JournalWriter(user_id, "", now)
    for batch in db.batches(changes, BATCH):
        act.try_out(batch)
    return _applied(act)


def _applied(act: JournalWriter) -> ApplyResult:
    counts = act.counts
    return ApplyResult(act.id, counts["added"], counts["changed"], counts["removed"], counts["same"])


def _take_back_earlier(user_id: int, job_id: int | None) -> None:
    """Take back what an earlier try of the same job did before it was killed."""
    if job_id is not None:
        for (act_id,) in db.rows("SELECT id FROM acts WHERE user_id = ? AND job_id = ?", user_id, job_id):
            undo_entry(user_id, act_id)
