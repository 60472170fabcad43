"""The journal of what a user did: listing it, taking an act back exactly, forgetting what is old."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

from movierec import db
from movierec.config import LibrarySettings
from movierec.errors import Conflict, NotFound
from movierec.library.inverse_changes import delete_changes, latest_changes
from movierec.library.journal import JournalWriter, library_transaction, make_way, title_with_year

DAY_SECONDS = 86_400
# So many films that were left alone are named.
MAXIMUM_TITLES = 100


class JournalEntry(NamedTuple):
    """An act as it is listed; `size` counts the rows it changed, `undoes` is the act that it took back."""

    id: int
    what: str
    at: int
    size: int
    job_id: int | None
    undoes: int | None
    undone: bool


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What was taken back by which new act. `left` are films changed again since, and left as they are.

    `is_finished` is False after a step that more have to follow.
    """

    act: JournalEntry
    by: JournalEntry
    reverted: int
    left_count: int
    left: list[tuple[int, str]]
    is_finished: bool


_COLUMNS = "id, what, at, size, job_id, undoes_id, undone"


def journal_entries(user_id: int, *, limit: int, offset: int = 0) -> tuple[int, list[JournalEntry]]:
    """How many acts of a user the journal holds, and a page of them, newest first."""
    found = db.rows(
        f"SELECT {_COLUMNS} FROM acts WHERE user_id = ? ORDER BY id DESC LIMIT ? OFFSET ?",
        user_id,
        limit,
        offset,
    )
    return db.value("SELECT COUNT(*) FROM acts WHERE user_id = ?", user_id), list(map(_deed, found))


def entry_of_job(user_id: int, job_id: int) -> JournalEntry | None:
    """What an import changed, as long as it can be undone."""
    found = db.row(
        f"SELECT {_COLUMNS} FROM acts WHERE user_id = ? AND job_id = ? ORDER BY id DESC LIMIT 1",
        user_id,
        job_id,
    )
    return None if found is None else _deed(found)


def undo(user_id: int, act_id: int | None = None, *, now: int) -> UndoResult:
    """Take back an act, or the last one that is in effect. To undo the act that did so brings it again.

    A row changed again since is left alone. Raises NotFound, or Conflict where the act is undone already or
    is an import that has not come to its end.
    """
    begun = time.monotonic()
    done = undo_step(user_id, act_id, now=now)
    while not done.is_finished:
        make_way(begun)
        begun = time.monotonic()
        done = undo_step(user_id, done.act.id, now=now, so_far=done)
    return done


def undo_step(
    user_id: int, act_id: int | None = None, *, now: int, so_far: UndoResult | None = None
) -> UndoResult:
    """The same in steps, between which others get to write; one that was broken off is gone on with.

    What is taken back moves, reversed, from the act to the one that undoes it, so that each of its rows is at
    any time recorded in one of the two.
    """
    with library_transaction(user_id):
        act = _undoable(user_id, act_id)
        into = _counterpart(user_id, act, now)
        reversals = latest_changes(act.id)
        acting = JournalWriter(user_id, "", now, act_id=into)
        acting.carry_out(reversals)
        if reversals:
            delete_changes(act.id, reversals)
        is_finished = not _has_changes(act.id)
        act = _act(user_id, act.id)
        if is_finished and act.undoes is not None:
            db.execute("DELETE FROM acts WHERE id = ?", act.id)
        left = [reversal.movie_id for reversal in reversals if reversal.was_changed_since]
        named = so_far.left if so_far else []
        titles = [
            (movie_id, title_with_year(movie_id))
            for movie_id in dict.fromkeys(left[: MAXIMUM_TITLES - len(named)])
        ]
        return UndoResult(
            act,
            _act(user_id, into),
            (so_far.reverted if so_far else 0) + len(reversals) - len(left),
            (so_far.left_count if so_far else 0) + len(left),
            [*named, *titles],
            is_finished,
        )


def delete_expired_entries(settings: LibrarySettings, now: int) -> None:
    """Forget what is too old to be undone. An import is kept however many acts followed it, as long as all
    of a user's rows together are not too many; the last act is kept always."""
    with db.write():
        db.execute("DELETE FROM acts WHERE at < ?", now - settings.undo_days * DAY_SECONDS)
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


def _deed(row: db.Row) -> JournalEntry:
    return JournalEntry._make((*row[:6], bool(row[6])))


def _act(user_id: int, act_id: int) -> JournalEntry:
    found = db.row(f"SELECT {_COLUMNS} FROM acts WHERE user_id = ? AND id = ?", user_id, act_id)
    if found is None:
        raise NotFound("There is no such change, or it is too old to be undone.")
    return _deed(found)


def _undoable(user_id: int, act_id: int | None) -> JournalEntry:
    if act_id is None:
        act_id = db.value(
            "SELECT id FROM acts WHERE user_id = ? AND NOT undone AND undoes_id IS NULL "
            "ORDER BY id DESC LIMIT 1",
            user_id,
        )
        if act_id is None:
            raise NotFound("There is nothing to undo.")
    act = _act(user_id, act_id)
    if act.undone and not _has_changes(act.id):
        raise Conflict(f"“{act.what}” is undone already.")
    if db.value("SELECT 1 FROM jobs WHERE id = ? AND state <> 'succeeded'", act.job_id):
        raise Conflict(
            f"“{act.what}” has not come to its end. Cancel the import: then all of it is taken back."
        )
    return act


def _has_changes(act_id: int) -> bool:
    return db.value("SELECT 1 FROM changes WHERE act_id = ? LIMIT 1", act_id) is not None


def _counterpart(user_id: int, act: JournalEntry, now: int) -> int:
    """The act that records how `act` is undone: a new one, or, where `act` itself undoes one, that one."""
    other: int | None = act.undoes
    if other is None:
        other = db.value("SELECT id FROM acts WHERE user_id = ? AND undoes_id = ?", user_id, act.id)
    if other is None:
        other = JournalWriter(user_id, f"Undid: {act.what}", now, undoes=act.id).begin()
    if not act.undone:
        db.execute("UPDATE acts SET undone = ? WHERE id = ?", True, act.id)
        db.execute("UPDATE acts SET undone = ?, size = 0 WHERE id = ?", False, other)
    return other
