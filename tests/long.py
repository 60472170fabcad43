"""Longer forms of tests: `make test-long`."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

LONG = bool(os.environ.get("MOVIEREC_TEST_LONG"))


def short_or_long(short: T, long: T) -> T:
    """Return what `make test` uses, or what `make test-long` does."""
    return long if LONG else short
