"""Tables as JSON Lines and back, the same for SQLite and PostgreSQL: what a backup is made of.

The first line of a table names its columns, each further one is a row. Bytes are `{"base64": …}`.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from movierec import db

ROWS_A_BATCH = 5_000


def dump(table: str) -> Iterator[bytes]:
    """All rows of a table. Within a `db.snapshot`."""
    columns = [column.name for column in db.database.get_columns(table)]
    yield _line({"columns": columns})
    for row in db.stream(f"SELECT {', '.join(columns)} FROM {table}"):
        yield _line(row)


def load(table: str, lines: Iterable[bytes]) -> int:
    """Insert what `dump` gave into an empty table; returns the number of rows."""
    source = iter(lines)
    columns = json.loads(next(source))["columns"]
    count = 0
    for batch in db.batches((_row(line) for line in source), ROWS_A_BATCH):
        db.insert_many(table, columns, batch)
        count += len(batch)
    return count


def set_sequences(tables: Iterable[str]) -> None:
    """Let PostgreSQL number new rows above those that were loaded with their ids, and above what rows that are
    gone had: jobs that are still named, and what users kept, which undoing brings back under its own id."""
    if not db.is_postgres():
        return
    columns = {table: {column.name for column in db.database.get_columns(table)} for table in tables}
    highest = Counter({table: _highest("id", table) for table, names in columns.items() if "id" in names})
    for table in [table for table, names in columns.items() if "job_id" in names]:
        highest["jobs"] = max(highest["jobs"], _highest("job_id", table))
    for table, number in _kept_once() if "changes" in columns else ():
        highest[table] = max(highest[table], number)
    for table, number in highest.items():
        sql = "SELECT setval(pg_get_serial_sequence(?, 'id'), ?, ?)"
        db.execute(sql, table, max(number, 1), number > 0)


def _highest(column: str, table: str) -> int:
    return db.value(f"SELECT MAX({column}) FROM {table}") or 0


def _kept_once() -> list[db.Row]:
    """Tables with the highest id of a row that the journal knows."""
    # In JSON, this stands in no text: there its quotes would be escaped.
    number = """MAX(CAST(SUBSTRING({} FROM '"id":([0-9]+)') AS BIGINT))"""
    return db.rows(
        f"SELECT shelf, GREATEST({number.format('before')}, {number.format('after')}, 0) "
        "FROM changes GROUP BY shelf"
    )


def _line(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_bytes).encode() + b"\n"


def _bytes(value: bytes | memoryview) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode("ascii")}


def _row(line: bytes) -> db.Row:
    return tuple(
        base64.b64decode(value["base64"]) if isinstance(value, dict) else value for value in json.loads(line)
    )
