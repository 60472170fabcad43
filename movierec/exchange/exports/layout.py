"""What an account is written down as: kinds of records, their fields, and the film that a record is about.

The order of kinds and fields is the order in every file, and part of the format.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

FORMAT, VERSION = "movierec", 1

OUTSIDE_IDS = ("imdb_id", "tmdb_id", "movielens_id")
# A film by what other servers know it by too, and the columns that tell it. What it has not is left out;
# `movierec_id` is told only of films that have no outside id.
FILM = {
    "title": "movies.title",
    "original_title": "movies.original_title",
    "year": "movies.year",
    **{name: f"movies.{name}" for name in OUTSIDE_IDS},
    "movierec_id": "own_ids.own_id",
}


class Field(NamedTuple):
    """A field of a record: where it comes from in SQL, and how its value is written in JSON."""

    name: str
    expression: str
    written: Callable[[Any], Any]


class Kind(NamedTuple):
    """A kind of records about films, of one table.

    `tie`: text expressions that tell records of one film and one moment apart. `where` leaves some out.
    """

    name: str
    table: str
    fields: tuple[Field, ...]
    tie: tuple[str, ...] = ()
    where: str = ""


def instant(epoch_seconds: int) -> str:
    """`2026-05-04T03:02:01Z`"""
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat().replace("+00:00", "Z")


def stars(steps: float) -> float:
    return steps / 2


def same(value: Any) -> Any:
    return value


RATING = Kind(
    "rating",
    "ratings",
    (
        Field("rating", "ratings.steps", stars),
        Field("review", "ratings.review", same),
        Field("created_at", "ratings.created_at", instant),
        Field("updated_at", "ratings.updated_at", instant),
    ),
)
FAVORITE = Kind(
    "favorite",
    "favorites",
    (Field("note", "favorites.note", same), Field("created_at", "favorites.created_at", instant)),
)
WATCHLIST = Kind(
    "watchlist",
    "watchlist",
    (Field("note", "watchlist.note", same), Field("created_at", "watchlist.created_at", instant)),
)
VIEWING = Kind(
    "history",
    "history",
    (
        # A date, a time, or empty: as it was told.
        Field("watched_at", "history.watched_at", same),
        Field("rewatch", "history.rewatch", bool),
        Field("tags", "history.tags", json.loads),
        Field("source", "history.source", same),
        Field("created_at", "history.created_at", instant),
    ),
    tie=("history.watched_at", "history.source"),
)
FEEDBACK = Kind(
    "feedback",
    "feedback",
    (
        Field("feedback_type", "feedback.feedback_type", same),
        Field("comment", "feedback.comment", same),
        Field("created_at", "feedback.created_at", instant),
    ),
)
KINDS = (RATING, FAVORITE, WATCHLIST, VIEWING, FEEDBACK)

PROFILE = (
    Field("bio", "bio", same),
    Field("avatar", "avatar", same),
    Field("favorite_genres", "favorite_genres", json.loads),
    Field("preferred_language", "preferred_language", same),
    Field("mature_content", "mature_content", bool),
    Field("rating_scale", "rating_scale", same),
    Field("seen_leaves_watchlist", "seen_leaves_watchlist", bool),
)
