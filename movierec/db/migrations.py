"""Migrations: numbered, up and down, applied under a lock that daemons share."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from playhouse.migrations import Runner

from movierec.db.handle import close, database, is_postgres
from movierec.db.statements import execute
from movierec.errors import ConfigurationError

# Any constant will do, as long as every version of movierec uses the same one.
MIGRATION_LOCK = 0x6D6F7669


def migrations_directory() -> Path:
    """Return the folder of migrations: inside the package when installed, beside it in a checkout."""
    spec = importlib.util.find_spec("movierec")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def _runner() -> Runner:
    return Runner(database.obj, str(migrations_directory()), table_name="schema_migrations")


def pending_migrations() -> list[str]:
    """Return the names of migrations not applied yet, in order. Raises ConfigurationError on a newer schema."""
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
    """Return the names of applied migrations, in order."""
    return [m.name for m in _runner().status() if m.applied is not None]


def available_migrations() -> list[str]:
    """Return the names of the migrations of this version, in order."""
    return sorted(path.stem for path in migrations_directory().glob("[0-9]*.py"))


def data_tables() -> list[str]:
    """Return the tables that hold data, without those that the database derives for its search index."""
    return [
        name
        for name in sorted(database.get_tables())
        if name != "schema_migrations" and not name.startswith("title_search")
    ]


def migrate(target: str | None = None) -> list[str]:
    """Apply pending migrations, up to `target` if given. A lock serialises daemons that start together."""
    with _migration_lock():
        return _runner().up(target) if pending_migrations() else []


def recreate_schema(target: str) -> None:
    """Replace the schema by an empty one as of migration `target`. Call inside a transaction."""
    runner = _runner()
    if is_postgres():
        execute("SET LOCAL statement_timeout = 0")
        execute("SELECT pg_advisory_xact_lock(?)", MIGRATION_LOCK)
    if applied := applied_migrations():
        pending_migrations()  # raises where only a newer movierec could revert its own
        runner.down(applied[0])
    runner.up(target)
    for table in data_tables():
        execute(f"DELETE FROM {table}")  # rows that migrations insert


def migrate_in_transaction() -> None:
    """Apply pending migrations inside the transaction of `recreate_schema`."""
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
