"""What was recommended, remembered: one row for each user and film, written only when something changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from movierec import db
from movierec.errors import NotFound
from movierec.recommender.serving.recommend import RecommendedMovie


class LoggedRecommendation(NamedTuple):
    """A recommendation as it was made; `is_rated` is whether its film was rated since."""

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

_STORED = ("score", "predicted_rating", "recommendation_type", "reason", "because", "model")
_INSERT = f"INSERT INTO recommendations (user_id, movie_id, {', '.join(_STORED)}, is_clicked, created_at)"
_MARKS = f"({db.placeholders(['user_id', 'movie_id', *_STORED, 'is_clicked', 'created_at'])})"
_ON_CONFLICT = "ON CONFLICT (user_id, movie_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in (*_STORED, "created_at")
)
ROWS_PER_STATEMENT = 100


def find_logged(user_id: int, found: Sequence[RecommendedMovie]) -> list[LoggedRecommendation] | None:
    """The stored rows of exactly these recommendations, in their order; None if any is missing or differs."""
    rows = _rows(user_id, [item.movie_id for item in found])
    stored = [rows.get(item.movie_id) for item in found]
    same = all(row is not None and _told(row) == _tell(item) for row, item in zip(stored, found, strict=True))
    return [row for row in stored if row is not None] if same else None


def log_recommendations(
    user_id: int, found: Sequence[RecommendedMovie], now: int
) -> list[LoggedRecommendation]:
    """Store these recommendations, keeping the ids of films recommended before; returns them in order.

    A film that has left the catalogue since it was read, deleted or merged into another, is left out.
    """
    # Somebody waits for this list, and it could be made again: not worth waiting for the disk.
    with db.write(durable=False):
        found = _still_there(found)
        # In the order of the key, so that two requests of one user never wait for each other in a circle.
        for batch in db.batches(sorted(found, key=lambda each: each.movie_id), ROWS_PER_STATEMENT):
            values = [(user_id, item.movie_id, *_tell(item), False, now) for item in batch]
            db.execute(
                f"{_INSERT} VALUES {', '.join([_MARKS] * len(batch))} {_ON_CONFLICT}",
                *chain.from_iterable(values),
            )
        rows = _rows(user_id, [item.movie_id for item in found])
        return [rows[item.movie_id] for item in found]


def _still_there(found: Sequence[RecommendedMovie]) -> list[RecommendedMovie]:
    ids = [item.movie_id for item in found]
    there = {row[0] for row in db.rows(f"SELECT id FROM movies WHERE id IN ({db.placeholders(ids)})", *ids)}
    return [item for item in found if item.movie_id in there]


def open_recommendation(user_id: int, recommendation_id: int) -> LoggedRecommendation:
    """One stored recommendation; looking at it counts as a click. Raises NotFound."""
    with db.write():
        db.execute(
            "UPDATE recommendations SET is_clicked = ? WHERE id = ? AND user_id = ?",
            True,
            recommendation_id,
            user_id,
        )
        found = db.row(
            f"SELECT {_COLUMNS} FROM recommendations WHERE id = ? AND user_id = ?", recommendation_id, user_id
        )
    if found is None:
        raise NotFound()
    return _shown(found)


def recommended_movie(user_id: int, recommendation_id: int) -> int:
    """The film of a stored recommendation. Raises NotFound."""
    sql = "SELECT movie_id FROM recommendations WHERE id = ? AND user_id = ?"
    found = db.value(sql, recommendation_id, user_id)
    if found is None:
        raise NotFound("There is no such recommendation.")
    return int(found)


def _rows(user_id: int, movie_ids: Sequence[int]) -> dict[int, LoggedRecommendation]:
    found = db.rows(
        f"SELECT {_COLUMNS} FROM recommendations WHERE user_id = ? "
        f"AND movie_id IN ({db.placeholders(movie_ids)})",
        user_id,
        *movie_ids,
    )
    return {row[1]: _shown(row) for row in found}


def _shown(row: db.Row) -> LoggedRecommendation:
    *told, is_clicked, is_rated, created_at = row
    return LoggedRecommendation._make((*told, bool(is_clicked), bool(is_rated), created_at))


Told = tuple[float, float | None, str, str, str, str]


def _tell(item: RecommendedMovie) -> Told:
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


def _told(row: LoggedRecommendation) -> Told:
    return row.score, row.predicted_rating, row.kind, row.reason, row.because, row.model
