"""Changes to the library as values: `library.apply` writes them, `library.preview` counts them."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from movierec.errors import ValidationFailed

MAXIMUM_TEXT = 10_000
MAXIMUM_TAGS = 100
MAXIMUM_TAG = 200

_DATE_OR_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")

# A row by column name, with its `id` once it is stored.
RowValues: TypeAlias = Mapping[str, Any]


class RowKey(NamedTuple):
    """Key of a user's row within a library table: the movie, then the values of the table's key columns."""

    movie_id: int
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class LibraryTable:
    """A table of the library: one row for a movie, or several that the columns of `key` tell apart.

    `defaults` are the values of a new row. `times` default to the time of the change.
    """

    name: str
    defaults: RowValues
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
# Feedback on recommendations: the recommender defines the table, but it is imported, journaled and undone here.
FEEDBACK = LibraryTable("feedback", {"feedback_type": None, "comment": ""})
LIBRARY_TABLES = {table.name: table for table in (RATINGS, FAVORITES, WATCHLIST, HISTORY, FEEDBACK)}


@dataclass(frozen=True, slots=True)
class LibraryChange:
    """Set columns of a row, or delete it: `values` None deletes; other columns keep their value or default."""

    table: LibraryTable
    movie_id: int
    values: RowValues | None
    key: tuple[str, ...] = field(default=())

    @property
    def row_key(self) -> RowKey:
        return RowKey(self.movie_id, self.key)

    def new_row(self, row: RowValues | None, now: int) -> RowValues | None:
        """Return the row after the change; the same object where nothing changes."""
        if self.values is None:
            return None
        if row is None:
            times = dict.fromkeys(self.table.times, now)
            key = dict(zip(self.table.key, self.key, strict=True))
            return {**self.table.defaults, **times, **key, **self.values}
        if all(row[column] == value for column, value in self.values.items()):
            return row
        touched = {"updated_at": now} if "updated_at" in self.table.times else {}
        return {**row, **touched, **self.values}


def rating_change(
    movie_id: int,
    stars: float,
    *,
    review: str | None = None,
    created_at: int | None = None,
    updated_at: int | None = None,
) -> LibraryChange:
    """Rate a movie. `review` None keeps the stored text; times None are the time of the change."""
    text = check_text("review", review)
    values = without_none(
        steps=stars_to_steps(stars), review=text, created_at=created_at, updated_at=updated_at
    )
    return LibraryChange(RATINGS, movie_id, values)


def favorite_change(
    movie_id: int, *, note: str | None = None, created_at: int | None = None
) -> LibraryChange:
    """Make a movie a favorite. `note` None keeps the stored note."""
    values = without_none(note=check_text("note", note), created_at=created_at)
    return LibraryChange(FAVORITES, movie_id, values)


def watchlist_change(
    movie_id: int, *, note: str | None = None, created_at: int | None = None
) -> LibraryChange:
    """Put a movie on the watchlist. `note` None keeps the stored note."""
    values = without_none(note=check_text("note", note), created_at=created_at)
    return LibraryChange(WATCHLIST, movie_id, values)


def viewing_change(
    movie_id: int,
    watched_at: str | None = None,
    *,
    rewatch: bool | None = None,
    tags: Iterable[str] | None = None,
    source: str = "",
    created_at: int | None = None,
) -> LibraryChange:
    """Add a viewing: on a date (2024-05-01), at a time in UTC (2024-05-01T20:15:00Z), or None for unknown.

    A second viewing with the same time is the same entry, unless `source` differs. None keeps stored values.
    """
    tags_json = None if tags is None else _tags_json(tags)
    values = without_none(rewatch=rewatch, tags=tags_json, created_at=created_at)
    return LibraryChange(HISTORY, movie_id, values, (_check_time(watched_at), source))


def removal_change(table: LibraryTable, movie_id: int, *key: str) -> LibraryChange:
    """Delete a movie's row; in the history, the entry with this `watched_at` and `source`."""
    return LibraryChange(table, movie_id, None, key)


def stars_to_steps(stars: float) -> int:
    """Convert stars to half-star steps 1–10. Raises ValidationFailed for anything but 0.5, 1.0 … 5.0."""
    steps = stars * 2 if isinstance(stars, (int, float)) and not isinstance(stars, bool) else 0
    if steps not in range(1, 11):
        raise ValidationFailed.of("rating", "Ratings are 0.5 to 5.0 in steps of 0.5.")
    return int(steps)


def without_none(**values: object) -> RowValues:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def check_text(field: str, text: str | None) -> str | None:
    """Return a note or review, None where there is none. Raises ValidationFailed where it is too long."""
    if text is not None and len(text) > MAXIMUM_TEXT:
        raise ValidationFailed.of(field, f"A {field} has at most {MAXIMUM_TEXT:,} characters.")
    return text


def _tags_json(tags: Iterable[str]) -> str:
    unique = list(dict.fromkeys(tags))
    if len(unique) > MAXIMUM_TAGS or any(not 1 <= len(tag) <= MAXIMUM_TAG for tag in unique):
        raise ValidationFailed.of(
            "tags", f"At most {MAXIMUM_TAGS} tags of 1 to {MAXIMUM_TAG} characters each."
        )
    # Separated by a line break, which no tag contains in JSON: so a search for `tag_json` matches whole tags only.
    return "[" + ",\n".join(map(tag_json, unique)) + "]"


def tag_json(tag: str) -> str:
    """Encode a tag as it is stored in `history.tags`."""
    return json.dumps(tag, ensure_ascii=False)


def _check_time(watched_at: str | None) -> str:
    """Return a date or time as it is stored. Raises ValidationFailed."""
    if watched_at is None:
        return ""
    if _DATE_OR_TIME.fullmatch(watched_at):
        with contextlib.suppress(ValueError):
            datetime.fromisoformat(watched_at)
            return watched_at
    raise ValidationFailed.of(
        "watched_at", "Write a date like 2024-05-01 or a time like 2024-05-01T20:15:00Z."
    )
