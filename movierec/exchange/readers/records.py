"""Records that readers of import formats yield, the same for every service.

A reader turns every row into exactly one `ImportRecord`, `ImportedProfile` or `RefusedRow`, so that the counts of
outcomes add up to the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class MovieReference:
    """Title, year and ids by which a row refers to a movie; empty or None: the source has no such value.

    `uri` identifies a movie at its source, never a diary entry. `own_id` is the id that movierec gave a movie that
    no other service knows.
    """

    title: str = ""
    year: int | None = None
    original_title: str = ""
    imdb_id: str | None = None
    tmdb_id: int | None = None
    movielens_id: int | None = None
    own_id: str | None = None
    uri: str = ""


# Times are UTC epoch seconds; None: the source has no time. For other fields None means: the source has no value.


@dataclass(frozen=True, slots=True)
class ImportedRating:
    """A rating in half-star steps 1-10, a review, or both; None: the row does not have it."""

    steps: int | None = None
    review: str | None = None
    created_at: int | None = None
    updated_at: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedFavorite:
    """A favorite with an optional note."""

    note: str | None = None
    created_at: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedWatchlistEntry:
    """A watchlist entry with an optional note."""

    note: str | None = None
    created_at: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedViewing:
    """One viewing. `watched_at` is a date, a time in UTC (`2020-05-17T20:15:00Z`), or empty: unknown.

    `source` distinguishes two viewings of one movie on one day. `sometime`: the row states only that the movie was
    seen, which adds nothing if a viewing is known.
    """

    watched_at: str = ""
    source: str = ""
    rewatch: bool = False
    tags: tuple[str, ...] = ()
    created_at: int | None = None
    sometime: bool = False


@dataclass(frozen=True, slots=True)
class ImportedFeedback:
    """Feedback on a recommended movie: like, dislike or not_interested."""

    feedback_type: str
    comment: str = ""
    created_at: int | None = None


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One row: its file and line, the movie it refers to, and all its content."""

    file: str
    line: int
    movie: MovieReference
    rating: ImportedRating | None = None
    favorite: ImportedFavorite | None = None
    watchlist_entry: ImportedWatchlistEntry | None = None
    viewings: tuple[ImportedViewing, ...] = ()
    feedback: ImportedFeedback | None = None


ProfileValue: TypeAlias = str | int | bool | list[str]


@dataclass(frozen=True, slots=True)
class ImportedProfile:
    """The values of a profile by column name; lists are lists."""

    file: str
    line: int
    values: Mapping[str, ProfileValue]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not imported: `skipped` if movierec does not store such things, or else rejected as broken."""

    file: str
    line: int
    message: str
    skipped: bool = False


ParsedRow: TypeAlias = ImportRecord | ImportedProfile | RefusedRow
