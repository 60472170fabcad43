"""Undo: apply the recorded changes of a journal entry in reverse, exactly, in resumable steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from movierec import db
from movierec.errors import Conflict, NotFound
from movierec.library.changes import LIBRARY_TABLES, LibraryTable, RowKey, RowValues
from movierec.library.journal import (
    JournalEntry,
    JournalWriter,
    journal_entry,
    library_transaction,
    title_with_year,
)

# Number of changes that one transaction reverts.
BATCH = 1_000
# Maximum number of skipped movies that a result names.
MAXIMUM_TITLES = 100


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The entry that was reverted and the new entry that records it.

    `left` are movies that were changed again since and stay as they are. `is_finished` is False after a step
    that must be followed by more.
    """

    entry: JournalEntry
    by: JournalEntry
    reverted: int
    left_count: int
    left: list[tuple[int, str]]
    is_finished: bool


class InverseChange:
    """The inverse of a recorded change: a `RowChange` that restores the row before it."""

    def __init__(
        self,
        change_id: int,
        table: LibraryTable,
        movie_id: int,
        before: RowValues | None,
        after: RowValues | None,
    ) -> None:
        self.change_id = change_id
        self.table = table
        self.movie_id = movie_id
        self._before = before
        self._after = after
        self.was_changed_since = False

    @property
    def row_key(self) -> RowKey:
        row: RowValues = self._after or self._before or {}
        return RowKey(self.movie_id, tuple(row[name] for name in self.table.key))

    def new_row(self, row: RowValues | None, now: int) -> RowValues | None:
        """Return the row before the recorded change; the same object where the row was changed again since."""
        if self._content(row) != self._content(self._after):
            self.was_changed_since = True
            return row
        return self._before

    def _content(self, row: RowValues | None) -> list[object] | None:
        # Without the id: a deleted and restored row has another id where its own was given away meanwhile.
        return None if row is None else [row[name] for name in self.table.columns]


def undo(
    user_id: int, entry_id: int | None = None, *, now: int, is_unfinished: Callable[[int], bool]
) -> UndoResult:
    """Undo an entry, by default the last one in effect. Undoing the entry of an undo is a redo.

    A row that was changed again since is left alone. `is_unfinished` tells, by job id, if the import that wrote
    an entry is still to be continued. Raises NotFound, or Conflict where the entry is undone already or its
    import has not finished.
    """
    result = undo_step(user_id, entry_id, now=now, is_unfinished=is_unfinished)
    while not result.is_finished:
        db.yield_to_writers()
        result = undo_step(user_id, result.entry.id, now=now, is_unfinished=is_unfinished, previous=result)
    return result


def undo_step(
    user_id: int,
    entry_id: int | None = None,
    *,
    now: int,
    is_unfinished: Callable[[int], bool],
    previous: UndoResult | None = None,
) -> UndoResult:
    """Undo up to BATCH changes in one transaction; an interrupted undo is continued by the next call.

    Reverted changes move, inverted, from the entry to the one that records the undo, so that at any time each
    changed row is recorded in exactly one of the two.
    """
    with library_transaction(user_id):
        entry = _undoable_entry(user_id, entry_id, is_unfinished)
        undo_id = _ensure_undo_entry(user_id, entry, now)
        inverses = latest_changes(entry.id)
        JournalWriter(user_id, "", now, entry_id=undo_id).write(inverses)
        if inverses:
            delete_changes(entry.id, inverses)
        is_finished = not _has_changes(entry.id)
        entry = journal_entry(user_id, entry.id)
        if is_finished and entry.undoes is not None:
            db.execute("DELETE FROM acts WHERE id = ?", entry.id)
        left = [inverse.movie_id for inverse in inverses if inverse.was_changed_since]
        named = previous.left if previous else []
        new_ids = dict.fromkeys(left[: MAXIMUM_TITLES - len(named)])
        return UndoResult(
            entry,
            journal_entry(user_id, undo_id),
            (previous.reverted if previous else 0) + len(inverses) - len(left),
            (previous.left_count if previous else 0) + len(left),
            [*named, *((movie_id, title_with_year(movie_id)) for movie_id in new_ids)],
            is_finished,
        )


