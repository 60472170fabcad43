"""Dump and load of tables as JSON Lines, identical for SQLite and PostgreSQL.

The first line of a table names its columns, each further one is a row. Bytes are `{"base64": …}`.

A backup holds all tables of all packages. `dump` and `restore` are the only modules of the daemon that name tables
of other packages in SQL: they copy rows as they are and know no rule about them but those of `set_sequences` and of
`restore`, which ends the jobs of a restored server.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator

from movierec import db

ROWS_A_BATCH = 5_000


def dump(table: str) -> Iterator[bytes]:
    """Yield the lines of a table. Call within a `db.snapshot`."""
    columns = [column.name for column in db.database.get_columns(table)]
    yield _encode_line({"columns": columns})
    for row in db.stream(f"SELECT {', '.join(columns)} FROM {table}"):
        yield _encode_line(row)


def load(table: str, lines: Iterable[bytes]) -> int:
    """Insert the lines of `dump` into an empty table and return the number of rows."""
    source = iter(lines)
    columns = json.loads(next(source))["columns"]
    count = 0
    for batch in db.batches((_decode_row(line) for line in source), ROWS_A_BATCH):
        db.insert_many(table, columns, batch)
        count += len(batch)
    return count


def set_sequences(tables: Iterable[str]) -> None:
    """Set PostgreSQL's sequences above all ids in use, also above ids of deleted rows that can come back.

    Those are jobs named by other rows, and rows of libraries in the journal, which an undo restores with their id.
    """
    if not db.is_postgres():
        return
    columns = {table: {column.name for column in db.database.get_columns(table)} for table in tables}
    highest = Counter({table: _highest_id("id", table) for table, names in columns.items() if "id" in names})
    for table in [table for table, names in columns.items() if "job_id" in names]:
        highest["jobs"] = max(highest["jobs"], _highest_id("job_id", table))
    for table, number in _highest_ids_in_journal() if "changes" in columns else ():
        highest[table] = max(highest[table], number)
    for table, number in highest.items():
        sql = "SELECT setval(pg_get_serial_sequence(?, 'id'), ?, ?)"
        db.execute(sql, table, max(number, 1), number > 0)


def _highest_id(column: str, table: str) -> int:
    return db.value(f"SELECT MAX({column}) FROM {table}") or 0


def _highest_ids_in_journal() -> list[db.Row]:
    """Return the tables of libraries with the highest id of a row in the journal."""
    # Within a JSON string this pattern cannot occur, because its quotes would be escaped.
    number = """MAX(CAST(SUBSTRING({} FROM '"id":([0-9]+)') AS BIGINT))"""
    return db.rows(
        f"SELECT shelf, GREATEST({number.format('before')}, {number.format('after')}, 0) "
        "FROM changes GROUP BY shelf"
    )


def _encode_line(document: object) -> bytes:
    return (
        json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_encode_bytes).encode()
        + b"\n"
    )


def _encode_bytes(value: bytes | memoryview) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode("ascii")}


def _decode_row(line: bytes) -> db.Row:
    return tuple(
        base64.b64decode(value["base64"]) if isinstance(value, dict) else value for value in json.loads(line)
    )
