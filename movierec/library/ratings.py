"""Ratings: one user's stars and words on one film. Every change is one statement, whatever races with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import peewee

from movierec import db
from movierec.errors import NotFound, ValidationFailed

MAXIMUM_REVIEW = 10_000

ORDERINGS = {
    "created_at": "ratings.created_at",
    "updated_at": "ratings.updated_at",
    "rating": "ratings.steps",
    "title": "movies.title",
    "year": "movies.year",
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


def steps_of(stars: float) -> int:
    """Half-star steps 1–10. Raises ValidationFailed for anything but 0.5, 1.0 … 5.0."""
    steps = stars * 2 if isinstance(stars, (int, float)) and not isinstance(stars, bool) else 0
    if steps not in range(1, 11):
        raise ValidationFailed.of("rating", "Ratings are 0.5 to 5.0 in steps of 0.5.")
    return int(steps)


def rate(
    user_id: int, movie_id: int, stars: float, *, review: str | None = None, now: int
) -> tuple[RatedMovie, bool]:
    """Rate a film, new or again; `review` None keeps the words there are. Returns it and whether it is new.

    Raises ValidationFailed, or NotFound where there is no such film.
    """
    steps = steps_of(stars)
    if review is not None and len(review) > MAXIMUM_REVIEW:
        raise ValidationFailed.of("review", f"A review has at most {MAXIMUM_REVIEW} characters.")
    try:
        with db.write():
            known = db.value("SELECT 1 FROM ratings WHERE user_id = ? AND movie_id = ?", user_id, movie_id)
            stored = db.row(
                "INSERT INTO ratings (user_id, movie_id, steps, review, created_at, updated_at) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, movie_id) DO UPDATE SET "
                "steps = excluded.steps, review = COALESCE(?, ratings.review), "
                f"updated_at = excluded.updated_at RETURNING {_COLUMNS}",
                user_id,
                movie_id,
                steps,
                review or "",
                now,
                now,
                review,
            )
    except peewee.IntegrityError as error:
        raise NotFound("There is no such movie.") from error
    assert stored is not None
    return _rated(stored), not known


def revise(user_id: int, rating_id: int, changes: dict[str, Any], *, now: int) -> RatedMovie:
    """Change `rating` or `review` of a rating; what is not in `changes` stays. Raises NotFound."""
    steps = steps_of(changes["rating"]) if "rating" in changes else None
    stored = db.row(
        "UPDATE ratings SET steps = COALESCE(?, steps), review = COALESCE(?, review), updated_at = ? "
        f"WHERE id = ? AND user_id = ? RETURNING {_COLUMNS}",
        steps,
        changes.get("review"),
        now,
        rating_id,
        user_id,
    )
    if stored is None:
        raise NotFound()
    return _rated(stored)


def rating(user_id: int, rating_id: int) -> RatedMovie:
    return _one("ratings.id = ?", user_id, rating_id)


def rating_of(user_id: int, movie_id: int) -> RatedMovie:
    """The user's rating of a film. Raises NotFound."""
    return _one("ratings.movie_id = ?", user_id, movie_id)


def _one(condition: str, user_id: int, key: int) -> RatedMovie:
    found = db.row(f"SELECT {_COLUMNS} FROM ratings WHERE ratings.user_id = ? AND {condition}", user_id, key)
    if found is None:
        raise NotFound()
    return _rated(found)


def unrate(user_id: int, rating_id: int) -> None:
    if not db.execute("DELETE FROM ratings WHERE user_id = ? AND id = ?", user_id, rating_id).rowcount:
        raise NotFound()


def unrate_movie(user_id: int, movie_id: int) -> None:
    if not db.execute("DELETE FROM ratings WHERE user_id = ? AND movie_id = ?", user_id, movie_id).rowcount:
        raise NotFound()


def ratings(
    user_id: int, *, order: str = "ratings.updated_at DESC", limit: int, offset: int
) -> tuple[int, list[RatedMovie]]:
    """How many ratings a user has, and one page of them. `order` comes from `movies.ordering`."""
    count = db.value("SELECT COUNT(*) FROM ratings WHERE user_id = ?", user_id)
    found = db.rows(
        f"SELECT {_COLUMNS} FROM ratings JOIN movies ON movies.id = ratings.movie_id "
        f"WHERE ratings.user_id = ? ORDER BY {order}, ratings.id DESC LIMIT ? OFFSET ?",
        user_id,
        limit,
        offset,
    )
    return count, [_rated(row) for row in found]
