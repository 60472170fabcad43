"""Favorites, ratings, watchlist, history, and changes to them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from movierec.api.limits import MAXIMUM_SEARCH_TEXT
from movierec.api.schemas.base import (
    FilterYear,
    Id,
    Input,
    Note,
    Ordering,
    Output,
    PageQuery,
    Stars,
    Timestamp,
)
from movierec.api.schemas.movies import Date, GenreName, ListedMovie
from movierec.library import MAXIMUM_TAG, MAXIMUM_TAGS


class AddFavorite(Input):
    movie: Id
    note: Note | None = None


SameMovie = Annotated[Id | None, Field(description="Accepted only if it is the movie that is stored.")]


class Annotate(Input):
    movie: SameMovie = None
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
    """Rating of the movie in the path. Without `review` the stored review is kept."""

    movie: SameMovie = None
    rating: Stars
    review: Note | None = None


class ReviseRating(Input):
    movie: SameMovie = None
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
        description="A date, or a time in UTC, stored as sent.",
    ),
]


class AddToHistory(Input):
    """Without `watched_at` the time is unknown. The same movie at the same time is the same entry.

    Without `rewatch` a new entry is a rewatch if the movie was seen before.
    """

    movie: Id
    watched_at: Annotated[
        str | None, Field(max_length=20, description="A date, or a time in UTC: 2024-05-01T20:15:00Z.")
    ] = None
    rewatch: bool | None = None
    tags: (
        Annotated[
            list[Annotated[str, Field(min_length=1, max_length=MAXIMUM_TAG)]], Field(max_length=MAXIMUM_TAGS)
        ]
        | None
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
    """Filters of every list of the user's movies."""

    movie: Id | None = None
    q: str | None = Field(None, min_length=1, max_length=MAXIMUM_SEARCH_TEXT, description="Part of a title.")
    genre: GenreName | None = Field(None, description="Name or id of a genre.")
    year: FilterYear | None = None
    year_min: FilterYear | None = None
    year_max: FilterYear | None = None
    watched_min: Date | None = Field(None, description="Seen on this day or later, by the history.")
    watched_max: Date | None = Field(None, description="Seen on this day or earlier, by the history.")


class FavoriteQuery(LibraryQuery):
    ordering: Ordering = "-created_at"


class WatchlistQuery(LibraryQuery):
    ordering: Ordering = "-created_at"


class RatingQuery(LibraryQuery):
    rating_min: Stars | None = None
    rating_max: Stars | None = None
    has_review: bool | None = None
    ordering: Ordering = "-updated_at"


class HistoryQuery(LibraryQuery):
    rewatch: bool | None = None
    tag: str | None = Field(None, min_length=1, max_length=MAXIMUM_TAG)
    ordering: Ordering = "-watched_at"


class Change(Output):
    """A change to ratings, favorites, watchlist or history that is undone as a whole, for example an import."""

    id: int
    what: str
    rows: Annotated[int, Field(description="Number of ratings, favorites and entries changed.")]
    job: Annotated[int | None, Field(description="Job of the import that made the change.")]
    undoes: Annotated[
        int | None,
        Field(description="The change that this one undid; undoing this one applies that change again."),
    ]
    undone: bool
    created_at: Timestamp


class Undo(Input):
    """The change to undo; without it, the last one that is in effect."""

    change: Id | None = None


class LeftMovie(Output):
    movie: int
    title: str


class Undone(Output):
    """Result of an undo. `left` names up to a hundred movies that were changed again since and are kept."""

    undone: Change
    by: Change
    reverted: int
    left_count: int
    left: list[LeftMovie]
