"""What reports of imports say: films as people write them, and what is different about a row."""

from __future__ import annotations

from typing import Any

from movierec.exchange.importing.movie_matcher import reference_key
from movierec.exchange.readers.records import MovieReference
from movierec.library import RowValues

# Of a row of a shelf: ratings as half-star steps.
SHOWN_COLUMNS = ("steps", "review", "note", "watched_at", "rewatch", "tags", "feedback_type", "comment")


def display_name(name: MovieReference) -> str:
    """A film as people write it; an id where there is no title."""
    if not name.title:
        return reference_key(name)
    return f"{name.title} ({name.year})" if name.year else name.title


def changed_columns(before: RowValues | None, after: RowValues) -> dict[str, Any]:
    """What people know of a row: how it was, None for not at all, and how it is."""
    names = [
        name for name in SHOWN_COLUMNS if name in after and (before is None or before[name] != after[name])
    ]
    return {
        "before": None if before is None else {name: before[name] for name in names},
        "after": {name: after[name] for name in names},
    }
