"""The database behind one handle: SQLite or PostgreSQL, transactions, hand-written statements, migrations.

Everything here is synchronous and runs in a database thread, one connection a thread; a query on an
event loop is refused. Models live with their subject.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import importlib.util
import io
import itertools
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import peewee
from playhouse.migrations import Runner

from movierec.config import Settings
from movierec.errors import ConfigurationError, DatabaseUnavailable, MovierecError, StorageFull

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Value = TypeVar("Value")
Row = tuple[Any, ...]

logger = logging.getLogger("movierec.db")

database = peewee.DatabaseProxy()

# Any constant will do, as long as every version of movierec uses the same one.
MIGRATION_LOCK = 0x6D6F7669


class BaseModel(peewee.Model):
    """Base of every model. Times are UTC epoch seconds; JSON is text."""

    class Meta:
        database = database
        # Legacy names make index names collide, and PostgreSQL then drops a UNIQUE without a word.
        legacy_table_names = False


class _OffTheEventLoop:
    """Refuses queries where they would stop every other request."""

    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        if asyncio._get_running_loop() is not None:
            raise RuntimeError("A query on the event loop: run it through the database threads.")
        return super().execute_sql(*args, **kwargs)  # type: ignore[misc]


class _Sqlite(_OffTheEventLoop, peewee.SqliteDatabase):
    pass


class _Postgres(_OffTheEventLoop, peewee.PostgresqlDatabase):
    pass


class _ThreadState(threading.local):
    commits = 0


_thread = _ThreadState()


def connect(settings: Settings) -> None:
    """Choose the database of this process. Connections open by themselves, one a thread."""
    url = settings.database_url
    timeout = settings.database.busy_timeout_seconds
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pragmas = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "cache_size": -32_000}
        database.initialize(_Sqlite(str(path), pragmas=pragmas, timeout=timeout, lock_type="IMMEDIATE"))
        return
    statement_ms = round(settings.database.statement_timeout_seconds * 1000)
    options = (
        f"-c statement_timeout={statement_ms} -c lock_timeout={round(timeout * 1000)} "
        "-c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
    )
    database.initialize(
        _Postgres(url, connect_timeout=5, options=options, application_name="movierec", keepalives_idle=30)
    )


def close() -> None:
    """Close the connection of this thread."""
    if database.obj is not None and not database.is_closed():
        database.close()


def is_postgres() -> bool:
    return isinstance(database.obj, _Postgres)


def in_transaction() -> bool:
    """Whether this thread is within a transaction."""
    return bool(database.in_transaction())


@contextlib.contextmanager
def write(*, durable: bool = True) -> Iterator[None]:
    """One transaction. Inside another one it joins it: the outermost decides.

    BEGIN IMMEDIATE on SQLite, because a read-then-write in a plain BEGIN fails under concurrent writers.
    One that is not `durable` does not wait for the disk: power failing within a moment may undo it whole.
    """
    if in_transaction():
        yield
        return
    with contextlib.nullcontext() if durable else _without_waiting(), database.atomic():
        if not durable and is_postgres():
            execute("SET LOCAL synchronous_commit = off")
        yield
        # From here on the commit may have happened: the unit of work must not be run again.
        _thread.commits += 1


@contextlib.contextmanager
def _without_waiting() -> Iterator[None]:
    """SQLite is told outside of the transaction, for the connection of this thread."""
    if is_postgres():
        yield
        return
    execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        execute("PRAGMA synchronous = FULL")


@contextlib.contextmanager
def snapshot() -> Iterator[None]:
    """Reads of one moment: what others commit meanwhile is not seen. Nobody waits for it, nothing is written."""
    if is_postgres():
        begin = database.transaction(isolation_level="REPEATABLE READ")
    else:
        begin = database.transaction(lock_type="DEFERRED")
    with begin:
        yield


def run_with_retry(
    work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Run one unit of work; again if, before anything was committed, its connection had died or PostgreSQL
    undid it, because it and another one waited for each other.

    Raises DatabaseUnavailable or StorageFull in place of the driver's errors.
    """
    commits = _thread.commits
    for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
        try:
            return work(*args, **kwargs)
        except (peewee.OperationalError, peewee.InterfaceError) as error:
            lost = is_postgres() and not _alive()
            if lost:
                close()
            again = (lost and attempt == 1) or (_was_deadlocked(error) and attempt < MAXIMUM_ATTEMPTS)
            if again and _thread.commits == commits:
                # The other one must get what it waits for before it is asked for anew.
                time.sleep(0 if lost else attempt * random.uniform(0.01, 0.05))
                continue
            if _is_beyond_limits(error):
                raise
            raise _expected(error) from error
    raise AssertionError("unreachable")


# Of a unit of work that others always get ahead of.
MAXIMUM_ATTEMPTS = 4


def _was_deadlocked(error: Exception) -> bool:
    return sqlstate(error) == "40P01"


