"""Predicted ratings: biases and a posterior vector, folded in for any history. For display, never for ranking."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movierec.recommender.engine.arrays import Csr, Floats, Ints
from movierec.recommender.engine.settings import RatingPredictionSettings

MIN_USER_RATINGS = RatingPredictionSettings().min_user_ratings
MIN_ITEM_RATERS = RatingPredictionSettings().min_item_raters
# Ends of the scale.
LOWEST_STARS, HIGHEST_STARS = 0.5, 5.0

# Names of the arrays in an artifact.
ARRAY_NAMES = {
    "mean": "rating_mean",
    "user_damping": "rating_user_damping",
    "noise": "rating_noise",
    "item_bias": "rating_film_bias",
    "raters": "rating_raters",
    "items": "rating_films",
    "second": "rating_second",
    "embedding": "rating_embedding",
    "prior_map": "rating_taste_map",
    "precision": "rating_precision",
}


@dataclass(frozen=True, slots=True)
class RatingPrediction:
    """The predicted stars of an item, and their standard deviation."""

    stars: float
    deviation: float


@dataclass(frozen=True, slots=True)
class RatingModel:
    """A biased matrix factorisation with Gaussian posteriors of every item vector and of a folded-in user's.

    `stars(u, i) = mean + b_u + b_i + u·v_i`

    - `b_u = Σ (stars − mean − b_i) / (n + damping)` over a user's n ratings
    - u: posterior mean `A⁻¹(Σ residual·v/σ² + π·m_u)` with `A = Σ E[v vᵀ]/σ² + diag(π)`
    - `m_u`: prior mean, the embedding of the set of rated items, whatever the stars, times `prior_map`
    - σ²: `noise`, the variance of a rating; π: `precision`, of the users' prior

    Variational Bayes matrix factorisation after Lim and Teh 2007, with an implicit prior as in SVD++ (Koren 2008).
    Items are numbered as in the matrix it was fitted to. `second` is E[v vᵀ] of each item, flattened.
    """

    mean: Floats  # shape (1,)
    user_damping: Floats  # (1,)
    noise: Floats  # variance, (1,)
    item_bias: Floats  # (items,)
    raters: Ints  # (items,)
    items: Floats  # vectors, (items, k)
    second: Floats  # (items, k²)
    embedding: Floats  # (items, e)
    prior_map: Floats  # (e, k)
    precision: Floats  # of the users' prior, (k,)

    def fold_in(self, items: Ints, stars: Floats) -> "UserPosterior | None":
        """Return the posterior of one user; None with too few ratings."""
        if len(items) < MIN_USER_RATINGS:
            return None
        residual = stars - self.mean[0] - self.item_bias[items]
        bias = residual.sum() / (len(items) + self.user_damping[0])
        prior = (self.embedding[items].sum(axis=0) / np.sqrt(np.float32(len(items)))) @ self.prior_map
        seconds = self.second[items].sum(axis=0)[None]
        products = ((residual - bias) @ self.items[items])[None]
        mean, covariance = _posterior(seconds, products, prior[None], self.precision, self.noise[0])
        return UserPosterior(self, float(bias), mean[0], covariance[0])

    def predict_left_out(self, items: Ints, stars: Floats, left_out: Ints) -> Floats | None:
        """Predict some of a user's ratings, each folded in from all ratings but its own.

        `left_out` are indices into `items`; computes the posterior of `fold_in` for all at once. None with too few
        ratings.
        """
        count = len(items) - 1
        if count < MIN_USER_RATINGS:
            return None
        residual = stars - self.mean[0] - self.item_bias[items]
        vectors, embedded = self.items[items], self.embedding[items]
        own, own_residual = vectors[left_out], residual[left_out]
        bias = (residual.sum() - own_residual) / (count + self.user_damping[0])
        prior = ((embedded.sum(axis=0) - embedded[left_out]) / np.sqrt(np.float32(count))) @ self.prior_map
        seconds = self.second[items].sum(axis=0) - self.second[items[left_out]]
        products = (
            residual @ vectors - own_residual[:, None] * own - bias[:, None] * (vectors.sum(axis=0) - own)
        )
        mean, _ = _posterior(seconds, products, prior, self.precision, self.noise[0])
        expected: Floats = (
            self.mean[0] + bias + self.item_bias[items[left_out]] + np.einsum("ij,ij->i", own, mean)
        )
        return np.clip(expected, LOWEST_STARS, HIGHEST_STARS)

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays that an artifact stores; `from_arrays` reads them back."""
        return {name: getattr(self, field) for field, name in ARRAY_NAMES.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> "RatingModel":
        """Create the model from the arrays of `to_arrays`."""
        return cls(**{field: np.asarray(arrays[name]) for field, name in ARRAY_NAMES.items()})


@dataclass(frozen=True, slots=True)
class UserPosterior:
    """The posterior of one folded-in user."""

    model: RatingModel
    bias: float
    mean: Floats
    covariance: Floats

    def expected_stars(self, items: Ints) -> Floats:
        """Return expected stars, not yet clipped to the scale."""
        model = self.model
        stars: Floats = model.mean[0] + self.bias + model.item_bias[items] + model.items[items] @ self.mean
        return stars

    def predict(self, item: int) -> RatingPrediction | None:
        """Return the rating to show for an item; None where it has too few raters."""
        model = self.model
        if model.raters[item] < MIN_ITEM_RATERS:
            return None
        k = len(self.mean)
        seconds = model.second[item].reshape(k, k)
        vector = model.items[item]
        # Var(u·v) = E[uᵀ(vvᵀ)u] − (E u·E v)²
        own = self.covariance + np.outer(self.mean, self.mean)
        variance = float((seconds * own).sum()) - float(vector @ self.mean) ** 2 + float(model.noise[0])
        stars = float(self.expected_stars(np.array([item]))[0])
        return RatingPrediction(min(HIGHEST_STARS, max(LOWEST_STARS, stars)), max(variance, 0.0) ** 0.5)


def row_posteriors(
    residuals: Csr, others: Floats, seconds: Floats, prior: Floats, precision: Floats, noise: float
) -> tuple[Floats, Floats]:
    """Return mean and covariance of each row's vector, given its residuals against the other side's vectors.

    `A = Σ E[v vᵀ]/σ² + diag(π)`, mean `A⁻¹(Σ residual·v/σ² + π·prior)`, covariance `A⁻¹`.
    """
    present = residuals.copy()
    present.data = np.ones_like(residuals.data)
    return _posterior(present @ seconds, residuals @ others, prior, precision, noise)


def _posterior(
    seconds: Floats, products: Floats, prior: Floats, precision: Floats, noise: float
) -> tuple[Floats, Floats]:
    """Return the same from the sums over each row: `seconds` of E[v vᵀ], `products` of residual·v."""
    k = len(precision)
    information = seconds.reshape(len(seconds), k, k) / np.float32(noise)
    information[:, np.arange(k), np.arange(k)] += precision
    covariance: Floats = np.linalg.inv(information)
    right_side = products / np.float32(noise) + precision * prior
    mean: Floats = np.einsum("ijk,ik->ij", covariance, right_side)
    return mean, covariance
