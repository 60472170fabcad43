"""Favorites, ratings, watchlist, history, and changes to them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from movierec.api.schemas.base import Id, Input, Output, PageQuery, Stars, Timestamp
from movierec.api.schemas.movies import Date, GenreName, ListedMovie

Note = Annotated[str, Field(max_length=10_000)]


class AddFavorite(Input):
    movie: Id
    note: Note | None = None


class Annotate(Input):
    note: Note | None = None


class Favorite(Output):
    id: int
    movie: int
    movie_detail: ListedMovie
    note: str
    created_at: Timestamp


class IsFavorited(Output):
    is_favorited: bool


class RateMovie(Input):
    movie: Id
    rating: Stars
    review: Note | None = None


class SetRating(Input):
    """A rating whose movie the address names. Without `review` the words there are stay."""

    rating: Stars
    review: Note | None = None


class ReviseRating(Input):
    rating: Stars | None = None
    review: Note | None = None


class Rating(Output):
    id: int
    movie: int
    movie_detail: ListedMovie
    rating: float
    review: str
    created_at: Timestamp
    updated_at: Timestamp


class AddToWatchlist(AddFavorite):
    pass


class WatchlistEntry(Favorite):
    pass


Moment = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$",
        description="A date, or a time in UTC; it is kept as it is.",
    ),
]


class AddToHistory(Input):
    """Without `watched_at` nobody knows when. A movie already seen then is the same entry.

    Without `rewatch` a new entry is one where the movie was seen before.
    """

    movie: Id
    watched_at: Annotated[
        str | None, Field(max_length=20, description="A date, or a time in UTC: 2024-05-01T20:15:00Z.")
    ] = None
    rewatch: bool | None = None
    tags: (
        Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=100)] | None
    ) = None


class HistoryEntry(Output):
    id: int
    movie: int
    movie_detail: ListedMovie
    watched_at: Moment | None
    rewatch: bool
    tags: list[str]
    created_at: Timestamp


class LibraryQuery(PageQuery):
    """What every list of the own films can be narrowed by."""

    movie: Id | None = None
    q: str | None = Field(None, min_length=1, max_length=256, description="Part of a title.")
    genre: GenreName | None = Field(None, description="Name or id.")
    year: int | None = Field(None, ge=0, le=9999)
    year_min: int | None = Field(None, ge=0, le=9999)
    year_max: int | None = Field(None, ge=0, le=9999)
    watched_min: Date | None = Field(None, description="Seen on this day or later, as the history has it.")
    watched_max: Date | None = Field(None, description="Seen on this day or before.")


class FavoriteQuery(LibraryQuery):
    ordering: str = Field("-created_at", max_length=200)


class WatchlistQuery(LibraryQuery):
    ordering: str = Field("-created_at", max_length=200)


class RatingQuery(LibraryQuery):
    rating_min: Stars | None = None
    rating_max: Stars | None = None
    has_review: bool | None = None
    ordering: str = Field("-updated_at", max_length=200)


class HistoryQuery(LibraryQuery):
    rewatch: bool | None = None
    tag: str | None = Field(None, min_length=1, max_length=200)
    ordering: str = Field("-watched_at", max_length=200)


class Change(Output):
    """Something the user did to what they keep, undone as one; an import is one."""

    id: int
    what: str
    rows: int = Field(description="How many ratings, favorites and entries it changed.")
    job: int | None = Field(description="The import that did it.")
    undoes: int | None = Field(
        description="The change that this one took back; to undo it brings that again."
    )
    undone: bool
    created_at: Timestamp


class Undo(Input):
    """Which change; without it, the last one that is in effect."""

    change: Id | None = None


class LeftMovie(Output):
    movie: int
    title: str


class Undone(Output):
    """`left` are movies changed again since: they stay as they are. It names a hundred at most."""

    undone: Change
    by: Change
    reverted: int
    left_count: int
    left: list[LeftMovie]
