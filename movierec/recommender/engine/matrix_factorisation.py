"""Fits the model of predicted ratings: variational Bayes factorisation with priors from the sets of rated items."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import linalg

from movierec.recommender.engine.arrays import Csr, Floats, as_csr
from movierec.recommender.engine.rating_matrix import rater_counts
from movierec.recommender.engine.rating_prediction import RatingModel, row_posteriors
from movierec.recommender.engine.settings import FactorisationSettings

# Rows whose posteriors are computed at once.
BLOCK_ROWS = 8_192


class FactorSide:
    """The vectors of all users, or of all items: mean, second moments, and the prior of each."""

    def __init__(self, sets: Floats, start: Floats, settings: FactorisationSettings) -> None:
        self.sets, self.settings = sets, settings
        dimensions = settings.dimensions
        self.map = np.zeros((sets.shape[1], dimensions), dtype=np.float32)
        self.precision = np.full(dimensions, 1 / settings.usual_variance, dtype=np.float32)
        self.mean = start
        self.second: Floats = _outer(start)

    def update(self, residuals: Csr, other: "FactorSide", noise: float) -> float:
        """Run one half sweep and return the expected squared error over all ratings."""
        prior = self.sets @ self.map
        k = self.mean.shape[1]
        variance = np.zeros(k)
        error = float(np.square(residuals.data, dtype=np.float64).sum())
        for start in range(0, residuals.shape[0], BLOCK_ROWS):
            span = slice(start, start + BLOCK_ROWS)
            block = residuals[span]
            mean, covariance = row_posteriors(
                block, other.mean, other.second, prior[span], self.precision, noise
            )
            self.mean[span] = mean
            self.second[span] = covariance.reshape(len(mean), k * k) + _outer(mean)
            variance += covariance[:, np.arange(k), np.arange(k)].sum(axis=0)
            present = block.copy()
            present.data = np.ones_like(block.data)
            error += float((self.second[span] * (present @ other.second)).sum(dtype=np.float64))
            error -= 2 * float((mean * (block @ other.mean)).sum(dtype=np.float64))
        self._learn_prior(variance)
        return error

    def _learn_prior(self, variance: npt.NDArray[np.float64]) -> None:
        """Fit the map by ridge regression on the sets, and the precision to its residuals."""
        gram = self.sets.T @ self.sets
        gram[np.diag_indices_from(gram)] += self.settings.ridge
        self.map = np.linalg.solve(gram, self.sets.T @ self.mean).astype(np.float32)
        left = np.square(self.mean - self.sets @ self.map).sum(axis=0) + variance
        # One more vector of the usual variance keeps the precision finite.
        self.precision = ((len(self.mean) + 1) / (left + self.settings.usual_variance)).astype(np.float32)


def fit_rating_model(
    ratings: Csr,
    settings: FactorisationSettings | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> RatingModel:
    """Fit the model to stars, users × items. Deterministic for a seed."""
    settings = settings or FactorisationSettings()
    stars = _sample_users(ratings, settings)
    mean, item_bias, user_bias = damped_biases(stars, *settings.damping, settings)
    residuals = stars.copy()
    rows = np.repeat(np.arange(stars.shape[0]), np.diff(stars.indptr))
    residuals.data = stars.data - np.float32(mean) - item_bias[stars.indices] - user_bias[rows]
    transposed = as_csr(sparse.csr_array(residuals.T))
    embedding, user_sets, item_sets = _embed_sets(stars, settings)
    rng = np.random.default_rng(settings.seed)
    users, items = (
        FactorSide(
            sets,
            rng.normal(0, settings.start_deviation, (len(sets), settings.dimensions)).astype(np.float32),
            settings,
        )
        for sets in (user_sets, item_sets)
    )
    noise = max(float(np.square(residuals.data).mean()), settings.least_noise) if residuals.nnz else 1.0
    for sweep in range(settings.sweeps):
        if progress is not None:
            progress("predicted ratings", sweep / settings.sweeps)
        error = users.update(residuals, items, noise)
        noise = max(error / max(1, residuals.nnz), settings.least_noise)
        items.update(transposed, users, noise)
    return RatingModel(
        mean=np.array([mean], dtype=np.float32),
        user_damping=np.array([settings.damping[1]], dtype=np.float32),
        noise=np.array([noise], dtype=np.float32),
        item_bias=item_bias,
        raters=rater_counts(stars),
        items=items.mean,
        second=items.second,
        embedding=embedding,
        prior_map=users.map,
        precision=users.precision,
    )


def damped_biases(
    stars: Csr,
    item_damping: float,
    user_damping: float,
    settings: FactorisationSettings = FactorisationSettings(),
) -> tuple[float, Floats, Floats]:
    """Return the mean of all ratings, and damped biases of items and of users.

    Each bias is computed after the other is subtracted.
    """
    if not stars.nnz:
        return (
            settings.default_mean,
            np.zeros(stars.shape[1], np.float32),
            np.zeros(stars.shape[0], np.float32),
        )
    mean = float(stars.data.mean(dtype=np.float64))
    rows = np.repeat(np.arange(stars.shape[0]), np.diff(stars.indptr))
    user_bias = np.zeros(stars.shape[0])
    for _ in range(settings.bias_sweeps):
        item_bias = _damped(stars.data - mean - user_bias[rows], stars.indices, stars.shape[1], item_damping)
        # Last, and from the items' biases alone: a folded-in user's bias is computed the same way.
        user_bias = _damped(stars.data - mean - item_bias[stars.indices], rows, stars.shape[0], user_damping)
    return mean, item_bias.astype(np.float32), user_bias.astype(np.float32)


def _damped(
    values: npt.NDArray[np.floating],
    groups: npt.NDArray[np.integer],
    n: int,
    damping: float,
) -> npt.NDArray[np.float64]:
    """Return the sum of each group divided by its size plus `damping`."""
    total = np.bincount(groups, weights=values, minlength=n)
    count = np.bincount(groups, minlength=n)
    damped: npt.NDArray[np.float64] = total / (count + damping)
    return damped


def _sample_users(ratings: Csr, settings: FactorisationSettings) -> Csr:
    """Return whole histories of at most `max_ratings` ratings."""
    if ratings.nnz <= settings.max_ratings:
        return ratings
    order = np.random.default_rng(settings.seed).permutation(ratings.shape[0])
    inside = np.cumsum(np.diff(ratings.indptr)[order]) <= settings.max_ratings
    return as_csr(ratings[np.sort(order[inside])])


def _embed_sets(stars: Csr, settings: FactorisationSettings) -> tuple[Floats, Floats, Floats]:
    """Return the item embedding, and the sets of rated items of users and of raters of items in its space.

    The embedding is a truncated SVD of the row-normalised binary matrix.
    """
    present = stars.copy()
    present.data = np.ones_like(stars.data)
    by_user = _normalise(present)
    k = min(settings.embedding, min(stars.shape) - 1)
    if k < 1 or not stars.nnz:
        users, items = (np.zeros((n, 1), dtype=np.float32) for n in stars.shape)
        return items, users, items
    start = np.ones(min(stars.shape))
    left, _, right = linalg.svds(by_user.astype(np.float64), k=k, v0=start)
    embedding = right.T.astype(np.float32)
    user_sets: Floats = by_user @ embedding
    by_item = _normalise(as_csr(sparse.csr_array(present.T)))
    item_sets: Floats = by_item @ left.astype(np.float32)
    scale = np.float32(1 / max(1e-9, float(np.sqrt(np.square(user_sets).mean()))))
    item_sets = item_sets / max(1e-9, float(np.sqrt(np.square(item_sets).mean())))
    return embedding * scale, user_sets * scale, item_sets.astype(np.float32)


def _normalise(present: Csr) -> Csr:
    """Divide each row by the root of its number of entries."""
    counts = np.maximum(np.diff(present.indptr), 1)
    rows = present.copy()
    rows.data = present.data / np.repeat(np.sqrt(counts.astype(np.float32)), np.diff(present.indptr))
    return rows


def _outer(vectors: Floats) -> Floats:
    """Return the flattened outer product of each vector with itself."""
    products: Floats = np.einsum("ij,ik->ijk", vectors, vectors).reshape(len(vectors), vectors.shape[1] ** 2)
    return products
