"""Charts computed from the catalogue alone: popular, top rated, trending."""

from __future__ import annotations

from collections.abc import Sequence

from movierec import db
from movierec.movies.queries import MovieFilters, MovieSummary, browse, summaries

# Votes at the mean that are added to every movie: 9.5 by three voters ranks below 8.5 by a hundred.
DAMPING_VOTES = 40
# Length of the trending list, and the number of movies from which on a year counts as one with new releases.
TRENDING_LENGTH, YEAR_MINIMUM_MOVIES = 200, 20


def popular(*, adult: bool = False, limit: int, offset: int = 0) -> tuple[int, list[MovieSummary]]:
    """Return the most popular movies and their total number."""
    return browse(MovieFilters(adult=None if adult else False), limit=limit, offset=offset)


def top_rated(*, adult: bool = False, limit: int, offset: int = 0) -> tuple[int, list[MovieSummary]]:
    """Rank by damped vote average: (sum of votes + m · mean) / (votes + m), as IMDb's Top 250 does."""
    mean = db.value("SELECT AVG(vote_average) FROM movies WHERE vote_count > 0") or 0.0
    # PostgreSQL adds integers in 32 bits and refuses what does not fit.
    votes = "CAST(movies.vote_count AS DOUBLE PRECISION)"
    damped = (
        f"({votes} * movies.vote_average + {DAMPING_VOTES * mean:.6f}) / ({votes} + {DAMPING_VOTES}) DESC"
    )
    filters = MovieFilters(min_votes=1, adult=None if adult else False)
    return browse(filters, order=damped, limit=limit, offset=offset)


def trending(
    active: Sequence[int], this_year: int, *, adult: bool = False, limit: int, offset: int = 0
) -> tuple[int, list[MovieSummary]]:
    """List the movies in `active`, then the most popular of the two newest years that have releases.

    A year with a few movies only, such as a search brings in, does not count as one.
    """
    newest_year = db.value(
        "SELECT year FROM movies WHERE year <= ? ORDER BY year DESC LIMIT 1 OFFSET ?",
        this_year,
        YEAR_MINIMUM_MOVIES,
    )
    newest = db.rows(
        "SELECT id FROM movies WHERE year BETWEEN ? AND ? AND (NOT adult OR ?) "
        "ORDER BY popularity DESC, id LIMIT ?",
        (newest_year or 0) - 1,
        this_year,
        adult,
        TRENDING_LENGTH,
    )
    ids = list(dict.fromkeys([*active, *(movie_id for (movie_id,) in newest)]))[:TRENDING_LENGTH]
    return len(ids), summaries(ids[offset : offset + limit])