def _is_beyond_limits(error: Exception) -> bool:
    """Whether PostgreSQL cannot take what it was given, such as a row too large for an index: it never will."""
    return sqlstate(error).startswith("54")


def sqlstate(error: Exception) -> str:
    """PostgreSQL's code of an error, empty where there is none."""
    return getattr(error.__cause__ or error.__context__, "pgcode", None) or ""


def _alive() -> bool:
    try:
        return bool(database.connection().closed == 0) and not database.is_closed()
    except peewee.PeeweeException:
        return False


def _expected(error: Exception) -> MovierecError:
    text = "\n".join(map(str, _with_causes(error))).lower()
    if "disk is full" in text or "no space left" in text or "disk i/o error" in text:
        return StorageFull(retry_after_seconds=60)
    logger.warning("database unavailable: %s", type(error).__name__)
    return DatabaseUnavailable(retry_after_seconds=2)


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    """SQLite ends a transaction itself where the disk is full: then the last error is that nothing is left to end."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@functools.lru_cache(maxsize=1024)
def _dialect(sql: str, postgres: bool) -> str:
    """Statements are written with `?`; no literal in them contains one."""
    return sql.replace("%", "%%").replace("?", "%s") if postgres else sql


def execute(sql: str, *params: Any) -> Any:
    """Run a statement written with `?` placeholders and return its cursor (rowcount, fetchall)."""
    return database.execute_sql(_dialect(sql, is_postgres()), params)


def rows(sql: str, *params: Any) -> list[Row]:
    found = execute(sql, *params)
    # SQLite goes on with the statement while rows are fetched, and commits at the last: that may fail too.
    with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
        return found.fetchall()  # type: ignore[no-any-return]


def row(sql: str, *params: Any) -> Row | None:
    found = execute(sql, *params)
    with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
        return found.fetchone()  # type: ignore[no-any-return]


def value(sql: str, *params: Any) -> Any:
    """The first column of the first row, or None."""
    found = row(sql, *params)
    return found[0] if found else None


def stream(sql: str, *params: Any, size: int = 2000) -> Iterator[Row]:
    """The rows of a statement, `size` of them in memory at once. Within a transaction."""
    if not is_postgres():
        cursor = execute(sql, *params)
        while found := cursor.fetchmany(size):
            yield from found
        return
    execute(f"DECLARE streamed NO SCROLL CURSOR FOR {sql}", *params)
    while found := rows(f"FETCH FORWARD {size} FROM streamed"):
        yield from found
    execute("CLOSE streamed")


def insert_many(table: str, columns: Sequence[str], values: Iterable[Row]) -> None:
    """Insert rows in bulk: COPY on PostgreSQL, ten times faster there than INSERT."""
    names = ", ".join(columns)
    if not is_postgres():
        marks = f"({placeholders(columns)})"
        # Many rows a statement: half the time, and a fraction where triggers index them.
        for batch in batches(values, 2000 // len(columns)):
            sql = f"INSERT INTO {table} ({names}) VALUES {', '.join([marks] * len(batch))}"
            database.execute_sql(sql, list(itertools.chain.from_iterable(batch)))
        return
    lines = io.StringIO()
    lines.writelines("\t".join(map(_copied, row)) + "\n" for row in values)
    lines.seek(0)
    # As execute_sql does: peewee's errors in place of the driver's.
    with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
        database.cursor().copy_expert(f"COPY {table} ({names}) FROM STDIN", lines)


_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copied(value: Any) -> str:
    """A value in COPY's text format."""
    if isinstance(value, bytes):
        value = f"\\x{value.hex()}"
    return "\\N" if value is None else str(value).translate(_COPY_ESCAPES)


@contextlib.contextmanager
def deferred_indexes(*tables: str) -> Iterator[None]:
    """Fill empty tables within a transaction: indexes and foreign keys are built at once behind it.

    Row by row they take three quarters of the time of a first load.
    """
    removed = [statements for table in tables for statements in _rebuilding(table)]
    for drop, _ in removed:
        execute(drop)
    yield
    for _, build in reversed(removed):
        execute(build)
    if is_postgres():
        execute(f"ANALYZE {', '.join(tables)}")  # or the planner knows nothing of them for a minute


def _rebuilding(table: str) -> list[Row]:
    """Pairs of statements that remove and build the foreign keys and indexes of a table."""
    if not is_postgres():
        return rows(
            "SELECT 'DROP INDEX ' || name, sql FROM sqlite_master "
            "WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
            table,
        )
    of_this = "= CAST(? AS regclass)"
    return rows(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), "
        "format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) "
        f"FROM pg_constraint WHERE contype = 'f' AND conrelid {of_this} "
        "UNION ALL SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid) "
        f"FROM pg_index WHERE indrelid {of_this} "
        "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)",
        table,
        table,
    )


def bytewise(column: str) -> str:
    """A text column to order by, the same in every database: by code point, whatever the locale."""
    return f'{column} COLLATE "C"' if is_postgres() else f"{column} COLLATE BINARY"


