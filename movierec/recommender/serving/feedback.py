"""Feedback of users on movies: like, dislike, not interested. The newest feedback on a movie counts."""

from __future__ import annotations

from typing import NamedTuple

import peewee

from movierec import db
from movierec.errors import NotFound

KINDS = ("like", "dislike", "not_interested")


class StoredFeedback(NamedTuple):
    """A row of a user's feedback."""

    id: int
    movie_id: int
    recommendation_id: int | None
    kind: str
    comment: str
    created_at: int


_COLUMNS = "id, movie_id, recommendation_id, feedback_type, comment, created_at"


def give_feedback(user_id: int, movie_id: int, kind: str, *, comment: str = "", now: int) -> StoredFeedback:
    """Store feedback on a movie in place of earlier feedback. Raises NotFound for an unknown movie."""
    try:
        with db.write():
            recommendation_id = db.value(
                "SELECT id FROM recommendations WHERE user_id = ? AND movie_id = ?", user_id, movie_id
            )
            row = db.row(
                "INSERT INTO feedback (user_id, movie_id, recommendation_id, feedback_type, comment, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, movie_id) DO UPDATE SET "
                "recommendation_id = excluded.recommendation_id, feedback_type = excluded.feedback_type, "
                f"comment = excluded.comment, created_at = excluded.created_at RETURNING {_COLUMNS}",
                user_id,
                movie_id,
                recommendation_id,
                kind,
                comment,
                now,
            )
    except peewee.IntegrityError as error:
        raise NotFound("There is no such movie.") from error
    assert row is not None
    return StoredFeedback._make(row)


def list_feedback(user_id: int, *, limit: int, offset: int) -> tuple[int, list[StoredFeedback]]:
    """Return the number of movies with feedback of a user, and one page of it, newest first."""
    count = db.value("SELECT COUNT(*) FROM feedback WHERE user_id = ?", user_id)
    rows = db.rows(
        f"SELECT {_COLUMNS} FROM feedback WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?",
        user_id,
        limit,
        offset,
    )
    return count, list(map(StoredFeedback._make, rows))


def withdraw_feedback(user_id: int, feedback_id: int) -> None:
    """Delete feedback: a dismissed movie may be recommended again. Raises NotFound."""
    if not db.execute("DELETE FROM feedback WHERE user_id = ? AND id = ?", user_id, feedback_id).rowcount:
        raise NotFound()
