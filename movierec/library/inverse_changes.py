"""Recorded changes read backwards: what undoing writes, and what an act that failed half-way takes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from movierec import db
from movierec.library.changes import LIBRARY_TABLES, LibraryTable, RowKey, RowValues
from movierec.library.journal import JournalWriter, library_transaction

BATCH = 1_000


class InverseChange:
    """A recorded change backwards."""

    def __init__(
        self,
        number: int,
        shelf: LibraryTable,
        movie_id: int,
        before: RowValues | None,
        after: RowValues | None,
    ) -> None:
        self.number = number
        self.shelf = shelf
        self.movie_id = movie_id
        self._before = before
        self._after = after
        self.was_changed_since = False

    @property
    def place(self) -> RowKey:
        row: RowValues = self._after or self._before or {}
        return (self.movie_id, *(row[name] for name in self.shelf.key))

    def outcome(self, row: RowValues | None, now: int) -> RowValues | None:
        if self._content(row) != self._content(self._after):
            self.was_changed_since = True
            return row
        return self._before

    def _content(self, row: RowValues | None) -> Any:
        # Not the id: a row taken away and brought back has another one where its own was given away.
        return None if row is None else [row[name] for name in self.shelf.columns]


def latest_changes(act_id: int) -> list[InverseChange]:
    """The last changes recorded of an act, last first, no more than a step takes."""
    found = db.rows(
        "SELECT id, shelf, movie_id, before, after FROM changes WHERE act_id = ? ORDER BY id DESC LIMIT ?",
        act_id,
        BATCH,
    )
    return [_reversal(*row) for row in found]


def delete_changes(act_id: int, reversals: Sequence[InverseChange]) -> None:
    """Remove from the journal what `last_of` answered."""
    db.execute("DELETE FROM changes WHERE act_id = ? AND id >= ?", act_id, reversals[-1].number)


def _reversal(number: int, name: str, movie_id: int, before: str | None, after: str | None) -> InverseChange:
    shelf = LIBRARY_TABLES[name]
    return InverseChange(number, shelf, movie_id, _row(shelf, before), _row(shelf, after))


def _row(shelf: LibraryTable, image: str | None) -> RowValues | None:
    """A recorded row; columns that came later have their defaults.

    SQLite told 0 and 1 where PostgreSQL, to which the journal may have moved, takes truth values only.
    """
    if image is None:
        return None
    row = {**shelf.defaults, **json.loads(image)}
    return row | {name: bool(row[name]) for name, told in shelf.defaults.items() if isinstance(told, bool)}


def undo_entry(user_id: int, act_id: int) -> None:
    """Reverse an act and forget it, in steps that are whole: whatever stops it, it can be taken up again.

    What had undone a part of it is forgotten too: brought again, that part would be all there is.
    """
    while True:
        with library_transaction(user_id):
            reversals = latest_changes(act_id)
            if not reversals:
                db.execute("DELETE FROM acts WHERE id = ? OR undoes_id = ?", act_id, act_id)
                return
            JournalWriter(user_id, "", 0, unrecorded=True).carry_out(reversals)
            delete_changes(act_id, reversals)
