"""The threads synchronous work runs in: database readers and writer, password hashing."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from movierec import db
from movierec.config import Settings
from movierec.errors import Busy

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class ThreadPools:
    """SQLite: one writer, a few readers (more only convoy on the GIL). PostgreSQL: one pool for both."""

    def __init__(self, settings: Settings) -> None:
        self._readers = ThreadPoolExecutor(
            max(4, settings.database.readers) if db.is_postgres() else settings.database.readers,
            thread_name_prefix="database-read",
        )
        self._writers = (
            self._readers if db.is_postgres() else ThreadPoolExecutor(1, thread_name_prefix="database-write")
        )
        self._long_reads = ThreadPoolExecutor(1, thread_name_prefix="database-long")
        self._hashing = ThreadPoolExecutor(settings.auth.hashing_threads, thread_name_prefix="hashing")
        self.in_use = 0  # units of database work under way or waiting
        self._hashing_places = settings.auth.hashing_threads + settings.auth.hashing_queue

    async def read(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a unit of work that only reads the database."""
        return await self._database(
            self._readers, functools.partial(db.run_with_retry, work, *args, **kwargs)
        )

    async def read_long(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a unit of work that reads for seconds: one at a time, apart from those that shall be quick."""
        return await self._database(
            self._long_reads, functools.partial(db.run_with_retry, work, *args, **kwargs)
        )

    async def write(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a unit of work that may write the database."""
        return await self._database(
            self._writers, functools.partial(db.run_with_retry, work, *args, **kwargs)
        )

    async def _database(self, pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        self.in_use += 1
        try:
            return await _run(pool, work)
        finally:
            self.in_use -= 1

    async def hash(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run password hashing, apart from the database. Raises Busy when too many wait already."""
        if self._hashing_places == 0:
            raise Busy("Too many sign-ins at once. Try again shortly.", retry_after_seconds=2)
        self._hashing_places -= 1
        future = asyncio.ensure_future(_run(self._hashing, functools.partial(work, *args, **kwargs)))
        # By callback: the place is taken until the thread is done, also when the request was cancelled.
        future.add_done_callback(self._free_hashing_place)
        return await asyncio.shield(future)

    def _free_hashing_place(self, _future: asyncio.Future[Result]) -> None:
        self._hashing_places += 1

    def close(self) -> None:
        """Wait for what runs, close every thread's connection, end the threads."""
        for pool in {self._readers, self._writers, self._long_reads}:
            # One a thread at least; a thread that gets two finds its connection closed already.
            for _ in range(pool._max_workers):
                pool.submit(db.close)
            pool.shutdown()
        # Who waits for these has been told to go by now.
        self._hashing.shutdown(cancel_futures=True)


async def _run(pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, context.run, work)
