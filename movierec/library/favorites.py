"""Favorites: the films a user loves, with a note."""

from __future__ import annotations

from dataclasses import dataclass

import peewee

from movierec import db
from movierec.errors import NotFound

ORDERINGS = {"created_at": "favorites.created_at", "title": "movies.title", "year": "movies.year"}


@dataclass(frozen=True, slots=True)
class FavoriteMovie:
    id: int
    movie_id: int
    note: str
    created_at: int


_COLUMNS = "favorites.id, favorites.movie_id, favorites.note, favorites.created_at"


def add_favorite(
    user_id: int, movie_id: int, *, note: str | None = None, now: int
) -> tuple[FavoriteMovie, bool]:
    """Make a film a favorite. Returns it and whether it is new; again, without a note, nothing changes.

    Raises NotFound where there is no such film.
    """
    try:
        with db.write():
            known = db.value("SELECT 1 FROM favorites WHERE user_id = ? AND movie_id = ?", user_id, movie_id)
            stored = db.row(
                "INSERT INTO favorites (user_id, movie_id, note, created_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (user_id, movie_id) DO UPDATE SET note = COALESCE(?, favorites.note) "
                f"RETURNING {_COLUMNS}",
                user_id,
                movie_id,
                note or "",
                now,
                note,
            )
    except peewee.IntegrityError as error:
        raise NotFound("There is no such movie.") from error
    assert stored is not None
    return FavoriteMovie(*stored), not known


def favorite(user_id: int, favorite_id: int) -> FavoriteMovie:
    found = db.row(
        f"SELECT {_COLUMNS} FROM favorites WHERE favorites.user_id = ? AND favorites.id = ?",
        user_id,
        favorite_id,
    )
    if found is None:
        raise NotFound()
    return FavoriteMovie(*found)


def annotate_favorite(user_id: int, favorite_id: int, note: str | None) -> FavoriteMovie:
    """Replace the note; None keeps it. Raises NotFound."""
    found = db.row(
        f"UPDATE favorites SET note = COALESCE(?, note) WHERE user_id = ? AND id = ? RETURNING {_COLUMNS}",
        note,
        user_id,
        favorite_id,
    )
    if found is None:
        raise NotFound()
    return FavoriteMovie(*found)


def remove_favorite(user_id: int, favorite_id: int) -> None:
    if not db.execute("DELETE FROM favorites WHERE user_id = ? AND id = ?", user_id, favorite_id).rowcount:
        raise NotFound()


def is_favorite(user_id: int, movie_id: int) -> bool:
    return (
        db.value("SELECT 1 FROM favorites WHERE user_id = ? AND movie_id = ?", user_id, movie_id) is not None
    )


def favorites(
    user_id: int, *, order: str = "favorites.created_at DESC", limit: int, offset: int
) -> tuple[int, list[FavoriteMovie]]:
    """How many favorites a user has, and one page of them. `order` comes from `movies.ordering`."""
    count = db.value("SELECT COUNT(*) FROM favorites WHERE user_id = ?", user_id)
    found = db.rows(
        f"SELECT {_COLUMNS} FROM favorites JOIN movies ON movies.id = favorites.movie_id "
        f"WHERE favorites.user_id = ? ORDER BY {order}, favorites.id DESC LIMIT ? OFFSET ?",
        user_id,
        limit,
        offset,
    )
    return count, [FavoriteMovie(*row) for row in found]
