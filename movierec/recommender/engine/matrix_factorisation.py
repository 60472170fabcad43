"""Fits the model of predicted ratings: variational Bayes factorisation with priors from who rated what."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import linalg

from movierec.recommender.engine.arrays import Csr, Floats, as_csr
from movierec.recommender.engine.rating_matrix import rater_counts
from movierec.recommender.engine.rating_prediction import RatingModel, row_posteriors

ROWS_A_BLOCK = 8_192
USUAL_VARIANCE = 0.1
LEAST_NOISE = 1e-3


@dataclass(frozen=True, slots=True)
class FactorisationSettings:
    """`damping` (films, users) shrinks biases as if so many average ratings had been given besides."""

    dimensions: int = 16
    sweeps: int = 16
    damping: tuple[float, float] = (5.0, 8.0)
    embedding: int = 50
    # Ridge of the map from the set of rated films to the prior of taste.
    ridge: float = 100.0
    # Communities beyond this are represented by a seeded sample of their users.
    max_ratings: int = 3_000_000
    seed: int = 42


class FactorSide:
    """The vectors of all users, or of all films: mean, second moments, and the prior of each."""

    def __init__(self, sets: Floats, dimensions: int, ridge: float, start: Floats) -> None:
        self.sets, self.ridge = sets, ridge
        self.map = np.zeros((sets.shape[1], dimensions), dtype=np.float32)
        self.precision = np.full(dimensions, 1 / USUAL_VARIANCE, dtype=np.float32)
        self.mean = start
        self.second: Floats = _outer(start)

    def update(self, residuals: Csr, other: "FactorSide", noise: float) -> float:
        """One half sweep; returns the expected squared error over all ratings."""
        prior = self.sets @ self.map
        k = self.mean.shape[1]
        spread = np.zeros(k)
        error = float(np.square(residuals.data, dtype=np.float64).sum())
        for start in range(0, residuals.shape[0], ROWS_A_BLOCK):
            span = slice(start, start + ROWS_A_BLOCK)
            block = residuals[span]
            mean, covariance = row_posteriors(
                block, other.mean, other.second, prior[span], self.precision, noise
            )
            self.mean[span] = mean
            self.second[span] = covariance.reshape(len(mean), k * k) + _outer(mean)
            spread += covariance[:, np.arange(k), np.arange(k)].sum(axis=0)
            present = block.copy()
            present.data = np.ones_like(block.data)
            error += float((self.second[span] * (present @ other.second)).sum(dtype=np.float64))
            error -= 2 * float((mean * (block @ other.mean)).sum(dtype=np.float64))
        self._learn_prior(spread)
        return error

    def _learn_prior(self, spread: npt.NDArray[np.float64]) -> None:
        """The map by ridge regression on the sets, the precision by what it leaves over."""
        gram = self.sets.T @ self.sets
        gram[np.diag_indices_from(gram)] += self.ridge
        self.map = np.linalg.solve(gram, self.sets.T @ self.mean).astype(np.float32)
        left = np.square(self.mean - self.sets @ self.map).sum(axis=0) + spread
        # As if one more vector of the usual spread had been seen: a precision is never infinite.
        self.precision = ((len(self.mean) + 1) / (left + USUAL_VARIANCE)).astype(np.float32)


def fit_rating_model(
    ratings: Csr,
    settings: FactorisationSettings | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> RatingModel:
    """Fit to stars, users × films. Deterministic for a seed."""
    settings = settings or FactorisationSettings()
    stars = _sampled(ratings, settings)
    mean, film_bias, user_bias = damped_biases(stars, *settings.damping)
    residuals = stars.copy()
    rows = np.repeat(np.arange(stars.shape[0]), np.diff(stars.indptr))
    residuals.data = stars.data - np.float32(mean) - film_bias[stars.indices] - user_bias[rows]
    turned = as_csr(sparse.csr_array(residuals.T))
    embedding, user_sets, film_sets = _sets(stars, settings)
    rng = np.random.default_rng(settings.seed)
    users, films = (
        FactorSide(
            sets,
            settings.dimensions,
            settings.ridge,
            rng.normal(0, 0.1, (len(sets), settings.dimensions)).astype(np.float32),
        )
        for sets in (user_sets, film_sets)
    )
    noise = max(float(np.square(residuals.data).mean()), LEAST_NOISE) if residuals.nnz else 1.0
    for sweep in range(settings.sweeps):
        if progress is not None:
            progress("predicted ratings", sweep / settings.sweeps)
        noise = max(users.update(residuals, films, noise) / max(1, residuals.nnz), LEAST_NOISE)
        films.update(turned, users, noise)
    return RatingModel(
        mean=np.array([mean], dtype=np.float32),
        user_damping=np.array([settings.damping[1]], dtype=np.float32),
        noise=np.array([noise], dtype=np.float32),
        film_bias=film_bias,
        raters=rater_counts(stars),
        films=films.mean,
        second=films.second,
        embedding=embedding,
        taste_map=users.map,
        precision=users.precision,
    )


def damped_biases(stars: Csr, film_damping: float, user_damping: float) -> tuple[float, Floats, Floats]:
    """Mean of all ratings, and damped biases of films and of users, each after the other's is taken off."""
    if not stars.nnz:
        return 3.5, np.zeros(stars.shape[1], np.float32), np.zeros(stars.shape[0], np.float32)
    mean = float(stars.data.mean(dtype=np.float64))
    rows = np.repeat(np.arange(stars.shape[0]), np.diff(stars.indptr))
    user_bias = np.zeros(stars.shape[0])
    for _ in range(4):
        film_bias = _damped(stars.data - mean - user_bias[rows], stars.indices, stars.shape[1], film_damping)
        # Last, and from the films' biases alone: a folded-in user's bias is found the same way.
        user_bias = _damped(stars.data - mean - film_bias[stars.indices], rows, stars.shape[0], user_damping)
    return mean, film_bias.astype(np.float32), user_bias.astype(np.float32)


