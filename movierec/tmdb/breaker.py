"""A circuit breaker: after failures in a row nobody asks for a while, then one request tries."""

from __future__ import annotations

import math
from collections.abc import Callable


class CircuitBreaker:
    """`clock` gives seconds of any epoch. Used on one event loop."""

    def __init__(self, failures: int, pause_seconds: float, clock: Callable[[], float]) -> None:
        self._limit, self._pause_seconds, self._clock = failures, pause_seconds, clock
        self._failures = 0
        self._open_until: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        return self._open_until is not None

    def admit(self) -> int | None:
        """None lets one request pass, which must end with one of the methods below; else seconds to wait."""
        if self._open_until is None:
            return None
        left = self._open_until - self._clock()
        if left > 0 or self._is_probing:
            return max(1, math.ceil(left))
        self._is_probing = True
        return None

    def record_success(self) -> None:
        self._failures, self._open_until, self._is_probing = 0, None, False

    def record_failure(self) -> None:
        self._failures += 1
        if self._is_probing or self._failures >= self._limit:
            self.trip(self._pause_seconds)

    def trip(self, seconds: float) -> None:
        """Let nobody pass for so long."""
        self._open_until, self._is_probing = self._clock() + seconds, False

    def record_cancelled(self) -> None:
        """The request was broken off by whoever asked: it tells nothing of TMDb."""
        self._is_probing = False
