"""Favorites and ratings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from movierec.api.schemas.base import Id, Input, Output, PageQuery, Stars, Timestamp
from movierec.api.schemas.movies import ListedMovie

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


class FavoriteQuery(PageQuery):
    ordering: str = "-created_at"


class RatingQuery(PageQuery):
    ordering: str = "-updated_at"