def _damped(
    values: npt.NDArray[np.floating],
    groups: npt.NDArray[np.integer],
    n: int,
    damping: float,
) -> npt.NDArray[np.float64]:
    total = np.bincount(groups, weights=values, minlength=n)
    count = np.bincount(groups, minlength=n)
    damped: npt.NDArray[np.float64] = total / (count + damping)
    return damped


def _sampled(ratings: Csr, settings: FactorisationSettings) -> Csr:
    if ratings.nnz <= settings.max_ratings:
        return ratings
    order = np.random.default_rng(settings.seed).permutation(ratings.shape[0])
    inside = np.cumsum(np.diff(ratings.indptr)[order]) <= settings.max_ratings
    return as_csr(ratings[np.sort(order[inside])])


def _sets(stars: Csr, settings: FactorisationSettings) -> tuple[Floats, Floats, Floats]:
    """Who rated what, whatever the stars: film embedding, and the sets of users and of films in its space."""
    present = stars.copy()
    present.data = np.ones_like(stars.data)
    by_user = _normalised(present)
    k = min(settings.embedding, min(stars.shape) - 1)
    if k < 1 or not stars.nnz:
        users, films = (np.zeros((n, 1), dtype=np.float32) for n in stars.shape)
        return films, users, films
    start = np.ones(min(stars.shape))
    left, _, right = linalg.svds(by_user.astype(np.float64), k=k, v0=start)
    embedding = right.T.astype(np.float32)
    user_sets: Floats = by_user @ embedding
    by_film = _normalised(as_csr(sparse.csr_array(present.T)))
    film_sets: Floats = by_film @ left.astype(np.float32)
    scale = np.float32(1 / max(1e-9, float(np.sqrt(np.square(user_sets).mean()))))
    film_sets = film_sets / max(1e-9, float(np.sqrt(np.square(film_sets).mean())))
    return embedding * scale, user_sets * scale, film_sets.astype(np.float32)


def _normalised(present: Csr) -> Csr:
    counts = np.maximum(np.diff(present.indptr), 1)
    rows = present.copy()
    rows.data = present.data / np.repeat(np.sqrt(counts.astype(np.float32)), np.diff(present.indptr))
    return rows


def _outer(vectors: Floats) -> Floats:
    products: Floats = np.einsum("ij,ik->ijk", vectors, vectors).reshape(len(vectors), vectors.shape[1] ** 2)
    return products
