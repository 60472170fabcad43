"""Texts and differences for import reports: display names of movies, changed columns of rows."""

from __future__ import annotations

from typing import TypedDict

from movierec.exchange.importing.movie_matcher import reference_key
from movierec.exchange.readers.records import MovieReference
from movierec.library import RowValues

# Columns of library rows that reports show: ratings as half-star steps.
SHOWN_COLUMNS = ("steps", "review", "note", "watched_at", "rewatch", "tags", "feedback_type", "comment")


class ChangedColumns(TypedDict):
    """Changed columns of a library row before (None: a new row) and after."""

    before: dict[str, object] | None
    after: dict[str, object]


def display_name(movie: MovieReference) -> str:
    """Return title and year of a reference; its key if it has no title."""
    if not movie.title:
        return reference_key(movie)
    return f"{movie.title} ({movie.year})" if movie.year else movie.title


def changed_columns(before: RowValues | None, after: RowValues) -> ChangedColumns:
    """Compare the shown columns of a row before and after a change."""
    names = [
        name for name in SHOWN_COLUMNS if name in after and (before is None or before[name] != after[name])
    ]
    return {
        "before": None if before is None else {name: before[name] for name in names},
        "after": {name: after[name] for name in names},
    }
