"""The things a user keeps of films, and changes to them as values: what `apply` carries out."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from movierec.errors import ValidationFailed

MAXIMUM_TEXT = 10_000
MAXIMUM_TAGS = 100
MAXIMUM_TAG = 200

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")

# A row by column name, with its `id` once it is stored.
RowValues: TypeAlias = Mapping[str, Any]
# What tells the rows of a user apart: the film's id, then the shelf's key.
RowKey: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class LibraryTable:
    """A table of what users keep: a row for a film, or several that `key` tells apart.

    `defaults` are those of a new row; the times are the time of the change where it does not say them.
    """

    table: str
    defaults: Mapping[str, Any]
    times: tuple[str, ...] = ("created_at",)
    key: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.defaults, *self.times)


RATINGS = LibraryTable("ratings", {"steps": None, "review": ""}, times=("created_at", "updated_at"))
FAVORITES = LibraryTable("favorites", {"note": ""})
WATCHLIST = LibraryTable("watchlist", {"note": ""})
HISTORY = LibraryTable(
    "history",
    {"watched_at": "", "source": "", "rewatch": False, "tags": "[]"},
    key=("watched_at", "source"),
)
# What users said of recommendations: the recommender's, but kept, brought in and taken back like the others.
FEEDBACK = LibraryTable("feedback", {"feedback_type": None, "comment": ""})
LIBRARY_TABLES = {shelf.table: shelf for shelf in (RATINGS, FAVORITES, WATCHLIST, HISTORY, FEEDBACK)}


@dataclass(frozen=True, slots=True)
class LibraryChange:
    """A row as it shall be: columns not in `values` stay, or get their defaults; None takes the row away."""

    shelf: LibraryTable
    movie_id: int
    values: RowValues | None
    key: tuple[str, ...] = field(default=())

    @property
    def place(self) -> RowKey:
        return (self.movie_id, *self.key)

    def outcome(self, row: RowValues | None, now: int) -> RowValues | None:
        """What becomes of `row`; the very same where it is like that already."""
        if self.values is None:
            return None
        if row is None:
            times = dict.fromkeys(self.shelf.times, now)
            key = dict(zip(self.shelf.key, self.key, strict=True))
            return {**self.shelf.defaults, **times, **key, **self.values}
        if all(row[column] == value for column, value in self.values.items()):
            return row
        touched = {"updated_at": now} if "updated_at" in self.shelf.times else {}
        return {**row, **touched, **self.values}


def rating_change(
    movie_id: int,
    stars: float,
    *,
    review: str | None = None,
    created_at: int | None = None,
    updated_at: int | None = None,
) -> LibraryChange:
    """Rate a film; `review` None keeps the words there are, times None are the time of the change."""
    words = check_text("review", review)
    values = without_none(
        steps=stars_to_steps(stars), review=words, created_at=created_at, updated_at=updated_at
    )
    return LibraryChange(RATINGS, movie_id, values)


def favorite_change(
    movie_id: int, *, note: str | None = None, created_at: int | None = None
) -> LibraryChange:
    """Make a film a favorite; `note` None keeps the one there is."""
    return LibraryChange(
        FAVORITES, movie_id, without_none(note=check_text("note", note), created_at=created_at)
    )


def watchlist_change(
    movie_id: int, *, note: str | None = None, created_at: int | None = None
) -> LibraryChange:
    """Put a film on the watchlist; `note` None keeps the one there is."""
    return LibraryChange(
        WATCHLIST, movie_id, without_none(note=check_text("note", note), created_at=created_at)
    )


def viewing_change(
    movie_id: int,
    watched_at: str | None = None,
    *,
    rewatch: bool | None = None,
    tags: Iterable[str] | None = None,
    source: str = "",
    created_at: int | None = None,
) -> LibraryChange:
    """Enter a viewing: on a date (2024-05-01), at a time in UTC (2024-05-01T20:15:00Z), or None knows when.

    A film seen then already is the same entry, unless `source` tells them apart. None keeps what there is.
    """
    values = without_none(
        rewatch=rewatch, tags=None if tags is None else _tags_json(tags), created_at=created_at
    )
    return LibraryChange(HISTORY, movie_id, values, (_moment(watched_at), source))


def removal_change(shelf: LibraryTable, movie_id: int, *key: str) -> LibraryChange:
    """Take a film off a shelf; of the history, the entry with this `watched_at` and `source`."""
    return LibraryChange(shelf, movie_id, None, key)


def stars_to_steps(stars: float) -> int:
    """Half-star steps 1–10. Raises ValidationFailed for anything but 0.5, 1.0 … 5.0."""
    steps = stars * 2 if isinstance(stars, (int, float)) and not isinstance(stars, bool) else 0
    if steps not in range(1, 11):
        raise ValidationFailed.of("rating", "Ratings are 0.5 to 5.0 in steps of 0.5.")
    return int(steps)


def without_none(**values: Any) -> RowValues:
    """The values that are told."""
    return {name: value for name, value in values.items() if value is not None}


def check_text(field: str, text: str | None) -> str | None:
    """A note or review, None for none told. Raises ValidationFailed where it is too long."""
    if text is not None and len(text) > MAXIMUM_TEXT:
        raise ValidationFailed.of(field, f"A {field} has at most {MAXIMUM_TEXT:,} characters.")
    return text


def _tags_json(tags: Iterable[str]) -> str:
    kept = list(dict.fromkeys(tags))
    if len(kept) > MAXIMUM_TAGS or any(not 1 <= len(tag) <= MAXIMUM_TAG for tag in kept):
        raise ValidationFailed.of(
            "tags", f"At most {MAXIMUM_TAGS} tags of 1 to {MAXIMUM_TAG} characters each."
        )
    # Parted by a line break, which no tag holds in JSON: `tag_json` is found where it is a tag, nowhere else.
    return "[" + ",\n".join(map(tag_json, kept)) + "]"


def tag_json(tag: str) -> str:
    """A tag as it stands in `history.tags`."""
    return json.dumps(tag, ensure_ascii=False)


def _moment(told: str | None) -> str:
    """A date or a time as it is stored. Raises ValidationFailed."""
    if told is None:
        return ""
    if _MOMENT.fullmatch(told):
        with contextlib.suppress(ValueError):
            datetime.fromisoformat(told)
            return told
    raise ValidationFailed.of(
        "watched_at", "Write a date like 2024-05-01 or a time like 2024-05-01T20:15:00Z."
    )
