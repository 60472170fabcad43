"""What refers to a film, as the database itself knows it: no table is forgotten when a film gives way to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from movierec import db
from movierec.movies.models import MergeRule, Movie

# A film's own parts, which are merged with its facts.
RELATED_TABLES = frozenset({"movie_titles", "movie_genres", "credits", "movie_keywords", "own_ids"})
# What the longest of texts may have.
MAXIMUM_TEXT_LENGTH = 10_000


class ForeignKey(NamedTuple):
    table: str
    column: str


def redirect_references(lost: int, kept: int) -> None:
    """Let everything that refers to the film `lost` refer to `kept`.

    Where a user has a row for each and may have only one, the table's model says what becomes of the two.
    """
    rules = _rules()
    for reference in _references_to("movies"):
        if reference.table in RELATED_TABLES:
            continue
        for others in _unique_with(reference):
            _unite(reference, others, rules[reference.table], lost, kept)
        _refer(reference, lost, kept)


def _rules() -> dict[str, MergeRule]:
    """By table. A table whose model says nothing is not in it: to lose rows silently would be worse than to fail."""
    models = Movie._meta.backrefs.values()
    return {
        model._meta.table_name: model._meta.when_merged
        for model in models
        if hasattr(model._meta, "when_merged")
    }


def _unite(reference: ForeignKey, others: Sequence[str], rule: MergeRule, lost: int, kept: int) -> None:
    """Make one row of each two that differ only in their film."""
    table, column = reference
    same = " AND ".join(f"one.{name} = two.{name}" for name in others) or "TRUE"
    pairs = db.rows(
        f"SELECT one.id, two.id FROM {table} AS one JOIN {table} AS two ON {same} "
        f"WHERE one.{column} = ? AND two.{column} = ?",
        kept,
        lost,
    )
    rows = _rows_of(table, [row_id for pair in pairs for row_id in pair])
    # Of two that weigh the same the one of the film that is kept.
    decided = [sorted((rows[theirs], rows[ours]), key=rule.weight) for ours, theirs in pairs]
    for referring in _references_to(table) if pairs else ():
        for goes, stays in decided:
            _refer(referring, goes["id"], stays["id"])
    for batch in db.batches([goes["id"] for goes, _ in decided]):
        db.execute(f"DELETE FROM {table} WHERE id IN ({db.placeholders(batch)})", *batch)
    for goes, stays in decided:
        if changes := rule.united(stays, goes, MAXIMUM_TEXT_LENGTH):
            assignments = ", ".join(f"{name} = ?" for name in changes)
            db.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", *changes.values(), stays["id"])


def _rows_of(table: str, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for batch in db.batches(ids):
        cursor = db.execute(f"SELECT * FROM {table} WHERE id IN ({db.placeholders(batch)})", *batch)
        names = [column[0] for column in cursor.description]
        found.update((row[names.index("id")], dict(zip(names, row, strict=True))) for row in cursor)
    return found


def _refer(reference: ForeignKey, lost: int, kept: int) -> None:
    table, column = reference
    db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", kept, lost)


def _references_to(table: str) -> list[ForeignKey]:
    """The columns whose foreign keys name the table."""
    if db.is_postgres():
        found = db.rows(
            "SELECT CAST(CAST(conrelid AS regclass) AS text), attname FROM pg_constraint JOIN pg_attribute "
            "ON attrelid = conrelid AND attnum = conkey[1] "
            "WHERE contype = 'f' AND confrelid = CAST(? AS regclass) ORDER BY 1, 2",
            table,
        )
    else:
        found = db.rows(
            'SELECT tables.name, "from" FROM sqlite_master AS tables, pragma_foreign_key_list(tables.name) AS keys '
            "WHERE tables.type = 'table' AND keys.\"table\" = ? ORDER BY 1, 2",
            table,
        )
    return [ForeignKey(*row) for row in found]


def _unique_with(reference: ForeignKey) -> list[list[str]]:
    """The other columns of each unique key that the referring column is part of."""
    if db.is_postgres():
        found = db.rows(
            "SELECT indexrelid, attname FROM pg_index JOIN pg_attribute "
            "ON attrelid = indrelid AND attnum = ANY(indkey) "
            "WHERE indrelid = CAST(? AS regclass) AND indisunique ORDER BY indexrelid, attnum",
            reference.table,
        )
    else:
        found = db.rows(
            "SELECT keys.name, columns.name FROM pragma_index_list(?) AS keys, "
            'pragma_index_info(keys.name) AS columns WHERE keys."unique" ORDER BY keys.name, columns.seqno',
            reference.table,
        )
    keys: dict[Any, list[str]] = {}
    for key, column in found:
        keys.setdefault(key, []).append(column)
    return [
        [column for column in key if column != reference.column]
        for key in keys.values()
        if reference.column in key
    ]
