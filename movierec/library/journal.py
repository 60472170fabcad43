"""The journal: writing rows of the library and recording each before and after, so that undo is exact."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import peewee

from movierec import db
from movierec.config import LibrarySettings
from movierec.durations import ago
from movierec.errors import Conflict, NotFound
from movierec.library.changes import LIBRARY_TABLES, LibraryTable, RowKey, RowValues
from movierec.library.rows import RowTransition, stored_rows, write_rows


class RowChange(Protocol):
    """One row to be written."""

    @property
    def table(self) -> LibraryTable: ...
    @property
    def row_key(self) -> RowKey: ...
    def new_row(self, row: RowValues | None, now: int) -> RowValues | None: ...


class JournalEntry(NamedTuple):
    """An entry as it is listed. `size` counts the changed rows, `undoes` is the entry that it reverted."""

    id: int
    what: str
    at: int
    size: int
    job_id: int | None
    undoes: int | None
    undone: bool


_COLUMNS = ", ".join(JournalEntry._fields[:5]) + ", undoes_id, undone"


def journal_entries(user_id: int, *, limit: int, offset: int = 0) -> tuple[int, list[JournalEntry]]:
    """Return the number of a user's journal entries and one page of them, newest first."""
    rows = db.rows(
        f"SELECT {_COLUMNS} FROM acts WHERE user_id = ? ORDER BY id DESC LIMIT ? OFFSET ?",
        user_id,
        limit,
        offset,
    )
    return db.value("SELECT COUNT(*) FROM acts WHERE user_id = ?", user_id), list(map(_entry, rows))


def journal_entry(user_id: int, entry_id: int) -> JournalEntry:
    """Return one entry. Raises NotFound."""
    row = db.row(f"SELECT {_COLUMNS} FROM acts WHERE user_id = ? AND id = ?", user_id, entry_id)
    if row is None:
        raise NotFound("There is no such change, or it is too old to be undone.")
    return _entry(row)


def entry_of_job(user_id: int, job_id: int) -> JournalEntry | None:
    """Return the entry of an import, or None where it changed nothing or cannot be undone any more."""
    row = db.row(f"SELECT {_COLUMNS} FROM acts WHERE user_id = ? AND job_id = ?", user_id, job_id)
    return None if row is None else _entry(row)


def _entry(row: db.Row) -> JournalEntry:
    return JournalEntry._make((*row[:6], bool(row[6])))


def delete_expired_entries(settings: LibrarySettings, now: int) -> None:
    """Delete entries that are too old to be undone.

    An import is kept regardless of the number of entries after it, unless all rows of the user together exceed
    the limit. The last entry is always kept.
    """
    with db.write():
        db.execute("DELETE FROM acts WHERE at < ?", ago(now, days=settings.undo_days))
        db.execute(
            "DELETE FROM acts WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER "
            "(PARTITION BY user_id ORDER BY id DESC) AS place FROM acts WHERE job_id IS NULL) AS numbered "
            "WHERE place > ?)",
            settings.undo_acts,
        )
        db.execute(
            "DELETE FROM acts WHERE id IN (SELECT id FROM (SELECT id, SUM(size) OVER (PARTITION BY user_id "
            "ORDER BY id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS later FROM acts) AS summed "
            "WHERE later >= ?)",
            settings.undo_rows,
        )


@contextlib.contextmanager
def library_transaction(user_id: int) -> Iterator[None]:
    """Open a transaction in which nobody else changes this user's library.

    Raises NotFound in place of a foreign key error.
    """
    try:
        with db.write():
            if db.is_postgres():  # SQLite has one writer anyway
                db.execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", f"library of {user_id}")
            yield
    except peewee.IntegrityError as error:
        if _is_foreign_key_violation(error):
            raise NotFound("There is no such movie.") from error
        raise


def _is_foreign_key_violation(error: peewee.IntegrityError) -> bool:
    return db.sqlstate(error) == "23503" or "FOREIGN KEY" in str(error)


