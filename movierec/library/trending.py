"""Activity of all users of this server: most rated movies, and library movies that lack details."""

from __future__ import annotations

from movierec import db
from movierec.movies import TmdbLookupIds

# Number of ratings, newest first, that are counted for the trending movies: anybody may ask for them.
COUNTED_RATINGS = 2_000


def most_rated(since: int, *, limit: int = 100) -> list[int]:
    """Return the ids of the movies rated most often since a time, without adult ones.

    Only the newest ratings are counted, so the cost does not grow with the number of users.
    """
    rows = db.rows(
        "SELECT movie_id FROM (SELECT movie_id, COUNT(*) AS ratings, MAX(updated_at) AS latest FROM "
        "(SELECT movie_id, updated_at FROM ratings WHERE updated_at >= ? "
        "ORDER BY updated_at DESC, movie_id DESC LIMIT ?) AS newest GROUP BY movie_id) AS counted "
        "JOIN movies ON movies.id = movie_id WHERE NOT movies.adult "
        "ORDER BY counted.ratings DESC, counted.latest DESC, movie_id LIMIT ?",
        since,
        COUNTED_RATINGS,
        limit,
    )
    return [movie_id for (movie_id,) in rows]


# Movies in somebody's library whose details TMDb has not answered yet, and that have an id to fetch them by.
_WITHOUT_DETAILS = (
    "FROM movies WHERE details_at IS NULL AND (tmdb_id IS NOT NULL OR imdb_id IS NOT NULL) AND ("
    + " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {table}.movie_id = movies.id)"
        for table in ("ratings", "favorites", "watchlist", "history")
    )
    + ")"
)


def count_movies_without_details() -> int:
    """Count the movies in libraries that lack TMDb's details and can be fetched."""
    return int(db.value(f"SELECT COUNT(*) {_WITHOUT_DETAILS}"))


def movies_without_details(after: int, limit: int) -> list[tuple[int, TmdbLookupIds]]:
    """Return the first of these movies with an id greater than `after`."""
    rows = db.rows(
        f"SELECT id, tmdb_id, imdb_id {_WITHOUT_DETAILS} AND id > ? ORDER BY id LIMIT ?", after, limit
    )
    return [(movie_id, TmdbLookupIds(*ids)) for movie_id, *ids in rows]
