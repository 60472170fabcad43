"""Circuit breaker: after failures in a row no request is sent for a while, then one request probes."""

from __future__ import annotations

import math
from collections.abc import Callable


class CircuitBreaker:
    """Opens after `failures` in a row. `clock` returns seconds of any epoch. Used on one event loop."""

    def __init__(self, failures: int, pause_seconds: float, clock: Callable[[], float]) -> None:
        self._limit, self._pause_seconds, self._clock = failures, pause_seconds, clock
        self._failures = 0
        self._open_until: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Return True while requests are refused or a probe is due."""
        return self._open_until is not None

    def admit(self) -> int | None:
        """Admit one request, which must end with one of the methods below, or return the seconds to wait."""
        if self._open_until is None:
            return None
        left = self._open_until - self._clock()
        if left > 0 or self._is_probing:
            return max(1, math.ceil(left))
        self._is_probing = True
        return None

    def record_success(self) -> None:
        """Close the breaker."""
        self._failures, self._open_until, self._is_probing = 0, None, False

    def record_failure(self) -> None:
        """Count a failure; open the breaker at the limit, or after a failed probe."""
        self._failures += 1
        if self._is_probing or self._failures >= self._limit:
            self.trip(self._pause_seconds)

    def trip(self, seconds: float) -> None:
        """Open the breaker for this time."""
        self._open_until, self._is_probing = self._clock() + seconds, False

    def record_cancelled(self) -> None:
        """End a request that its caller cancelled: it says nothing about TMDb."""
        self._is_probing = False
