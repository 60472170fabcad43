"""Lists made from the catalogue itself: popular, top rated, trending."""

from __future__ import annotations

from collections.abc import Sequence

from movierec import db
from movierec.movies.queries import MovieFilters, MovieSummary, browse, summaries

# So many votes of the mean film are added to each: 9.5 of three voters is no better than 8.5 of a hundred.
DAMPING_VOTES = 40
TRENDING_LENGTH, FEW_FILMS = 200, 20


def popular(*, adult: bool = False, limit: int, offset: int = 0) -> tuple[int, list[MovieSummary]]:
    """The best known films."""
    return browse(MovieFilters(adult=None if adult else False), limit=limit, offset=offset)


def top_rated(*, adult: bool = False, limit: int, offset: int = 0) -> tuple[int, list[MovieSummary]]:
    """By vote average, damped: (sum of votes + m · mean) / (votes + m), as IMDb's Top 250 does."""
    mean = db.value("SELECT AVG(vote_average) FROM movies WHERE vote_count > 0") or 0.0
    damped = (
        f"(movies.vote_count * movies.vote_average + {DAMPING_VOTES * mean:.6f}) "
        f"/ (movies.vote_count + {DAMPING_VOTES}) DESC"
    )
    filters = MovieFilters(min_votes=1, adult=None if adult else False)
    return browse(filters, order=damped, limit=limit, offset=offset)


def trending(
    active: Sequence[int], this_year: int, *, adult: bool = False, limit: int, offset: int = 0
) -> tuple[int, list[MovieSummary]]:
    """The films that `active` names, then the most popular of the newest two years that have some.

    A few films alone, as a search brings in, make no years of their own.
    """
    some = db.value(
        "SELECT year FROM movies WHERE year <= ? ORDER BY year DESC LIMIT 1 OFFSET ?", this_year, FEW_FILMS
    )
    newest = db.rows(
        "SELECT id FROM movies WHERE year BETWEEN ? AND ? AND (NOT adult OR ?) "
        "ORDER BY popularity DESC, id LIMIT ?",
        (some or 0) - 1,
        this_year,
        adult,
        TRENDING_LENGTH,
    )
    ids = list(dict.fromkeys([*active, *(movie_id for (movie_id,) in newest)]))[:TRENDING_LENGTH]
    return len(ids), summaries(ids[offset : offset + limit])
