"""Votes and popularity from community ratings, for films that TMDb has not told of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from movierec import db

# A film's mean counts as if this many more people had given it what is usual.
DAMPING = 10
# With fewer raters even the best known film of a dataset is not very popular.
MINIMUM_CEILING = 50
MOVIES_PER_BATCH = 500


def derive_votes(
    counts: npt.NDArray[np.int64], steps: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """vote_average (1-10) and popularity (0-100) of films by their number of ratings and sum of half stars.

    A half star is one of TMDb's ten points. The average is damped towards that of all ratings. Popularity
    is the square root of the share of the best known film's ratings, in percent, half of it weighed by the
    average: the same kind of scale as the critics' stand-in of the films that ship with the package.
    """
    usual = steps.sum() / max(int(counts.sum()), 1)
    average = (steps + DAMPING * usual) / (counts + DAMPING)
    ceiling = max(int(counts.max(initial=0)), MINIMUM_CEILING)
    popularity = 100 * np.sqrt(counts / ceiling) * (0.5 + average / 20)
    return np.round(average, 1), np.round(popularity, 3)


def update_votes(rows: list[tuple[int, int, float, float]], now: int) -> None:
    """Write (movie id, ratings, average, popularity) of some films, in one statement.

    Not of films whose facts come from TMDb or staff, nor where more critics than raters stand behind the
    votes there are. Repeating it changes nothing.
    """
    values = sorted(rows)
    marks = ", ".join(["(?, ?, ?, ?)"] * len(values))
    db.execute(
        "UPDATE movies SET vote_count = told.column2, vote_average = told.column3, popularity = told.column4, "
        "updated_at = ? "
        f"FROM (VALUES {marks}) AS told WHERE movies.id = told.column1 "
        "AND movies.source IN ('starter', 'movielens') "
        "AND COALESCE(movies.critics_reviews, 0) < told.column2 "
        "AND (vote_count <> told.column2 OR vote_average <> told.column3 OR popularity <> told.column4)",
        now,
        *(value for row in values for value in row),
    )
