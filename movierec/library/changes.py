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
Row: TypeAlias = Mapping[str, Any]
# What tells the rows of a user apart: the film's id, then the shelf's key.
Place: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Shelf:
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


RATINGS = Shelf("ratings", {"steps": None, "review": ""}, times=("created_at", "updated_at"))
FAVORITES = Shelf("favorites", {"note": ""})
WATCHLIST = Shelf("watchlist", {"note": ""})
HISTORY = Shelf(
    "history",
    {"watched_at": "", "source": "", "rewatch": False, "tags": "[]"},
    key=("watched_at", "source"),
)
# What users said of recommendations: the recommender's, but kept, brought in and taken back like the others.
FEEDBACK = Shelf("feedback", {"feedback_type": None, "comment": ""})
SHELVES = {shelf.table: shelf for shelf in (RATINGS, FAVORITES, WATCHLIST, HISTORY, FEEDBACK)}


@dataclass(frozen=True, slots=True)
class Change:
    """A row as it shall be: columns not in `values` stay, or get their defaults; None takes the row away."""

    shelf: Shelf
    movie_id: int
    values: Row | None
    key: tuple[str, ...] = field(default=())

    @property
    def place(self) -> Place:
        return (self.movie_id, *self.key)

    def outcome(self, row: Row | None, now: int) -> Row | None:
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


def to_rate(
    movie_id: int,
    stars: float,
    *,
    review: str | None = None,
    created_at: int | None = None,
    updated_at: int | None = None,
) -> Change:
    """Rate a film; `review` None keeps the words there are, times None are the time of the change."""
    words = checked_text("review", review)
    values = given(steps=steps_of(stars), review=words, created_at=created_at, updated_at=updated_at)
    return Change(RATINGS, movie_id, values)


def to_favorite(movie_id: int, *, note: str | None = None, created_at: int | None = None) -> Change:
    """Make a film a favorite; `note` None keeps the one there is."""
    return Change(FAVORITES, movie_id, given(note=checked_text("note", note), created_at=created_at))


def to_watchlist(movie_id: int, *, note: str | None = None, created_at: int | None = None) -> Change:
    """Put a film on the watchlist; `note` None keeps the one there is."""
    return Change(WATCHLIST, movie_id, given(note=checked_text("note", note), created_at=created_at))


def to_history(
    movie_id: int,
    watched_at: str | None = None,
    *,
    rewatch: bool | None = None,
    tags: Iterable[str] | None = None,
    source: str = "",
    created_at: int | None = None,
) -> Change:
    """Enter a viewing: on a date (2024-05-01), at a time in UTC (2024-05-01T20:15:00Z), or None knows when.

    A film seen then already is the same entry, unless `source` tells them apart. None keeps what there is.
    """
    values = given(rewatch=rewatch, tags=None if tags is None else _tags_json(tags), created_at=created_at)
    return Change(HISTORY, movie_id, values, (_moment(watched_at), source))


def to_remove(shelf: Shelf, movie_id: int, *key: str) -> Change:
    """Take a film off a shelf; of the history, the entry with this `watched_at` and `source`."""
    return Change(shelf, movie_id, None, key)


def steps_of(stars: float) -> int:
    """Half-star steps 1–10. Raises ValidationFailed for anything but 0.5, 1.0 … 5.0."""
    steps = stars * 2 if isinstance(stars, (int, float)) and not isinstance(stars, bool) else 0
    if steps not in range(1, 11):
        raise ValidationFailed.of("rating", "Ratings are 0.5 to 5.0 in steps of 0.5.")
    return int(steps)


def given(**values: Any) -> Row:
    """The values that are told."""
    return {name: value for name, value in values.items() if value is not None}


def checked_text(field: str, text: str | None) -> str | None:
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
