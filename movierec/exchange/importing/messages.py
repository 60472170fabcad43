"""What reports of imports say: films as people write them, and what is different about a row."""

from __future__ import annotations

from typing import Any

from movierec.exchange.importing.movie_matcher import identity
from movierec.exchange.readers.records import FilmName
from movierec.library import RowValues

# Of a row of a shelf: ratings as half-star steps.
SHOWN = ("steps", "review", "note", "watched_at", "rewatch", "tags", "feedback_type", "comment")


def called(name: FilmName) -> str:
    """A film as people write it; an id where there is no title."""
    if not name.title:
        return identity(name)
    return f"{name.title} ({name.year})" if name.year else name.title


def difference(before: RowValues | None, after: RowValues) -> dict[str, Any]:
    """What people know of a row: how it was, None for not at all, and how it is."""
    names = [name for name in SHOWN if name in after and (before is None or before[name] != after[name])]
    return {
        "before": None if before is None else {name: before[name] for name in names},
        "after": {name: after[name] for name in names},
    }
