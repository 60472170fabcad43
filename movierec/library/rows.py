"""Reading and writing many rows of a user in one library table, by hand-written statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from movierec import db
from movierec.library.changes import LibraryTable, RowKey, RowValues

# A key, the row before and the row after.
RowTransition: TypeAlias = tuple[RowKey, RowValues | None, RowValues | None]


def stored_rows(
    table: LibraryTable, user_id: int, movie_ids: Iterable[int]
) -> dict[RowKey, RowValues | None]:
    """Return the user's rows of these movies, by key."""
    names = ("id", *table.columns)
    rows: dict[RowKey, RowValues | None] = {}
    for ids in db.batches(movie_ids):
        for movie_id, *values in db.rows(
            f"SELECT movie_id, {', '.join(names)} FROM {table.name} "
            f"WHERE user_id = ? AND movie_id IN ({db.placeholders(ids)})",
            user_id,
            *ids,
        ):
            row = dict(zip(names, values, strict=True))
            rows[RowKey(movie_id, tuple(row[name] for name in table.key))] = row
    return rows


def write_rows(
    table: LibraryTable, user_id: int, transitions: Sequence[RowTransition]
) -> list[RowTransition]:
    """Write changed rows. Return the transitions with the ids of the stored rows."""
    _delete(table, [old["id"] for _, old, new in transitions if old is not None and new is None])
    _upsert(table, user_id, [(key.movie_id, new) for key, old, new in transitions if old and new])
    added = {key: new for key, old, new in transitions if old is None and new is not None}
    ids = _insert(table, user_id, added)
    stored: list[RowTransition] = []
    for key, old, new in transitions:
        if new is not None:
            new = {**new, "id": ids[key] if old is None else old["id"]}
        stored.append((key, old, new))
    return stored


def _delete(table: LibraryTable, ids: Sequence[int]) -> None:
    for batch in db.batches(ids):
        db.execute(f"DELETE FROM {table.name} WHERE id IN ({db.placeholders(batch)})", *batch)


def _upsert(table: LibraryTable, user_id: int, rows: Sequence[tuple[int, RowValues]]) -> None:
    columns = ("user_id", "movie_id", *table.columns)
    values = [(user_id, movie_id, *(row[name] for name in table.columns)) for movie_id, row in rows]
    sets = ", ".join(f"{name} = excluded.{name}" for name in table.columns)
    for batch in db.batches(values, 100):
        marks = ", ".join([f"({db.placeholders(columns)})"] * len(batch))
        db.execute(
            f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {marks} "
            f"ON CONFLICT (user_id, movie_id{''.join(f', {name}' for name in table.key)}) DO UPDATE SET {sets}",
            *(value for row in batch for value in row),
        )


def _insert(table: LibraryTable, user_id: int, rows: dict[RowKey, RowValues]) -> dict[RowKey, int]:
    """Insert rows under their former ids where these are still free, otherwise under new ones."""
    former = {key: row["id"] for key, row in rows.items() if "id" in row}
    taken = {
        row_id
        for batch in db.batches(former.values())
        for (row_id,) in db.rows(
            f"SELECT id FROM {table.name} WHERE id IN ({db.placeholders(batch)})", *batch
        )
    }
    restored = {key: row_id for key, row_id in former.items() if row_id not in taken}
    _insert_with_ids(table, user_id, rows, restored)
    others = [key for key in rows if key not in restored]
    allocated = dict(zip(others, db.allocate_ids(table.name, len(others)), strict=True))
    _insert_with_ids(table, user_id, rows, allocated)
    return restored | allocated


def _insert_with_ids(
    table: LibraryTable, user_id: int, rows: dict[RowKey, RowValues], ids: dict[RowKey, int]
) -> None:
    if not ids:
        return
    db.insert_many(
        table.name,
        ("id", "user_id", "movie_id", *table.columns),
        [
            (row_id, user_id, key.movie_id, *(rows[key][name] for name in table.columns))
            for key, row_id in ids.items()
        ],
    )
