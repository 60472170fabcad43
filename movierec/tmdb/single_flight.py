"""Single flight: concurrent requests for the same key share one task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Value = TypeVar("Value")


class SingleFlight:
    """Tasks by key. A task runs to its end even if all its waiters are cancelled."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    def join(self, key: str, start: Callable[[], Coroutine[Any, Any, Value]]) -> asyncio.Task[Value]:
        """Return the task of `key`, started if there is none. Await it through `asyncio.shield`: it is shared."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(start())
            task.add_done_callback(lambda ended: self._remove(key, ended))
        return task

    def _remove(self, key: str, task: asyncio.Task[Any]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not warn if nobody waits

    async def close(self) -> None:
        """Cancel all tasks."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
