"""The journal of what a user did: listing it, taking an act back exactly, forgetting what is old."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from movierec import db
from movierec.config import Library
from movierec.errors import Conflict, NotFound
from movierec.library.applying import BATCH, Acting, alone, title_of
from movierec.library.shelves import SHELVES, Place, Row, Shelf

DAY_SECONDS = 86_400
# So many films that were left alone are named.
NAMED = 100


class Deed(NamedTuple):
    """An act as it is listed; `size` counts the rows it changed, `undoes` is the act that it took back."""

    id: int
    what: str
    at: int
    size: int
    job_id: int | None
    undoes: int | None
    undone: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back by which new act. `left` are films changed again since, and left as they are."""

    act: Deed
    by: Deed
    reverted: int
    left_count: int
    left: list[tuple[int, str]]


_COLUMNS = "id, what, at, size, job_id, undoes_id, undone"


def acts(user_id: int, *, limit: int, offset: int = 0) -> tuple[int, list[Deed]]:
    """How many acts of a user the journal holds, and a page of them, newest first."""
    found = db.rows(
        f"SELECT {_COLUMNS} FROM acts WHERE user_id = ? ORDER BY id DESC LIMIT ? OFFSET ?",
        user_id,
        limit,
        offset,
    )
    return db.value("SELECT COUNT(*) FROM acts WHERE user_id = ?", user_id), list(map(_deed, found))


def act_of_job(user_id: int, job_id: int) -> Deed | None:
    """What an import changed, as long as it can be undone."""
    found = db.row(
        f"SELECT {_COLUMNS} FROM acts WHERE user_id = ? AND job_id = ? ORDER BY id DESC LIMIT 1",
        user_id,
        job_id,
    )
    return None if found is None else _deed(found)


def undo(user_id: int, act_id: int | None = None, *, now: int) -> Undone:
    """Take back an act, or the last one that is in effect; that is an act too, and can be undone.

    A row changed again since is left alone. Raises NotFound, or Conflict where the act is undone already.
    """
    with alone(user_id):
        act = _undoable(user_id, act_id)
        what = f"Undid: {act.what}" if act.undoes is None else f"Redid: {act.what.removeprefix('Undid: ')}"
        acting = Acting(user_id, what, now, undoes=act.id)
        by = acting.begin()
        db.execute("UPDATE acts SET undone = ? WHERE id = ?", True, act.id)
        if act.undoes is not None:
            db.execute("UPDATE acts SET undone = ? WHERE id = ?", False, act.undoes)
        left: list[int] = []
        for batch in _recorded(act.id):
            acting.carry_out(batch)
            left += [reversal.movie_id for reversal in batch if reversal.was_changed_since]
        acting.finish()
        titles = [(movie_id, title_of(movie_id)) for movie_id in dict.fromkeys(left[:NAMED])]
        return Undone(_act(user_id, act.id), _act(user_id, by), act.size - len(left), len(left), titles)


def sweep_acts(settings: Library, now: int) -> None:
    """Forget what is too old to be undone. An import is kept however many acts followed it."""
    with db.write():
        db.execute("DELETE FROM acts WHERE at < ?", now - settings.undo_days * DAY_SECONDS)
        db.execute(
            "DELETE FROM acts WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER "
            "(PARTITION BY user_id ORDER BY id DESC) AS place FROM acts WHERE job_id IS NULL) AS numbered "
            "WHERE place > ?)",
            settings.undo_acts,
        )


def _deed(row: db.Row) -> Deed:
    return Deed._make((*row[:6], bool(row[6])))


def _act(user_id: int, act_id: int) -> Deed:
    found = db.row(f"SELECT {_COLUMNS} FROM acts WHERE user_id = ? AND id = ?", user_id, act_id)
    if found is None:
        raise NotFound("There is no such change, or it is too old to be undone.")
    return _deed(found)


def _undoable(user_id: int, act_id: int | None) -> Deed:
    if act_id is None:
        act_id = db.value(
            "SELECT id FROM acts WHERE user_id = ? AND NOT undone AND undoes_id IS NULL "
            "ORDER BY id DESC LIMIT 1",
            user_id,
        )
        if act_id is None:
            raise NotFound("There is nothing to undo.")
    act = _act(user_id, act_id)
    if act.undone:
        raise Conflict(f"“{act.what}” is undone already.")
    return act


class _Reversal:
    """A recorded change backwards."""

    def __init__(self, shelf: Shelf, movie_id: int, before: Row | None, after: Row | None) -> None:
        self.shelf = shelf
        self.movie_id = movie_id
        self._before = before
        self._after = after
        self.was_changed_since = False

    @property
    def place(self) -> Place:
        row: Row = self._after or self._before or {}
        return (self.movie_id, *(row[name] for name in self.shelf.key))

    def outcome(self, row: Row | None, now: int) -> Row | None:
        if self._content(row) != self._content(self._after):
            self.was_changed_since = True
            return row
        return self._before

    def _content(self, row: Row | None) -> Any:
        # Not the id: a row taken away and brought back has another one where its own was given away.
        return None if row is None else [row[name] for name in self.shelf.columns]


def _recorded(act_id: int) -> Iterator[list[_Reversal]]:
    """The changes of an act, last first."""
    below = 2**63 - 1
    while found := db.rows(
        "SELECT id, shelf, movie_id, before, after FROM changes WHERE act_id = ? AND id < ? "
        "ORDER BY id DESC LIMIT ?",
        act_id,
        below,
        BATCH,
    ):
        below = found[-1][0]
        yield [
            _Reversal(shelf, movie_id, _row(shelf, before), _row(shelf, after))
            for shelf, movie_id, before, after in ((SHELVES[name], *rest) for _, name, *rest in found)
        ]


def _row(shelf: Shelf, image: str | None) -> Row | None:
    """A recorded row; columns that came later have their defaults."""
    return None if image is None else {**shelf.defaults, **json.loads(image)}
