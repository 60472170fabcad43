"""Favorites: the movies a user loves, with a note."""

from __future__ import annotations

from dataclasses import dataclass

from movierec import db
from movierec.library.apply_changes import apply
from movierec.library.changes import FAVORITES, favorite_change, removal_change
from movierec.library.journal import library_transaction, title_with_year
from movierec.library.queries import MOVIE_ORDERINGS, NO_FILTER, LibraryFilter, one_row, page

ORDERINGS = {"created_at": "favorites.created_at", **MOVIE_ORDERINGS}


@dataclass(frozen=True, slots=True)
class FavoriteMovie:
    """A stored favorite."""

    id: int
    movie_id: int
    note: str
    created_at: int


_COLUMNS = "favorites.id, favorites.movie_id, favorites.note, favorites.created_at"


def _favorite_movie(row: db.Row) -> FavoriteMovie:
    return FavoriteMovie(*row)


def add_favorite(
    user_id: int, movie_id: int, *, note: str | None = None, now: int
) -> tuple[FavoriteMovie, bool]:
    """Make a movie a favorite, and return it with True if it is new. Repeated without a note it changes nothing.

    Raises NotFound where there is no such movie.
    """
    with library_transaction(user_id):
        what = f"Made {title_with_year(movie_id)} a favorite"
        result = apply(user_id, [favorite_change(movie_id, note=note)], what=what, now=now)
        return _favorite_by_movie(user_id, movie_id), result.added > 0


def favorite(user_id: int, favorite_id: int) -> FavoriteMovie:
    """Return one favorite. Raises NotFound."""
    return _favorite_movie(one_row(FAVORITES, _COLUMNS, user_id, "favorites.id = ?", favorite_id))


def update_favorite(user_id: int, favorite_id: int, note: str | None, *, now: int) -> FavoriteMovie:
    """Replace the note; None keeps it. Raises NotFound."""
    with library_transaction(user_id):
        movie_id = favorite(user_id, favorite_id).movie_id
        what = f"Changed the note on {title_with_year(movie_id)}"
        apply(user_id, [favorite_change(movie_id, note=note)], what=what, now=now)
        return _favorite_by_movie(user_id, movie_id)


def remove_favorite(user_id: int, favorite_id: int, *, now: int) -> None:
    """Remove a movie from the favorites. Raises NotFound."""
    with library_transaction(user_id):
        movie_id = favorite(user_id, favorite_id).movie_id
        what = f"Took {title_with_year(movie_id)} off the favorites"
        apply(user_id, [removal_change(FAVORITES, movie_id)], what=what, now=now)


def is_favorite(user_id: int, movie_id: int) -> bool:
    return (
        db.value("SELECT 1 FROM favorites WHERE user_id = ? AND movie_id = ?", user_id, movie_id) is not None
    )


def favorites(
    user_id: int,
    filters: LibraryFilter = NO_FILTER,
    *,
    order: str = "favorites.created_at DESC",
    limit: int,
    offset: int,
) -> tuple[int, list[FavoriteMovie]]:
    """Return the number of favorites that pass the filters and one page of them.

    `order` comes from `movies.order_by`.
    """
    return page(
        FAVORITES, _COLUMNS, _favorite_movie, user_id, filters, order=order, limit=limit, offset=offset
    )


def _favorite_by_movie(user_id: int, movie_id: int) -> FavoriteMovie:
    return _favorite_movie(one_row(FAVORITES, _COLUMNS, user_id, "favorites.movie_id = ?", movie_id))
