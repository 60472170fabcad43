"""Log of recommendations: one row for each user and movie, written only when something changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from movierec import db
from movierec.errors import NotFound
from movierec.recommender.serving.recommend import RecommendedMovie


class LoggedRecommendation(NamedTuple):
    """A recommendation as it was made; `is_rated` is True if the user has rated the movie since."""

    id: int
    movie_id: int
    score: float
    predicted_rating: float | None
    kind: str
    reason: str
    because: str
    model: str
    is_clicked: bool
    is_rated: bool
    created_at: int


_COLUMNS = (
    "recommendations.id, recommendations.movie_id, score, predicted_rating, recommendation_type, reason, "
    "because, model, is_clicked, "
    "EXISTS (SELECT 1 FROM ratings WHERE ratings.user_id = recommendations.user_id "
    "AND ratings.movie_id = recommendations.movie_id), recommendations.created_at"
)

_CONTENT_COLUMNS = ("score", "predicted_rating", "recommendation_type", "reason", "because", "model")
_INSERT = (
    f"INSERT INTO recommendations (user_id, movie_id, {', '.join(_CONTENT_COLUMNS)}, is_clicked, created_at)"
)
_PLACEHOLDERS = f"({db.placeholders(['user_id', 'movie_id', *_CONTENT_COLUMNS, 'is_clicked', 'created_at'])})"
_ON_CONFLICT = "ON CONFLICT (user_id, movie_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in (*_CONTENT_COLUMNS, "created_at")
)
ROWS_PER_STATEMENT = 100


def find_logged(user_id: int, recommended: Sequence[RecommendedMovie]) -> list[LoggedRecommendation] | None:
    """Return the stored rows of exactly these recommendations, in their order; None if any is missing or differs."""
    rows = _rows(user_id, [item.movie_id for item in recommended])
    logged = [rows.get(item.movie_id) for item in recommended]
    is_same = all(
        row is not None and _logged_content(row) == _content(item)
        for row, item in zip(logged, recommended, strict=True)
    )
    return [row for row in logged if row is not None] if is_same else None


def log_recommendations(
    user_id: int, recommended: Sequence[RecommendedMovie], now: int
) -> list[LoggedRecommendation]:
    """Upsert these recommendations and return their rows in order; a movie recommended before keeps its id.

    A movie that was deleted or merged into another one since it was read is left out.
    """
    # A user waits for this list, and it can be computed again: not worth waiting for the disk.
    with db.write(durable=False):
        recommended = _without_deleted(recommended)
        # In the order of the key, so that two requests of one user cannot deadlock.
        in_order = sorted(recommended, key=lambda item: item.movie_id)
        for batch in db.batches(in_order, ROWS_PER_STATEMENT):
            values = [(user_id, item.movie_id, *_content(item), False, now) for item in batch]
            db.execute(
                f"{_INSERT} VALUES {', '.join([_PLACEHOLDERS] * len(batch))} {_ON_CONFLICT}",
                *chain.from_iterable(values),
            )
        rows = _rows(user_id, [item.movie_id for item in recommended])
        return [rows[item.movie_id] for item in recommended]


def _without_deleted(recommended: Sequence[RecommendedMovie]) -> list[RecommendedMovie]:
    ids = [item.movie_id for item in recommended]
    rows = db.rows(f"SELECT id FROM movies WHERE id IN ({db.placeholders(ids)})", *ids)
    existing = {row[0] for row in rows}
    return [item for item in recommended if item.movie_id in existing]


def open_recommendation(user_id: int, recommendation_id: int) -> LoggedRecommendation:
    """Return a stored recommendation and mark it as clicked. Raises NotFound."""
    with db.write():
        db.execute(
            "UPDATE recommendations SET is_clicked = ? WHERE id = ? AND user_id = ?",
            True,
            recommendation_id,
            user_id,
        )
        row = db.row(
            f"SELECT {_COLUMNS} FROM recommendations WHERE id = ? AND user_id = ?", recommendation_id, user_id
        )
    if row is None:
        raise NotFound()
    return _logged(row)


def recommended_movie(user_id: int, recommendation_id: int) -> int:
    """Return the movie id of a stored recommendation. Raises NotFound."""
    sql = "SELECT movie_id FROM recommendations WHERE id = ? AND user_id = ?"
    movie_id = db.value(sql, recommendation_id, user_id)
    if movie_id is None:
        raise NotFound("There is no such recommendation.")
    return int(movie_id)


def _rows(user_id: int, movie_ids: Sequence[int]) -> dict[int, LoggedRecommendation]:
    rows = db.rows(
        f"SELECT {_COLUMNS} FROM recommendations WHERE user_id = ? "
        f"AND movie_id IN ({db.placeholders(movie_ids)})",
        user_id,
        *movie_ids,
    )
    return {row.movie_id: row for row in map(_logged, rows)}


def _logged(row: db.Row) -> LoggedRecommendation:
    *columns, is_clicked, is_rated, created_at = row
    # SQLite has no booleans.
    return LoggedRecommendation._make((*columns, bool(is_clicked), bool(is_rated), created_at))


# Values of _CONTENT_COLUMNS.
Content = tuple[float, float | None, str, str, str, str]


def _content(item: RecommendedMovie) -> Content:
    because = [
        {
            "movie": reason.movie_id,
            "title": reason.title,
            "rating": reason.stars,
            "contribution": reason.contribution,
        }
        for reason in item.because
    ]
    reasons = json.dumps(because, ensure_ascii=False)
    return item.score, item.predicted_rating, item.kind, item.reason, reasons, item.model


def _logged_content(row: LoggedRecommendation) -> Content:
    return row.score, row.predicted_rating, row.kind, row.reason, row.because, row.model
