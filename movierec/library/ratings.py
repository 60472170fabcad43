"""Ratings: one user's stars and review of one movie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from movierec import db
from movierec.library.apply_changes import apply
from movierec.library.changes import (
    RATINGS,
    LibraryChange,
    check_text,
    rating_change,
    removal_change,
    stars_to_steps,
    without_none,
)
from movierec.library.journal import library_transaction, title_with_year
from movierec.library.queries import MOVIE_ORDERINGS, NO_FILTER, LibraryFilter, one_row, page
from movierec.library.watchlist import watchlist_removal

ORDERINGS = {
    "created_at": "ratings.created_at",
    "updated_at": "ratings.updated_at",
    "rating": "ratings.steps",
    **MOVIE_ORDERINGS,
}


@dataclass(frozen=True, slots=True)
class RatedMovie:
    """A stored rating; `stars` is 0.5 to 5.0."""

    id: int
    movie_id: int
    stars: float
    review: str
    created_at: int
    updated_at: int


class RatingChanges(TypedDict, total=False):
    """Fields of a rating to change; absent ones stay. `rating` is in stars."""

    rating: float
    review: str | None


_COLUMNS = (
    "ratings.id, ratings.movie_id, ratings.steps, ratings.review, ratings.created_at, ratings.updated_at"
)


def _rated_movie(row: db.Row) -> RatedMovie:
    return RatedMovie(row[0], row[1], row[2] / 2, row[3], row[4], row[5])


def rate(
    user_id: int, movie_id: int, stars: float, *, review: str | None = None, now: int
) -> tuple[RatedMovie, bool]:
    """Rate a movie, and return the rating with True if it is new. `review` None keeps the stored text.

    Takes the movie off the watchlist, unless the user turned that off. Raises ValidationFailed, or NotFound where
    there is no such movie.
    """
    change = rating_change(movie_id, stars, review=review)
    with library_transaction(user_id):
        changes = [change, *watchlist_removal(user_id, movie_id)]
        result = apply(user_id, changes, what=f"Rated {title_with_year(movie_id)}", now=now)
        return rating_of_movie(user_id, movie_id), result.added > 0


def update_rating(user_id: int, rating_id: int, changes: RatingChanges, *, now: int) -> RatedMovie:
    """Change stars or review of a rating. Raises ValidationFailed or NotFound."""
    steps = stars_to_steps(changes["rating"]) if "rating" in changes else None
    values = without_none(steps=steps, review=check_text("review", changes.get("review")))
    with library_transaction(user_id):
        movie_id = rating(user_id, rating_id).movie_id
        what = f"Changed the rating of {title_with_year(movie_id)}"
        apply(user_id, [LibraryChange(RATINGS, movie_id, values)], what=what, now=now)
        return rating_of_movie(user_id, movie_id)


def rating(user_id: int, rating_id: int) -> RatedMovie:
    """Return one rating. Raises NotFound."""
    return _rated_movie(one_row(RATINGS, _COLUMNS, user_id, "ratings.id = ?", rating_id))


def rating_of_movie(user_id: int, movie_id: int) -> RatedMovie:
    """Return the user's rating of a movie. Raises NotFound."""
    return _rated_movie(one_row(RATINGS, _COLUMNS, user_id, "ratings.movie_id = ?", movie_id))


def delete_rating(user_id: int, rating_id: int, *, now: int) -> None:
    """Delete a rating. Raises NotFound."""
    with library_transaction(user_id):
        delete_rating_of_movie(user_id, rating(user_id, rating_id).movie_id, now=now)


def delete_rating_of_movie(user_id: int, movie_id: int, *, now: int) -> None:
    """Delete the user's rating of a movie. Raises NotFound."""
    with library_transaction(user_id):
        rating_of_movie(user_id, movie_id)
        what = f"Took back the rating of {title_with_year(movie_id)}"
        apply(user_id, [removal_change(RATINGS, movie_id)], what=what, now=now)


def ratings(
    user_id: int,
    filters: LibraryFilter = NO_FILTER,
    *,
    order: str = "ratings.updated_at DESC",
    limit: int,
    offset: int,
) -> tuple[int, list[RatedMovie]]:
    """Return the number of ratings that pass the filters and one page of them.

    `order` comes from `movies.order_by`.
    """
    return page(RATINGS, _COLUMNS, _rated_movie, user_id, filters, order=order, limit=limit, offset=offset)