def placeholders(values: Sequence[Any]) -> str:
    """`?, ?, ?` for `IN (…)`; NULL for nothing, which no value equals."""
    return ", ".join("?" * len(values)) or "NULL"


def batches(values: Iterable[Value], size: int = 500) -> Iterator[list[Value]]:
    """`values` in lists no longer than a statement may have parameters."""
    source = iter(values)
    while batch := list(itertools.islice(source, size)):
        yield batch


def allocate_ids(table: str, count: int, *, above: int = 0) -> list[int]:
    """Ids nobody else will get, for rows inserted in bulk within this transaction.

    Ids up to `above` were given out before, whether or not their rows are still there.
    """
    if count == 0:
        return []
    if is_postgres():
        return [row[0] for row in rows(f"SELECT nextval('{table}_id_seq') FROM generate_series(1, ?)", count)]
    # Nobody else writes before this transaction ends.
    highest = max(value(f"SELECT MAX(id) FROM {table}") or 0, above)
    return list(range(highest + 1, highest + 1 + count))


# Migrations


def migrations_directory() -> Path:
    """Inside the package when installed, beside it in a checkout."""
    spec = importlib.util.find_spec("movierec")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def _runner() -> Runner:
    return Runner(database.obj, str(migrations_directory()), table_name="schema_migrations")


def pending_migrations() -> list[str]:
    """Names of the migrations not applied yet, in order. Raises ConfigurationError on a newer schema."""
    status = _runner().status()
    unknown = [m.name for m in status if m.path is None]
    if unknown:
        raise ConfigurationError(
            f"The database was migrated by a newer movierec ({', '.join(unknown)}). Install that version."
        )
    numbers = [m.idx for m in status]
    if len(set(numbers)) != len(numbers):
        raise ConfigurationError(
            "Two migrations have the same number: this installation of movierec is broken."
        )
    return [m.name for m in status if m.applied is None]


def applied_migrations() -> list[str]:
    """Names of the migrations applied, in order."""
    return [m.name for m in _runner().status() if m.applied is not None]


def available_migrations() -> list[str]:
    """Names of the migrations that this version has, in order."""
    return sorted(path.stem for path in migrations_directory().glob("[0-9]*.py"))


def data_tables() -> list[str]:
    """The tables that data is kept in; not those which the database itself derives for searching."""
    return [
        name
        for name in sorted(database.get_tables())
        if name != "schema_migrations" and not name.startswith("title_search")
    ]


def migrate(target: str | None = None) -> list[str]:
    """Apply pending migrations, up to `target` if given; daemons starting together wait for each other."""
    with _migration_lock():
        return _runner().up(target) if pending_migrations() else []


def recreate_schema(target: str) -> None:
    """An empty schema as of migration `target`, whatever there was. Within a transaction that decides."""
    runner = _runner()
    if is_postgres():
        execute("SET LOCAL statement_timeout = 0")
        execute("SELECT pg_advisory_xact_lock(?)", MIGRATION_LOCK)
    if applied := applied_migrations():
        pending_migrations()  # raises where a newer movierec would have to take its own back
        runner.down(applied[0])
    runner.up(target)
    for table in data_tables():
        execute(f"DELETE FROM {table}")  # what migrations fill


def migrate_in_transaction() -> None:
    """Apply pending migrations within the transaction of `start_over`."""
    _runner().up()


def migrate_down(target: str) -> list[str]:
    """Revert every migration back through `target`."""
    with _migration_lock():
        return _runner().down(target)  # type: ignore[no-any-return]


@contextlib.contextmanager
def _migration_lock() -> Iterator[None]:
    if is_postgres():
        execute("SET lock_timeout = 0")
        execute("SET statement_timeout = 0")
        execute("SELECT pg_advisory_lock(?)", MIGRATION_LOCK)
        try:
            yield
        finally:
            execute("SELECT pg_advisory_unlock(?)", MIGRATION_LOCK)
            close()  # the next connection has its timeouts again
        return
    path = database.obj.database
    with open(f"{path}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def increment_revision(name: str) -> int:
    """Count up a named revision; readers compare it to know that what they hold is stale."""
    return int(
        value(
            "INSERT INTO revisions (name, value) VALUES (?, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = revisions.value + 1 RETURNING value",
            name,
        )
    )


def revision(name: str) -> int:
    return int(value("SELECT value FROM revisions WHERE name = ?", name) or 0)


class Revision(BaseModel):
    """How often something shared has changed: `catalogue`, `starter`, `community`."""

    name = peewee.TextField(primary_key=True)
    value = peewee.BigIntegerField()

    class Meta:
        table_name = "revisions"


def is_unique_violation(error: peewee.IntegrityError, column: str) -> bool:
    """Whether `error` says that `column` holds that value already, on either database."""
    return re.search(rf"\b{column}\b", str(error)) is not None
