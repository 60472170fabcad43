"""What the users of this server do, all together."""

from __future__ import annotations

from movierec import db


def most_rated(since: int, *, limit: int = 100) -> list[int]:
    """Ids of the films rated most often since then, adult ones left out."""
    found = db.rows(
        "SELECT movie_id FROM ratings JOIN movies ON movies.id = movie_id "
        "WHERE ratings.updated_at >= ? AND NOT movies.adult GROUP BY movie_id "
        "ORDER BY COUNT(*) DESC, MAX(ratings.updated_at) DESC, movie_id LIMIT ?",
        since,
        limit,
    )
    return [movie_id for (movie_id,) in found]
