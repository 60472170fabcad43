"""Ratings as a sparse matrix: id maps, capped histories, and the choice of items that a model covers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Floats, Ints, as_csr
from movierec.recommender.engine.settings import ContentSettings, ModelSettings


@dataclass(frozen=True, slots=True)
class RatingMatrix:
    """Ratings of all users, with the ids of rows and columns."""

    ratings: Csr
    user_ids: Ints
    item_ids: Ints


def build_rating_matrix(
    user_ids: npt.ArrayLike,
    item_ids: npt.ArrayLike,
    stars: npt.ArrayLike,
    rated_at: npt.ArrayLike | None = None,
    *,
    history: int = ModelSettings().training_history,
) -> RatingMatrix:
    """Build the matrix of parallel arrays of user ids, item ids and stars.

    Where a user rated an item twice the last row counts. With `rated_at` (any rising number) only the newest
    `history` ratings of a user are kept; without it `fit` draws a seeded sample instead.
    """
    users, row = np.unique(np.asarray(user_ids, dtype=np.int64), return_inverse=True)
    items, column = np.unique(np.asarray(item_ids, dtype=np.int64), return_inverse=True)
    values = np.asarray(stars, dtype=np.float32)
    times = None if rated_at is None else np.asarray(rated_at)
    shape = (len(users), len(items))
    return RatingMatrix(rating_rows(row, column, values, times, shape, history), users, items)


def rating_rows(
    rows: Ints,
    columns: Ints,
    stars: Floats,
    rated_at: npt.NDArray[np.generic] | None,
    shape: tuple[int, int],
    history: int,
) -> Csr:
    """Return the sparse matrix of parallel arrays of user numbers, item numbers and stars.

    See `build_rating_matrix` for `rated_at` and `history`.
    """
    keep = _last_of_each(rows * shape[1] + columns)
    if rated_at is not None and np.bincount(rows, minlength=1).max() > history:
        keep = keep[_newest(rows[keep], rated_at[keep], history)]
    return as_csr((stars[keep], (rows[keep], columns[keep])), shape)


def _last_of_each(keys: Ints) -> Ints:
    """Return the index of the last occurrence of each key."""
    _, first_from_end = np.unique(keys[::-1], return_index=True)
    return len(keys) - 1 - first_from_end


def _newest(rows: Ints, rated_at: npt.NDArray[np.generic], history: int) -> Ints:
    """Return indices of the newest `history` entries of each row."""
    order = np.lexsort((-np.arange(len(rows)), rated_at, rows))[::-1]
    ordered = rows[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    rank = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
    return order[rank < history]


def cap_histories(ratings: Csr, history: int, seed: int) -> Csr:
    """Return the same rows with at most `history` ratings each, a seeded sample where there are more."""
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
    """Return the number of users who rated each item."""
    return np.bincount(ratings.indices, minlength=ratings.shape[1]).astype(np.int64)


def select_items(counts: Ints, settings: ModelSettings) -> Ints:
    """Return the columns that a model covers, ascending: the most rated ones up to the coverage of the settings.

    Items with too few raters do not count at all, not even towards the coverage.
    """
    enough = counts * (counts >= settings.min_raters)
    order = np.argsort(-enough, kind="stable")
    inside = np.cumsum(enough[order])
    covering = int(np.searchsorted(inside, settings.coverage * enough.sum())) + 1
    chosen = order[: min(max(covering, settings.always_films), settings.max_films)]
    return np.sort(chosen[enough[chosen] > 0])


def shrunk_user_mean(stars: Floats, settings: ContentSettings = ContentSettings()) -> float:
    """Return a user's mean rating, shrunk towards the prior mean as if that had been given several times."""
    prior, strength = settings.mean_prior, settings.mean_prior_ratings
    return float((stars.sum() + prior * strength) / (len(stars) + strength))
