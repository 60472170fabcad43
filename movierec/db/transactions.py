"""Transactions: write, read snapshot, retry after a deadlock or lost connection, and yielding to other writers."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import peewee

from movierec.db.handle import close, database, in_transaction, is_postgres
from movierec.db.statements import execute, sqlstate
from movierec.errors import DatabaseUnavailable, MovierecError, StorageFull

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

logger = logging.getLogger("movierec.db")

# Attempts at a unit of work that deadlocks every time.
MAXIMUM_ATTEMPTS = 4
# Longest pause between two transactions of long work.
MAXIMUM_YIELD_SECONDS = 0.02


class _ThreadState(threading.local):
    commits = 0
    # End of the last pause, on the monotonic clock.
    resumed_at = 0.0


_thread = _ThreadState()


@contextlib.contextmanager
def write(*, durable: bool = True) -> Iterator[None]:
    """Open a transaction, or join the one that is open: the outermost commits.

    BEGIN IMMEDIATE on SQLite, because a read-then-write in a plain BEGIN fails under concurrent writers.
    One that is not `durable` does not wait for the disk: a power failure moments later may lose it whole.
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
    """Turn off SQLite's wait for the disk, for this thread's connection; not possible inside a transaction."""
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
    """Read from one moment: commits of others meanwhile are not visible. Blocks nobody and writes nothing."""
    if is_postgres():
        begin = database.transaction(isolation_level="REPEATABLE READ")
    else:
        begin = database.transaction(lock_type="DEFERRED")
    with begin:
        yield


def yield_to_writers() -> None:
    """Pause between two transactions of long work, so that other writers get SQLite's lock.

    Writers that wait for it poll with growing intervals and would rarely hit the moment between two transactions
    that follow each other closely. Sleeps as long as this thread has worked since its last pause, at most
    MAXIMUM_YIELD_SECONDS. PostgreSQL queues its writers; inside a transaction a pause would only block longer.
    """
    if in_transaction() or is_postgres():
        return
    worked = time.monotonic() - _thread.resumed_at
    time.sleep(min(worked, MAXIMUM_YIELD_SECONDS))
    _thread.resumed_at = time.monotonic()


def run_with_retry(
    work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Run one unit of work, again after a lost connection or a deadlock unless something was committed.

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
                # Backoff: the other transaction must get its lock before this one asks for it again.
                time.sleep(0 if lost else attempt * random.uniform(0.01, 0.05))
                continue
            if _is_beyond_limits(error):
                raise
            raise _expected(error) from error
    raise AssertionError("unreachable")


def _was_deadlocked(error: Exception) -> bool:
    return sqlstate(error) == "40P01"


def _is_beyond_limits(error: Exception) -> bool:
    """Tell if a value exceeds a limit of PostgreSQL, such as the row size of an index: a retry cannot help."""
    return sqlstate(error).startswith("54")


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
    """Yield an error and its causes.

    On a full disk SQLite rolls back by itself: then the last error is that of the ROLLBACK after it.
    """
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
