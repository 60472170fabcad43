"""What users say of recommendations: like, dislike, not interested. The newest word on a film counts."""

from __future__ import annotations

from typing import NamedTuple

import peewee

from movierec import db
from movierec.errors import NotFound

KINDS = ("like", "dislike", "not_interested")


class StoredFeedback(NamedTuple):
    id: int
    movie_id: int
    recommendation_id: int | None
    kind: str
    comment: str
    created_at: int


_COLUMNS = "id, movie_id, recommendation_id, feedback_type, comment, created_at"


def give_feedback(user_id: int, movie_id: int, kind: str, *, comment: str = "", now: int) -> StoredFeedback:
    """Say something of a film, in place of what was said before. Raises NotFound where there is no film."""
    try:
        with db.write():
            recommendation_id = db.value(
                "SELECT id FROM recommendations WHERE user_id = ? AND movie_id = ?", user_id, movie_id
            )
            stored = db.row(
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
    assert stored is not None
    return StoredFeedback(*stored)


def list_feedback(user_id: int, *, limit: int, offset: int) -> tuple[int, list[StoredFeedback]]:
    """How many films a user has said something of, and one page of it, newest first."""
    count = db.value("SELECT COUNT(*) FROM feedback WHERE user_id = ?", user_id)
    found = db.rows(
        f"SELECT {_COLUMNS} FROM feedback WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?",
        user_id,
        limit,
        offset,
    )
    return count, [StoredFeedback(*row) for row in found]


def withdraw_feedback(user_id: int, feedback_id: int) -> None:
    """Take feedback back: a dismissed film may be recommended again. Raises NotFound."""
    if not db.execute("DELETE FROM feedback WHERE user_id = ? AND id = ?", user_id, feedback_id).rowcount:
        raise NotFound()
