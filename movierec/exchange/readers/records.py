"""What readers of a user's own history yield, whatever service kept it.

A reader turns every row of its files into one `Record` or one `Refusal`, so that outcomes add up to the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class MovieReference:
    """Which film a row means, in the words of its source; empty and None: the source does not say.

    `uri` identifies a film at its source, never a diary entry. `own_id` is what movierec gave a film that no
    other service knows.
    """

    title: str = ""
    year: int | None = None
    original_title: str = ""
    imdb_id: str | None = None
    tmdb_id: int | None = None
    movielens_id: int | None = None
    own_id: str | None = None
    uri: str = ""


# Times are UTC epoch seconds; None: the source does not say when. Other fields: None, it has no such thing.


@dataclass(frozen=True, slots=True)
class ImportedRating:
    """Half-star steps 1-10, words, or both; None: the row says nothing of it."""

    steps: int | None = None
    review: str | None = None
    created_at: int | None = None
    updated_at: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedFavorite:
    """A favorite."""

    note: str | None = None
    created_at: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedWatchlistEntry:
    """An entry of the watchlist."""

    note: str | None = None
    created_at: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedViewing:
    """One viewing. `watched_at` is a date, a time in UTC (`2020-05-17T20:15:00Z`), or empty: nobody knows.

    `source` tells two viewings of one film on one day apart. `sometime`: the film was seen, and no more is
    said, which is nothing new where a viewing is known.
    """

    watched_at: str = ""
    source: str = ""
    rewatch: bool = False
    tags: tuple[str, ...] = ()
    created_at: int | None = None
    sometime: bool = False


@dataclass(frozen=True, slots=True)
class ImportedFeedback:
    """An opinion of a recommended film: like, dislike or not_interested."""

    feedback_type: str
    comment: str = ""
    created_at: int | None = None


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One row: where it stands, which film it means, and all it says of it."""

    file: str
    line: int
    film: MovieReference
    rated: ImportedRating | None = None
    favored: ImportedFavorite | None = None
    wanted: ImportedWatchlistEntry | None = None
    watched: tuple[ImportedViewing, ...] = ()
    said: ImportedFeedback | None = None


@dataclass(frozen=True, slots=True)
class ImportedProfile:
    """What somebody tells about themselves, by the columns of the profile; lists are lists."""

    file: str
    line: int
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not taken: `skipped`, being nothing movierec keeps, or else rejected as broken."""

    file: str
    line: int
    message: str
    skipped: bool = False


ParsedRow: TypeAlias = ImportRecord | ImportedProfile | RefusedRow
