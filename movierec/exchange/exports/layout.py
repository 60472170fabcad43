"""Layout of exports: kinds of records, their fields, and the columns of the movie of a record.

The order of kinds and fields is the order in every file and part of the format.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

FORMAT_NAME, FORMAT_VERSION = "movierec", 1

EXTERNAL_IDS = ("imdb_id", "tmdb_id", "movielens_id")
# Fields that identify a movie on every server, and their SQL columns. Empty fields are omitted; `movierec_id` is
# exported only for movies without external ids.
MOVIE_COLUMNS = {
    "title": "movies.title",
    "original_title": "movies.original_title",
    "year": "movies.year",
    **{name: f"movies.{name}" for name in EXTERNAL_IDS},
    "movierec_id": "own_ids.own_id",
}


class ExportField(NamedTuple):
    """A field of a record: its SQL expression and the conversion of its value to JSON."""

    name: str
    expression: str
    to_json: Callable[[Any], object]


class RecordKind(NamedTuple):
    """A kind of record about movies, from one table.

    `tie`: text expressions that order records of one movie and one time. `where`: a condition that omits some.
    """

    name: str
    table: str
    fields: tuple[ExportField, ...]
    tie: tuple[str, ...] = ()
    where: str = ""


def format_time(epoch_seconds: int) -> str:
    """Format a time as `2026-05-04T03:02:01Z`."""
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat().replace("+00:00", "Z")


def stars(steps: float) -> float:
    return steps / 2


def as_is(value: object) -> object:
    return value


RATING = RecordKind(
    "rating",
    "ratings",
    (
        ExportField("rating", "ratings.steps", stars),
        ExportField("review", "ratings.review", as_is),
        ExportField("created_at", "ratings.created_at", format_time),
        ExportField("updated_at", "ratings.updated_at", format_time),
    ),
)
FAVORITE = RecordKind(
    "favorite",
    "favorites",
    (
        ExportField("note", "favorites.note", as_is),
        ExportField("created_at", "favorites.created_at", format_time),
    ),
)
WATCHLIST = RecordKind(
    "watchlist",
    "watchlist",
    (
        ExportField("note", "watchlist.note", as_is),
        ExportField("created_at", "watchlist.created_at", format_time),
    ),
)
VIEWING = RecordKind(
    "history",
    "history",
    (
        # A date, a time, or empty, unchanged.
        ExportField("watched_at", "history.watched_at", as_is),
        ExportField("rewatch", "history.rewatch", bool),
        ExportField("tags", "history.tags", json.loads),
        ExportField("source", "history.source", as_is),
        ExportField("created_at", "history.created_at", format_time),
    ),
    tie=("history.watched_at", "history.source"),
)
FEEDBACK = RecordKind(
    "feedback",
    "feedback",
    (
        ExportField("feedback_type", "feedback.feedback_type", as_is),
        ExportField("comment", "feedback.comment", as_is),
        ExportField("created_at", "feedback.created_at", format_time),
    ),
)
KINDS = (RATING, FAVORITE, WATCHLIST, VIEWING, FEEDBACK)

PROFILE = (
    ExportField("bio", "bio", as_is),
    ExportField("avatar", "avatar", as_is),
    ExportField("favorite_genres", "favorite_genres", json.loads),
    ExportField("preferred_language", "preferred_language", as_is),
    ExportField("mature_content", "mature_content", bool),
    ExportField("rating_scale", "rating_scale", as_is),
    ExportField("seen_leaves_watchlist", "seen_leaves_watchlist", bool),
)
