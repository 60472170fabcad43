"""Waiting in tests: one function, generous limits, so that a busy machine does not fail a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 60.0, *, what: str = "") -> T:
    """Return the first true value of `condition`, polled until then; fail after `seconds`.

    The limit only bounds a test that hangs: it asserts nothing about speed.
    """
    deadline = time.monotonic() + seconds
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {seconds:g} s: {what or condition}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
