"""One act on what a user keeps: rows written, and each recorded in the journal as it was and as it is."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

import peewee

from movierec import db
from movierec.errors import Conflict, NotFound
from movierec.library.changes import LIBRARY_TABLES, LibraryTable, RowKey, RowValues

# A place, what was there, and what is there now.
RowTransition: TypeAlias = tuple[RowKey, RowValues | None, RowValues | None]


class RowChange(Protocol):
    """What shall become of a row of a shelf."""

    @property
    def shelf(self) -> LibraryTable: ...
    @property
    def place(self) -> RowKey: ...
    def outcome(self, row: RowValues | None, now: int) -> RowValues | None: ...


@contextlib.contextmanager
def library_transaction(user_id: int) -> Iterator[None]:
    """A transaction in which nobody else changes what this user keeps.

    Raises NotFound in place of the foreign key's error.
    """
    try:
        with db.write():
            if db.is_postgres():  # on SQLite there is one writer anyway
                db.execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", f"library of {user_id}")
            yield
    except peewee.IntegrityError as error:
        if _names_nothing(error):
            raise NotFound("There is no such movie.") from error
        raise


def _names_nothing(error: peewee.IntegrityError) -> bool:
    """Whether a foreign key was violated."""
    return db.sqlstate(error) == "23503" or "FOREIGN KEY" in str(error)


def make_way(begun: float) -> None:
    """Between two steps, the first of which began at this reading of the monotonic clock: let others write.

    SQLite's writers wait by looking in now and then, so half of the time nobody may be in.
    """
    if not (db.in_transaction() or db.is_postgres()):
        time.sleep(time.monotonic() - begun)


class JournalWriter:
    """One act on its way: writes rows and records each as it was and as it is."""

    def __init__(
        self,
        user_id: int,
        what: str,
        now: int,
        *,
        job_id: int | None = None,
        undoes: int | None = None,
        act_id: int | None = None,
        unrecorded: bool = False,
    ) -> None:
        """`act_id` goes on with an act that there is."""
        self.user_id = user_id
        self._now = now
        self._told = (what, job_id, undoes)
        self._unrecorded = unrecorded
        self._id = act_id
        self._counts: Counter[str] = Counter()

    @property
    def id(self) -> int | None:
        """None until something is changed."""
        return self._id

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows were `added`, `changed`, `removed` and the `same` already."""
        return self._counts

    def carry_out(self, intents: Sequence[RowChange]) -> None:
        """Change rows as intended, those of one place one after the other. Within `alone`."""
        for shelf in LIBRARY_TABLES.values():
            own = [intent for intent in intents if intent.shelf is shelf]
            if own:
                self._change(shelf, own)

    def try_out(self, intents: Sequence[RowChange]) -> None:
        """Count what `carry_out` would do, and do nothing. No place may come twice."""
        for shelf in LIBRARY_TABLES.values():
            own = [intent for intent in intents if intent.shelf is shelf]
            rows = _stored(shelf, self.user_id, {intent.place[0] for intent in own})
            for intent in own:
                row = rows.get(intent.place)
                self._counts[_kind_of(row, intent.outcome(row, self._now))] += 1

    def begin(self) -> int:
        """The id of the act, from its first change on."""
        if self._id is None:
            what, job_id, undoes = self._told
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

    def _change(self, shelf: LibraryTable, intents: Sequence[RowChange]) -> None:
        rows = _stored(shelf, self.user_id, {intent.place[0] for intent in intents})
        before: dict[RowKey, RowValues | None] = {}
        for intent in intents:
            row = rows.get(intent.place)
            wanted = intent.outcome(row, self._now)
            self._counts[_kind_of(row, wanted)] += 1
            if wanted is not row:
                before.setdefault(intent.place, row)
                rows[intent.place] = wanted
        written = [(place, was, rows[place]) for place, was in before.items() if was != rows[place]]
        if written:
            done = _written(shelf, self.user_id, written)
            if not self._unrecorded:
                self._record(shelf, done)

    def _record(self, shelf: LibraryTable, written: Sequence[RowTransition]) -> None:
        act_id = self.begin()
        sql = "UPDATE acts SET size = size + ? WHERE id = ? AND NOT undone RETURNING 1"
        if db.value(sql, len(written), act_id) is None:
            raise Conflict("It was undone before it was finished.")
        db.insert_many(
            "changes",
            ("act_id", "shelf", "movie_id", "before", "after"),
            [(act_id, shelf.table, place[0], _image(was), _image(row)) for place, was, row in written],
        )


