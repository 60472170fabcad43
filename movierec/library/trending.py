"""What the users of this server do, all together."""

from __future__ import annotations

from movierec import db
from movierec.movies import TmdbLookupIds


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


# Of what users keep, the films that TMDb can be asked for and has not told whole.
_WITHOUT_DETAILS = (
    "FROM movies WHERE details_at IS NULL AND (tmdb_id IS NOT NULL OR imdb_id IS NOT NULL) AND ("
    + " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {table}.movie_id = movies.id)"
        for table in ("ratings", "favorites", "watchlist", "history")
    )
    + ")"
)


def count_movies_without_details() -> int:
    return int(db.value(f"SELECT COUNT(*) {_WITHOUT_DETAILS}"))


def movies_without_details(after: int, limit: int) -> list[tuple[int, TmdbLookupIds]]:
    """The first of them with a greater id than `after`."""
    found = db.rows(
        f"SELECT id, tmdb_id, imdb_id {_WITHOUT_DETAILS} AND id > ? ORDER BY id LIMIT ?", after, limit
    )
    return [(movie_id, TmdbLookupIds(*ids)) for movie_id, *ids in found]
