"""How fast TMDb is asked: so many requests in any second, so many at once, none while it says to wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

WINDOW_SECONDS = 1.0


class RateLimiter:
    """Turns are given in the order they are asked for. Used on one event loop."""

    def __init__(self, per_second: int, at_once: int) -> None:
        self._started: deque[float] = deque(maxlen=per_second)
        self._places = asyncio.Semaphore(at_once)
        self._order = asyncio.Lock()
        self._paused_until = 0.0

    def pause(self, seconds: float) -> None:
        """Give no turn for so long."""
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)

    @property
    def paused_seconds(self) -> float:
        """How long there will be no turn yet."""
        return max(0.0, self._paused_until - asyncio.get_running_loop().time())

    @contextlib.asynccontextmanager
    async def slot(self, deadline: float) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises TimeoutError where none comes before `deadline` (loop time)."""
        async with asyncio.timeout_at(deadline):
            await self._places.acquire()
        try:
            async with asyncio.timeout_at(deadline):
                await self._start()
            yield
        finally:
            self._places.release()

    async def _start(self) -> None:
        async with self._order:
            while (seconds := self._seconds_to_wait()) > 0:  # noqa: ASYNC110 -- it is time that is waited for
                await asyncio.sleep(seconds)
            self._started.append(asyncio.get_running_loop().time())

    def _seconds_to_wait(self) -> float:
        is_full = len(self._started) == self._started.maxlen
        used = self._started[0] + WINDOW_SECONDS - asyncio.get_running_loop().time() if is_full else 0.0
        return max(used, self.paused_seconds)