def _kind_of(row: RowValues | None, wanted: RowValues | None) -> str:
    if wanted is row:
        return "same"
    return "added" if row is None else "removed" if wanted is None else "changed"


def _image(row: RowValues | None) -> str | None:
    return None if row is None else json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _stored(shelf: LibraryTable, user_id: int, movie_ids: Iterable[int]) -> dict[RowKey, RowValues | None]:
    """The user's rows of these films, by place."""
    names = ("id", *shelf.columns)
    found: dict[RowKey, RowValues | None] = {}
    for ids in db.batches(movie_ids):
        for movie_id, *values in db.rows(
            f"SELECT movie_id, {', '.join(names)} FROM {shelf.table} "
            f"WHERE user_id = ? AND movie_id IN ({db.placeholders(ids)})",
            user_id,
            *ids,
        ):
            row = dict(zip(names, values, strict=True))
            found[(movie_id, *(row[name] for name in shelf.key))] = row
    return found


def _written(shelf: LibraryTable, user_id: int, changes: Sequence[RowTransition]) -> list[RowTransition]:
    """Write what changed; answers with the rows as they are now, their ids in them."""
    _delete(shelf, [was["id"] for _, was, row in changes if was is not None and row is None])
    _update(shelf, user_id, [(place[0], row) for place, was, row in changes if was and row])
    new = {place: row for place, was, row in changes if was is None and row is not None}
    ids = _insert(shelf, user_id, new)
    done: list[RowTransition] = []
    for place, was, row in changes:
        if row is not None:
            row = {**row, "id": ids[place] if was is None else was["id"]}
        done.append((place, was, row))
    return done


def _delete(shelf: LibraryTable, ids: Sequence[int]) -> None:
    for some in db.batches(ids):
        db.execute(f"DELETE FROM {shelf.table} WHERE id IN ({db.placeholders(some)})", *some)


def _update(shelf: LibraryTable, user_id: int, rows: Sequence[tuple[int, RowValues]]) -> None:
    columns = ("user_id", "movie_id", *shelf.columns)
    values = [(user_id, movie_id, *(row[name] for name in shelf.columns)) for movie_id, row in rows]
    sets = ", ".join(f"{name} = excluded.{name}" for name in shelf.columns)
    for some in db.batches(values, 100):
        marks = ", ".join([f"({db.placeholders(columns)})"] * len(some))
        db.execute(
            f"INSERT INTO {shelf.table} ({', '.join(columns)}) VALUES {marks} "
            f"ON CONFLICT (user_id, movie_id{''.join(f', {name}' for name in shelf.key)}) DO UPDATE SET {sets}",
            *(value for row in some for value in row),
        )


def _insert(shelf: LibraryTable, user_id: int, new: dict[RowKey, RowValues]) -> dict[RowKey, int]:
    """Insert rows under the ids that they had once, where these are still free, or new ones."""
    former = {place: row["id"] for place, row in new.items() if "id" in row}
    taken = {
        number
        for some in db.batches(former.values())
        for (number,) in db.rows(f"SELECT id FROM {shelf.table} WHERE id IN ({db.placeholders(some)})", *some)
    }
    ids = {place: number for place, number in former.items() if number not in taken}
    _insert_with(shelf, user_id, new, ids)
    rest = [place for place in new if place not in ids]
    numbered = dict(zip(rest, db.allocate_ids(shelf.table, len(rest)), strict=True))
    _insert_with(shelf, user_id, new, numbered)
    return ids | numbered


def _insert_with(
    shelf: LibraryTable, user_id: int, new: dict[RowKey, RowValues], ids: dict[RowKey, int]
) -> None:
    if not ids:
        return
    db.insert_many(
        shelf.table,
        ("id", "user_id", "movie_id", *shelf.columns),
        [
            (number, user_id, place[0], *(new[place][name] for name in shelf.columns))
            for place, number in ids.items()
        ],
    )


def title_with_year(movie_id: int) -> str:
    """`Alien (1979)`, for the words of an act. Raises NotFound."""
    found: db.Row | None = db.row("SELECT title, year FROM movies WHERE id = ?", movie_id)
    if found is None:
        raise NotFound("There is no such movie.")
    title, year = found
    return f"{title} ({year})" if year else str(title)
