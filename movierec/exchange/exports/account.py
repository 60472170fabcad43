"""Records of a user's account for export, in an order that depends only on their content.

Rows are read in pages by id, so that memory does not grow with the account, and within one `db.snapshot`, so that
they are consistent.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any, TypeAlias

from movierec import db, movies
from movierec.exchange.exports.layout import EXTERNAL_IDS, KINDS, MOVIE_COLUMNS, PROFILE, RecordKind

# A record as it is written; `film` holds the fields of its movie.
ExportRecord: TypeAlias = dict[str, Any]

PAGE_ROWS = 500

_JOIN_MOVIE = "JOIN movies ON movies.id = {table}.movie_id LEFT JOIN own_ids ON own_ids.movie_id = movies.id"


def assign_movierec_ids(user_id: int) -> None:
    """Assign movierec ids to movies without external ids. Runs before the snapshot, because it may write."""
    movie_ids: set[int] = set()
    for kind in KINDS:
        rows = db.rows(
            f"SELECT DISTINCT movies.id FROM {kind.table} {_JOIN_MOVIE.format(table=kind.table)} "
            f"WHERE {kind.table}.user_id = ? AND own_ids.own_id IS NULL AND movies.imdb_id IS NULL "
            "AND movies.tmdb_id IS NULL AND movies.movielens_id IS NULL",
            user_id,
        )
        movie_ids.update(movie_id for (movie_id,) in rows)
    if movie_ids:
        with db.write():
            movies.assign_movierec_ids(movie_ids)


def read_profile(user_id: int) -> ExportRecord:
    """Return the user's profile by field name."""
    row = db.row(
        f"SELECT {', '.join(field.expression for field in PROFILE)} FROM profiles WHERE user_id = ?", user_id
    )
    assert row is not None
    return {field.name: field.to_json(value) for field, value in zip(PROFILE, row, strict=True)}


def read_records(kind: RecordKind, user_id: int) -> Iterator[ExportRecord]:
    """Yield all records of one kind, the oldest first: `film`, then the fields."""
    columns = [*MOVIE_COLUMNS.values(), *(field.expression for field in kind.fields)]
    select = (
        f"SELECT {kind.table}.id, {', '.join(columns)} FROM {kind.table} "
        f"{_JOIN_MOVIE.format(table=kind.table)} WHERE {kind.table}.id IN (%s)"
    )
    for page in db.batches(_in_order(kind, user_id), PAGE_ROWS):
        rows = {row[0]: row[1:] for row in db.rows(select % db.placeholders(page), *page)}
        for row_id in page:
            yield _to_record(kind, rows[row_id])


def _in_order(kind: RecordKind, user_id: int) -> array[int]:
    """Return the ids of a user's rows in export order, which must be the same on every server."""
    order = [
        f"{kind.table}.created_at",
        db.bytewise("movies.title"),
        "COALESCE(movies.year, 0)",
        *(db.bytewise(f"COALESCE(CAST({column} AS TEXT), '')") for column in MOVIE_COLUMNS.values()),
        *map(db.bytewise, kind.tie),
    ]
    cursor = db.execute(
        f"SELECT {kind.table}.id FROM {kind.table} {_JOIN_MOVIE.format(table=kind.table)} "
        f"WHERE {kind.table}.user_id = ? {kind.where} ORDER BY {', '.join(order)}",
        user_id,
    )
    return array("q", (row_id for (row_id,) in cursor))


def _to_record(kind: RecordKind, row: db.Row) -> ExportRecord:
    movie = dict(zip(MOVIE_COLUMNS, row, strict=False))
    if any(movie[name] for name in EXTERNAL_IDS):
        del movie["movierec_id"]
    record: ExportRecord = {"film": {name: value for name, value in movie.items() if value not in (None, "")}}
    for field, value in zip(kind.fields, row[len(MOVIE_COLUMNS) :], strict=True):
        record[field.name] = field.to_json(value)
    return record
