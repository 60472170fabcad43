"""Thread pools for synchronous work: database readers and writer, long reads, password hashing, large bodies."""

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
    """Pools of threads. SQLite: one writer, a few readers (more only contend for the GIL). PostgreSQL: one pool."""

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
        self._parsing = ThreadPoolExecutor(1, thread_name_prefix="parsing")
        self.in_use = 0  # database tasks running or queued
        self._hashing_places = settings.auth.hashing_threads + settings.auth.hashing_queue

    async def read(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a task that only reads the database."""
        return await self._database(
            self._readers, functools.partial(db.run_with_retry, work, *args, **kwargs)
        )

    async def read_long(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a task that reads for seconds: one at a time, in a pool of its own, so that quick reads do not wait."""
        return await self._database(
            self._long_reads, functools.partial(db.run_with_retry, work, *args, **kwargs)
        )

    async def write(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a task that may write to the database."""
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
        """Run password hashing in a pool of its own. Raises Busy when the queue is full."""
        if self._hashing_places == 0:
            raise Busy("Too many sign-ins at once. Try again shortly.", retry_after_seconds=2)
        self._hashing_places -= 1
        future = asyncio.ensure_future(_run(self._hashing, functools.partial(work, *args, **kwargs)))
        # In a callback: the slot stays taken until the thread ends, even if the request is cancelled.
        future.add_done_callback(self._free_hashing_place)
        return await asyncio.shield(future)

    async def parse(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run the parsing of a large body: one at a time, so that the event loop competes with one thread only."""
        return await _run(self._parsing, functools.partial(work, *args, **kwargs))

    def _free_hashing_place(self, _future: asyncio.Future[Result]) -> None:
        self._hashing_places += 1

    def close(self) -> None:
        """Wait for running tasks, close the connection of every thread, and end the threads."""
        for pool in {self._readers, self._writers, self._long_reads}:
            # At least one per thread; a second one on the same thread finds its connection closed.
            for _ in range(pool._max_workers):
                pool.submit(db.close)
            pool.shutdown()
        # The requests that wait for these tasks have been answered by now.
        self._hashing.shutdown(cancel_futures=True)
        self._parsing.shutdown(cancel_futures=True)


async def _run(pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, context.run, work)
