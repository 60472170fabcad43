"""Single flight: whoever wants what somebody fetches already waits for that one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Value = TypeVar("Value")


class SingleFlight:
    """Tasks by key. One goes on to its end also when nobody waits for it any more."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[Any]] = {}

    def join(self, key: str, start: Callable[[], Coroutine[Any, Any, Value]]) -> asyncio.Task[Value]:
        """The task of `key`. Wait for it behind `asyncio.shield`: it belongs to all who wait."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(start())
            task.add_done_callback(lambda done: self._ended(key, done))
        return task

    def _ended(self, key: str, task: asyncio.Task[Any]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # taken notice of, also where nobody waits any more

    async def close(self) -> None:
        """Break off what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
