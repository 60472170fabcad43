"""Votes and popularity from community ratings, for movies without data from TMDb."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from movierec import db

# Damping of the mean: this many additional ratings of the overall average.
DAMPING = 10
# Minimum of the rating count that means full popularity, for small datasets.
MINIMUM_CEILING = 50
MOVIES_PER_BATCH = 500


def derive_votes(
    counts: npt.NDArray[np.int64], steps: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Compute vote_average (1-10) and popularity (0-100) of movies from rating counts and sums of half stars.

    A half star is one of TMDb's ten points. The average is damped towards that of all ratings. Popularity is the
    square root of a movie's share of the ratings of the most rated movie, in percent, half of it weighted by the
    average: the same scale as the popularity from critics' reviews of the shipped catalogue.
    """
    usual = steps.sum() / max(int(counts.sum()), 1)
    average = (steps + DAMPING * usual) / (counts + DAMPING)
    ceiling = max(int(counts.max(initial=0)), MINIMUM_CEILING)
    popularity = 100 * np.sqrt(counts / ceiling) * (0.5 + average / 20)
    return np.round(average, 1), np.round(popularity, 3)


def update_votes(rows: list[tuple[int, int, float, float]], now: int) -> None:
    """Update (movie id, ratings, average, popularity) of movies in one statement.

    Skips movies whose facts come from TMDb or staff, and movies with votes from more critics than raters. Repeating
    it changes nothing.
    """
    values = sorted(rows)
    marks = ", ".join(["(?, ?, ?, ?)"] * len(values))
    db.execute(
        "UPDATE movies SET vote_count = votes.column2, vote_average = votes.column3, popularity = votes.column4, "
        "updated_at = ? "
        f"FROM (VALUES {marks}) AS votes WHERE movies.id = votes.column1 "
        "AND movies.source IN ('starter', 'movielens') "
        "AND COALESCE(movies.critics_reviews, 0) < votes.column2 "
        "AND (vote_count <> votes.column2 OR vote_average <> votes.column3 OR popularity <> votes.column4)",
        now,
        *(value for row in values for value in row),
    )