def undo_entry(user_id: int, entry_id: int) -> None:
    """Revert an entry without a trace: rolls back an import that failed or was cancelled.

    Works in transactions of one batch; if interrupted, call it again. Entries of a partial undo are deleted
    too: redoing such a part would restore that part alone.
    """
    while True:
        with library_transaction(user_id):
            inverses = latest_changes(entry_id)
            if not inverses:
                db.execute("DELETE FROM acts WHERE id = ? OR undoes_id = ?", entry_id, entry_id)
                return
            JournalWriter(user_id, "", 0, unrecorded=True).write(inverses)
            delete_changes(entry_id, inverses)


def latest_changes(entry_id: int) -> list[InverseChange]:
    """Return the inverses of the last recorded changes of an entry, last first, at most BATCH of them."""
    rows = db.rows(
        "SELECT id, shelf, movie_id, before, after FROM changes WHERE act_id = ? ORDER BY id DESC LIMIT ?",
        entry_id,
        BATCH,
    )
    return [
        InverseChange(
            change_id, table := LIBRARY_TABLES[name], movie_id, _row(table, before), _row(table, after)
        )
        for change_id, name, movie_id, before, after in rows
    ]


def _row(table: LibraryTable, recorded: str | None) -> RowValues | None:
    """Decode a recorded row; columns added since have their defaults.

    SQLite records 0 and 1 where PostgreSQL, to which the journal may have been moved, takes booleans only.
    """
    if recorded is None:
        return None
    row = {**table.defaults, **json.loads(recorded)}
    flags = [name for name, default in table.defaults.items() if isinstance(default, bool)]
    return row | {name: bool(row[name]) for name in flags}


def delete_changes(entry_id: int, inverses: Sequence[InverseChange]) -> None:
    """Delete the recorded changes that `latest_changes` returned."""
    db.execute("DELETE FROM changes WHERE act_id = ? AND id >= ?", entry_id, inverses[-1].change_id)


def _undoable_entry(user_id: int, entry_id: int | None, is_unfinished: Callable[[int], bool]) -> JournalEntry:
    if entry_id is None:
        entry_id = db.value(
            "SELECT id FROM acts WHERE user_id = ? AND NOT undone AND undoes_id IS NULL "
            "ORDER BY id DESC LIMIT 1",
            user_id,
        )
        if entry_id is None:
            raise NotFound("There is nothing to undo.")
    entry = journal_entry(user_id, entry_id)
    if entry.undone and not _has_changes(entry.id):
        raise Conflict(f"“{entry.what}” is undone already.")
    if entry.job_id is not None and is_unfinished(entry.job_id):
        raise Conflict(
            f"“{entry.what}” has not come to its end. Cancel the import: that undoes all its changes."
        )
    return entry


def _has_changes(entry_id: int) -> bool:
    return db.value("SELECT 1 FROM changes WHERE act_id = ? LIMIT 1", entry_id) is not None


def _ensure_undo_entry(user_id: int, entry: JournalEntry, now: int) -> int:
    """Return the entry that records the undo of `entry`: a new one, or the undone one where this is a redo."""
    undo_id: int | None = entry.undoes
    if undo_id is None:
        undo_id = db.value("SELECT id FROM acts WHERE user_id = ? AND undoes_id = ?", user_id, entry.id)
    if undo_id is None:
        undo_id = JournalWriter(user_id, f"Undid: {entry.what}", now, undoes=entry.id).ensure_entry()
    if not entry.undone:
        db.execute("UPDATE acts SET undone = ? WHERE id = ?", True, entry.id)
        db.execute("UPDATE acts SET undone = ?, size = 0 WHERE id = ?", False, undo_id)
    return undo_id
