"""The database handle: which database this process uses, and one connection per thread."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import peewee

from movierec.config import Settings

database = peewee.DatabaseProxy()


class BaseModel(peewee.Model):
    """Base class of all models. Times are UTC epoch seconds; JSON is text."""

    class Meta:
        database = database
        # Legacy names make index names collide, and PostgreSQL then drops a UNIQUE constraint silently.
        legacy_table_names = False


class _OffTheEventLoop:
    """Refuses queries on an event loop, where they would block every other request."""

    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        if asyncio._get_running_loop() is not None:
            raise RuntimeError("A query on the event loop: run it through the database threads.")
        return super().execute_sql(*args, **kwargs)  # type: ignore[misc]


class _Sqlite(_OffTheEventLoop, peewee.SqliteDatabase):
    pass


class _Postgres(_OffTheEventLoop, peewee.PostgresqlDatabase):
    pass


def connect(settings: Settings) -> None:
    """Choose the database of this process. Each thread opens its connection on first use."""
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
    """Tell if this thread is inside a transaction."""
    return bool(database.in_transaction())