class JournalWriter:
    """Writes rows and records each change under one journal entry."""

    def __init__(
        self,
        user_id: int,
        what: str,
        now: int,
        *,
        job_id: int | None = None,
        undoes: int | None = None,
        entry_id: int | None = None,
        unrecorded: bool = False,
    ) -> None:
        """`entry_id` appends to an existing entry; `unrecorded` writes rows only."""
        self.user_id = user_id
        self._now = now
        self._header = (what, job_id, undoes)
        self._unrecorded = unrecorded
        self._id = entry_id
        self._counts: Counter[str] = Counter()

    @property
    def id(self) -> int | None:
        """The id of the entry; None until a row changes."""
        return self._id

    @property
    def counts(self) -> Mapping[str, int]:
        """Numbers of rows `added`, `changed`, `removed` and already the `same`."""
        return self._counts

    def write(self, changes: Sequence[RowChange]) -> None:
        """Apply changes; those of one row in their order. Call inside `library_transaction`."""
        for table, own in _by_table(changes):
            self._write_table(table, own)

    def preview(self, changes: Sequence[RowChange]) -> None:
        """Count the effect of `write` without writing. No row may occur twice."""
        for table, own in _by_table(changes):
            rows = stored_rows(table, self.user_id, {change.row_key.movie_id for change in own})
            for change in own:
                row = rows.get(change.row_key)
                self._counts[_effect(row, change.new_row(row, self._now))] += 1

    def ensure_entry(self) -> int:
        """Insert the entry unless it exists, and return its id."""
        if self._id is None:
            what, job_id, undoes = self._header
            self._id = db.value(
                "INSERT INTO acts (user_id, what, at, size, job_id, undoes_id, undone) "
                "VALUES (?, ?, ?, 0, ?, ?, ?) RETURNING id",
                self.user_id,
                what,
                self._now,
                job_id,
                undoes,
                False,
            )
        return self._id

    def _write_table(self, table: LibraryTable, changes: Sequence[RowChange]) -> None:
        rows = stored_rows(table, self.user_id, {change.row_key.movie_id for change in changes})
        before: dict[RowKey, RowValues | None] = {}
        for change in changes:
            row = rows.get(change.row_key)
            new_row = change.new_row(row, self._now)
            self._counts[_effect(row, new_row)] += 1
            if new_row is not row:
                before.setdefault(change.row_key, row)
                rows[change.row_key] = new_row
        transitions = [(key, old, rows[key]) for key, old in before.items() if old != rows[key]]
        if transitions:
            transitions = write_rows(table, self.user_id, transitions)
            if not self._unrecorded:
                self._record(table, transitions)

    def _record(self, table: LibraryTable, transitions: Sequence[RowTransition]) -> None:
        entry_id = self.ensure_entry()
        sql = "UPDATE acts SET size = size + ? WHERE id = ? AND NOT undone RETURNING 1"
        if db.value(sql, len(transitions), entry_id) is None:
            raise Conflict("It was undone before it was finished.")
        db.insert_many(
            "changes",
            ("act_id", "shelf", "movie_id", "before", "after"),
            [
                (entry_id, table.name, key.movie_id, _row_json(old), _row_json(new))
                for key, old, new in transitions
            ],
        )


def _by_table(changes: Sequence[RowChange]) -> Iterator[tuple[LibraryTable, list[RowChange]]]:
    for table in LIBRARY_TABLES.values():
        own = [change for change in changes if change.table is table]
        if own:
            yield table, own


def _effect(row: RowValues | None, new_row: RowValues | None) -> str:
    if new_row is row:
        return "same"
    return "added" if row is None else "removed" if new_row is None else "changed"


def _row_json(row: RowValues | None) -> str | None:
    return None if row is None else json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def title_with_year(movie_id: int) -> str:
    """Return `Alien (1979)`, for the description of an entry. Raises NotFound."""
    row = db.row("SELECT title, year FROM movies WHERE id = ?", movie_id)
    if row is None:
        raise NotFound("There is no such movie.")
    title, year = row
    return f"{title} ({year})" if year else str(title)
