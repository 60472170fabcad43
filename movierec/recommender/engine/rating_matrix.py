"""Ratings as a sparse matrix: id maps, capped histories, and the choice of films a model covers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Floats, Ints, as_csr
from movierec.recommender.engine.settings import Settings


@dataclass(frozen=True, slots=True)
class RatingMatrix:
    """Ratings of all users; row and column numbers stand for the ids beside them."""

    ratings: Csr
    users: Ints
    films: Ints


def build_rating_matrix(
    users: npt.ArrayLike,
    films: npt.ArrayLike,
    stars: npt.ArrayLike,
    rated_at: npt.ArrayLike | None = None,
    *,
    history: int = Settings().training_history,
) -> RatingMatrix:
    """The dataset of parallel arrays of user ids, film ids and stars.

    Of a film rated twice by one user the last row counts. With `rated_at` (any rising number) only the
    newest `history` ratings of a user are kept; without it `fit` draws a seeded sample instead.
    """
    user_ids, row = np.unique(np.asarray(users, dtype=np.int64), return_inverse=True)
    film_ids, column = np.unique(np.asarray(films, dtype=np.int64), return_inverse=True)
    value = np.asarray(stars, dtype=np.float32)
    times = None if rated_at is None else np.asarray(rated_at)
    shape = (len(user_ids), len(film_ids))
    return RatingMatrix(rating_rows(row, column, value, times, shape, history), user_ids, film_ids)


def rating_rows(
    rows: Ints,
    columns: Ints,
    stars: Floats,
    rated_at: npt.NDArray[np.generic] | None,
    shape: tuple[int, int],
    history: int,
) -> Csr:
    """The matrix of parallel arrays of numbers of users and films and stars; see `build`."""
    keep = _last_of_each(rows * shape[1] + columns)
    if rated_at is not None and np.bincount(rows, minlength=1).max() > history:
        keep = keep[_newest(rows[keep], rated_at[keep], history)]
    return as_csr((stars[keep], (rows[keep], columns[keep])), shape)


def _last_of_each(keys: Ints) -> Ints:
    _, first_from_end = np.unique(keys[::-1], return_index=True)
    return len(keys) - 1 - first_from_end


def _newest(rows: Ints, rated_at: npt.NDArray[np.generic], history: int) -> Ints:
    order = np.lexsort((-np.arange(len(rows)), rated_at, rows))[::-1]
    ordered = rows[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    rank = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
    return order[rank < history]


def cap_histories(ratings: Csr, history: int, seed: int) -> Csr:
    """The same rows with at most `history` ratings each, a seeded sample where there are more."""
    counts = np.diff(ratings.indptr)
    long_rows = np.flatnonzero(counts > history)
    if not len(long_rows):
        return ratings
    rng = np.random.default_rng(seed)
    keep = np.ones(ratings.nnz, dtype=bool)
    for row in long_rows:
        dropped = rng.choice(counts[row], counts[row] - history, replace=False)
        keep[ratings.indptr[row] + dropped] = False
    indptr = np.r_[0, np.cumsum(np.minimum(counts, history))]
    return sparse.csr_array((ratings.data[keep], ratings.indices[keep], indptr), shape=ratings.shape)


def rater_counts(ratings: Csr) -> Ints:
    """Number of users who rated each film."""
    return np.bincount(ratings.indices, minlength=ratings.shape[1]).astype(np.int64)


def select_items(counts: Ints, settings: Settings) -> Ints:
    """Columns that get a place in the model, ascending: the most rated ones up to the wanted coverage.

    Films with too few raters do not count at all, not even for where the others end.
    """
    heard = counts * (counts >= settings.min_raters)
    order = np.argsort(-heard, kind="stable")
    inside = np.cumsum(heard[order])
    wanted = int(np.searchsorted(inside, settings.coverage * heard.sum())) + 1
    chosen = order[: min(max(wanted, settings.always_films), settings.max_films)]
    return np.sort(chosen[heard[chosen] > 0])


def shrunk_user_mean(stars: Floats, prior: float = 3.5, strength: float = 3.0) -> float:
    """A user's mean rating, shrunk towards `prior` as if that had been given `strength` times."""
    return float((stars.sum() + prior * strength) / (len(stars) + strength))
