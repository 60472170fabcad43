"""Rate limit of requests to TMDb: per second, concurrent, and none while TMDb demands a pause."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

WINDOW_SECONDS = 1.0


class RateLimiter:
    """Grants slots in the order of the requests. Used on one event loop."""

    def __init__(self, per_second: int, at_once: int) -> None:
        self._started: deque[float] = deque(maxlen=per_second)
        self._slots = asyncio.Semaphore(at_once)
        self._order = asyncio.Lock()
        self._paused_until = 0.0

    def pause(self, seconds: float) -> None:
        """Grant no slot for this time."""
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)

    @property
    def paused_seconds(self) -> float:
        """Return the seconds left of the pause."""
        return max(0.0, self._paused_until - asyncio.get_running_loop().time())

    @contextlib.asynccontextmanager
    async def slot(self, deadline: float) -> AsyncIterator[None]:
        """Wait for a slot and hold it. Raises TimeoutError if none is free before `deadline` (loop time)."""
        async with asyncio.timeout_at(deadline):
            await self._slots.acquire()
        try:
            async with asyncio.timeout_at(deadline):
                await self._start()
            yield
        finally:
            self._slots.release()

    async def _start(self) -> None:
        async with self._order:
            while (seconds := self._seconds_to_wait()) > 0:  # noqa: ASYNC110 -- waits for time to pass
                await asyncio.sleep(seconds)
            self._started.append(asyncio.get_running_loop().time())

    def _seconds_to_wait(self) -> float:
        is_full = len(self._started) == self._started.maxlen
        window = self._started[0] + WINDOW_SECONDS - asyncio.get_running_loop().time() if is_full else 0.0
        return max(window, self.paused_seconds)
