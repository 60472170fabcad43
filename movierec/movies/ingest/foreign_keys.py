"""Foreign keys that refer to movies, read from the database schema, and their redirection in a merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from movierec import db
from movierec.errors import ConfigurationError
from movierec.movies.models import MergeRule, Movie, StoredRow

# Tables whose rows are merged with the facts of their movie.
RELATED_TABLES = frozenset({"movie_titles", "movie_genres", "credits", "movie_keywords", "own_ids"})
# Maximum length of a text joined from those of two rows.
MAXIMUM_TEXT_LENGTH = 10_000


class ForeignKey(NamedTuple):
    """A column that refers to another table."""

    table: str
    column: str


class _Redirection(NamedTuple):
    """A foreign key, and the other columns of each unique key in which two movies' rows can collide."""

    key: ForeignKey
    unique_with: list[list[str]]


class MissingMergeRule(RuntimeError):
    """A merge that would need rules which no imported model declares; a fault of the program."""


def check_merge_rules() -> None:
    """Raise ConfigurationError if rows of a table could collide in a merge and no imported model has a rule.

    The error names the tables. Rules are registered by importing the modules of models.
    """
    if missing := _tables_without_rule(_redirections(), _rules()):
        raise ConfigurationError(_missing_text(missing))


def redirect_references(lost: int, kept: int) -> None:
    """Redirect all foreign keys from the movie `lost` to `kept`.

    Where both have a row and only one is allowed, the `MergeRule` of the table's model decides. Raises
    MissingMergeRule, before any change, where a table needs a rule and has none.
    """
    redirections, rules = _redirections(), _rules()
    if missing := _tables_without_rule(redirections, rules):
        # Losing rows silently would be worse than failing.
        raise MissingMergeRule(_missing_text(missing))
    for key, unique_with in redirections:
        for columns in unique_with:
            _merge_collisions(key, columns, rules[key.table], lost, kept)
        _redirect(key, lost, kept)


def _tables_without_rule(redirections: Sequence[_Redirection], rules: Mapping[str, MergeRule]) -> list[str]:
    return sorted({key.table for key, unique_with in redirections if unique_with and key.table not in rules})


def _missing_text(tables: Sequence[str]) -> str:
    return (
        f"Movies cannot be merged: no merge rule is known for {', '.join(tables)}. "
        "Import the module of each table's model, and give the model's Meta a merge_rule."
    )


def _redirections() -> list[_Redirection]:
    return [
        _Redirection(key, _unique_with(key))
        for key in _foreign_keys_to("movies")
        if key.table not in RELATED_TABLES
    ]


def _rules() -> dict[str, MergeRule]:
    """Return the merge rules of all imported models, by table."""
    models = Movie._meta.backrefs.values()
    return {
        model._meta.table_name: model._meta.merge_rule
        for model in models
        if hasattr(model._meta, "merge_rule")
    }


def _merge_collisions(key: ForeignKey, columns: Sequence[str], rule: MergeRule, lost: int, kept: int) -> None:
    """Merge each pair of rows of the two movies that are equal in `columns`, the rest of a unique key."""
    table, column = key
    same = " AND ".join(f"one.{name} = two.{name}" for name in columns) or "TRUE"
    pairs = db.rows(
        f"SELECT one.id, two.id FROM {table} AS one JOIN {table} AS two ON {same} "
        f"WHERE one.{column} = ? AND two.{column} = ?",
        kept,
        lost,
    )
    rows = _rows_by_id(table, [row_id for pair in pairs for row_id in pair])
    # Of equal weights the row of the movie that is kept survives.
    ranked = [sorted((rows[of_lost], rows[of_kept]), key=rule.weight) for of_kept, of_lost in pairs]
    for referring in _foreign_keys_to(table) if pairs else ():
        for loser, survivor in ranked:
            _redirect(referring, loser["id"], survivor["id"])
    for batch in db.batches([loser["id"] for loser, _ in ranked]):
        db.execute(f"DELETE FROM {table} WHERE id IN ({db.placeholders(batch)})", *batch)
    for loser, survivor in ranked:
        if changes := rule.merged_columns(survivor, loser, MAXIMUM_TEXT_LENGTH):
            assignments = ", ".join(f"{name} = ?" for name in changes)
            db.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", *changes.values(), survivor["id"])


def _rows_by_id(table: str, ids: Sequence[int]) -> dict[int, StoredRow]:
    rows: dict[int, StoredRow] = {}
    for batch in db.batches(ids):
        cursor = db.execute(f"SELECT * FROM {table} WHERE id IN ({db.placeholders(batch)})", *batch)
        names = [column[0] for column in cursor.description]
        rows.update((row[names.index("id")], dict(zip(names, row, strict=True))) for row in cursor)
    return rows


def _redirect(key: ForeignKey, lost: int, kept: int) -> None:
    table, column = key
    db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", kept, lost)


def _foreign_keys_to(table: str) -> list[ForeignKey]:
    """Return the columns whose foreign keys refer to the table."""
    if db.is_postgres():
        rows = db.rows(
            "SELECT CAST(CAST(conrelid AS regclass) AS text), attname FROM pg_constraint JOIN pg_attribute "
            "ON attrelid = conrelid AND attnum = conkey[1] "
            "WHERE contype = 'f' AND confrelid = CAST(? AS regclass) ORDER BY 1, 2",
            table,
        )
    else:
        rows = db.rows(
            'SELECT tables.name, "from" FROM sqlite_master AS tables, pragma_foreign_key_list(tables.name) AS keys '
            "WHERE tables.type = 'table' AND keys.\"table\" = ? ORDER BY 1, 2",
            table,
        )
    return [ForeignKey(*row) for row in rows]


def _unique_with(key: ForeignKey) -> list[list[str]]:
    """Return the other columns of each unique key that the referring column is part of."""
    if db.is_postgres():
        rows = db.rows(
            "SELECT indexrelid, attname FROM pg_index JOIN pg_attribute "
            "ON attrelid = indrelid AND attnum = ANY(indkey) "
            "WHERE indrelid = CAST(? AS regclass) AND indisunique ORDER BY indexrelid, attnum",
            key.table,
        )
    else:
        rows = db.rows(
            "SELECT keys.name, columns.name FROM pragma_index_list(?) AS keys, "
            'pragma_index_info(keys.name) AS columns WHERE keys."unique" ORDER BY keys.name, columns.seqno',
            key.table,
        )
    columns_by_index: dict[object, list[str]] = {}
    for index, column in rows:
        columns_by_index.setdefault(index, []).append(column)
    return [
        [column for column in columns if column != key.column]
        for columns in columns_by_index.values()
        if key.column in columns
    ]
