"""Ratings: one user's stars and words on one film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


_COLUMNS = (
    "ratings.id, ratings.movie_id, ratings.steps, ratings.review, ratings.created_at, ratings.updated_at"
)


def _rated(row: db.Row) -> RatedMovie:
    return RatedMovie(row[0], row[1], row[2] / 2, row[3], row[4], row[5])


def rate(
    user_id: int, movie_id: int, stars: float, *, review: str | None = None, now: int
) -> tuple[RatedMovie, bool]:
    """Rate a film, new or again; `review` None keeps the words there are. Returns it and whether it is new.

    The film leaves the watchlist, unless the user wants otherwise. Raises ValidationFailed, or NotFound where
    there is no such film.
    """
    change = rating_change(movie_id, stars, review=review)
    with library_transaction(user_id):
        changes = [change, *watchlist_removal(user_id, movie_id)]
        done = apply(user_id, changes, what=f"Rated {title_with_year(movie_id)}", now=now)
        return rating_of_movie(user_id, movie_id), done.added > 0


def update_rating(user_id: int, rating_id: int, changes: dict[str, Any], *, now: int) -> RatedMovie:
    """Change `rating` or `review` of a rating; what is not in `changes` stays. Raises NotFound."""
    steps = stars_to_steps(changes["rating"]) if "rating" in changes else None
    values = without_none(steps=steps, review=check_text("review", changes.get("review")))
    with library_transaction(user_id):
        movie_id = rating(user_id, rating_id).movie_id
        what = f"Changed the rating of {title_with_year(movie_id)}"
        apply(user_id, [LibraryChange(RATINGS, movie_id, values)], what=what, now=now)
        return rating_of_movie(user_id, movie_id)


def rating(user_id: int, rating_id: int) -> RatedMovie:
    """One rating. Raises NotFound."""
    return _rated(one_row(RATINGS, _COLUMNS, user_id, "ratings.id = ?", rating_id))


def rating_of_movie(user_id: int, movie_id: int) -> RatedMovie:
    """The user's rating of a film. Raises NotFound."""
    return _rated(one_row(RATINGS, _COLUMNS, user_id, "ratings.movie_id = ?", movie_id))


def delete_rating(user_id: int, rating_id: int, *, now: int) -> None:
    """Take a rating back. Raises NotFound."""
    with library_transaction(user_id):
        delete_rating_of_movie(user_id, rating(user_id, rating_id).movie_id, now=now)


def delete_rating_of_movie(user_id: int, movie_id: int, *, now: int) -> None:
    """Take the rating of a film back. Raises NotFound."""
    with library_transaction(user_id):
        rating_of_movie(user_id, movie_id)
        what = f"Took back the rating of {title_with_year(movie_id)}"
        apply(user_id, [removal_change(RATINGS, movie_id)], what=what, now=now)


def ratings(
    user_id: int,
    narrowing: LibraryFilter = NO_FILTER,
    *,
    order: str = "ratings.updated_at DESC",
    limit: int,
    offset: int,
) -> tuple[int, list[RatedMovie]]:
    """How many of the user's ratings pass, and one page of them. `order` comes from `movies.ordering`."""
    return page(RATINGS, _COLUMNS, _rated, user_id, narrowing, order=order, limit=limit, offset=offset)
