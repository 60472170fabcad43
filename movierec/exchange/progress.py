"""Progress of imports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

# Called between any two transactions with the stage and the percentage done. An exception from it ends the import.
ProgressCallback: TypeAlias = Callable[[str, int], None]


def ignore_progress(_stage: str, _percent: int) -> None:
    """Ignore progress."""
