"""Hand-written statements with `?` placeholders, on either database; and reading their errors."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import peewee

from movierec.db.handle import database, is_postgres

Value = TypeVar("Value")
Row = tuple[Any, ...]


@functools.lru_cache(maxsize=1024)
def _dialect(sql: str, postgres: bool) -> str:
    """Translate `?` to the driver's placeholder; no literal in a statement contains one."""
    return sql.replace("%", "%%").replace("?", "%s") if postgres else sql


def execute(sql: str, *params: object) -> Any:
    """Run a statement written with `?` placeholders and return its cursor (rowcount, fetchall)."""
    return database.execute_sql(_dialect(sql, is_postgres()), params)


def rows(sql: str, *params: object) -> list[Row]:
    """Return all rows of a statement."""
    cursor = execute(sql, *params)
    # SQLite executes the statement while rows are fetched, and commits at the last: that may fail too.
    with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
        return cursor.fetchall()  # type: ignore[no-any-return]


def row(sql: str, *params: object) -> Row | None:
    """Return the first row of a statement, or None."""
    cursor = execute(sql, *params)
    with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
        return cursor.fetchone()  # type: ignore[no-any-return]


def value(sql: str, *params: object) -> Any:
    """Return the first column of the first row, or None."""
    first = row(sql, *params)
    return first[0] if first else None


def stream(sql: str, *params: object, size: int = 2000) -> Iterator[Row]:
    """Yield the rows of a statement, `size` of them in memory at once. Call inside a transaction."""
    if not is_postgres():
        cursor = execute(sql, *params)
        while batch := cursor.fetchmany(size):
            yield from batch
        return
    execute(f"DECLARE streamed NO SCROLL CURSOR FOR {sql}", *params)
    while batch := rows(f"FETCH FORWARD {size} FROM streamed"):
        yield from batch
    execute("CLOSE streamed")


def bytewise(column: str) -> str:
    """Return an ORDER BY term that sorts text by code point on both databases, whatever the locale."""
    return f'{column} COLLATE "C"' if is_postgres() else f"{column} COLLATE BINARY"


def placeholders(values: Sequence[object]) -> str:
    """Return `?, ?, ?` for `IN (…)`; NULL, which equals no value, for an empty sequence."""
    return ", ".join("?" * len(values)) or "NULL"


def batches(values: Iterable[Value], size: int = 500) -> Iterator[list[Value]]:
    """Split `values` into lists no longer than the number of parameters that a statement may have."""
    source = iter(values)
    while batch := list(itertools.islice(source, size)):
        yield batch


def sqlstate(error: Exception) -> str:
    """Return PostgreSQL's code of an error, empty where there is none."""
    return getattr(error.__cause__ or error.__context__, "pgcode", None) or ""


def is_unique_violation(error: peewee.IntegrityError, column: str) -> bool:
    """Tell if `error` reports a duplicate value in `column`, on either database."""
    return re.search(rf"\b{column}\b", str(error)) is not None
