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
    """A field of a record: the column it comes from, and how its value is written in JSON."""

    name: str
    column: str
    written: Callable[[Any], Any]


class Kind(NamedTuple):
    """A kind of records about films: one table, one CSV file.

    `tie`: text columns that tell records of one film and one moment apart.
    """

    name: str
    table: str
    fields: tuple[Field, ...]
    tie: tuple[str, ...] = ()


def instant(epoch_seconds: int) -> str:
    """`2026-05-04T03:02:01Z`"""
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat().replace("+00:00", "Z")


def _same(value: Any) -> Any:
    return value


def _stars(steps: float) -> float:
    return steps / 2


_CREATED = Field("created_at", "created_at", instant)

RATING = Kind(
    "rating",
    "ratings",
    (
        Field("rating", "steps", _stars),
        Field("review", "review", _same),
        _CREATED,
        Field("updated_at", "updated_at", instant),
    ),
)
FAVORITE = Kind("favorite", "favorites", (Field("note", "note", _same), _CREATED))
WATCHLIST = Kind("watchlist", "watchlist", (_CREATED,))
FEEDBACK = Kind(
    "feedback",
    "feedback",
    (Field("feedback_type", "feedback_type", _same), Field("comment", "comment", _same), _CREATED),
)
KINDS = (RATING, FAVORITE, WATCHLIST, FEEDBACK)

PROFILE = (
    Field("bio", "bio", _same),
    Field("avatar", "avatar", _same),
    Field("favorite_genres", "favorite_genres", json.loads),
    Field("preferred_language", "preferred_language", _same),
    Field("mature_content", "mature_content", bool),
)
