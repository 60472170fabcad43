"""Texts and differences for import reports: display names of movies, changed columns of rows."""

from __future__ import annotations

from typing import Any

from movierec.exchange.importing.movie_matcher import reference_key
from movierec.exchange.readers.records import MovieReference
from movierec.library import RowValues

# Columns of library rows that reports show: ratings as half-star steps.
SHOWN_COLUMNS = ("steps", "review", "note", "watched_at", "rewatch", "tags", "feedback_type", "comment")


def display_name(name: MovieReference) -> str:
    """Return title and year of a reference; its key if it has no title."""
    if not name.title:
        return reference_key(name)
    return f"{name.title} ({name.year})" if name.year else name.title


def changed_columns(before: RowValues | None, after: RowValues) -> dict[str, Any]:
    """Return the changed columns of a row before (None: a new row) and after."""
    names = [
        name for name in SHOWN_COLUMNS if name in after and (before is None or before[name] != after[name])
    ]
    return {
        "before": None if before is None else {name: before[name] for name in names},
        "after": {name: after[name] for name in names},
    }
