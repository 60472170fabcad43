"""Predicted ratings: biases and a posterior of taste, folded in for any history. For display, never for ranking."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from movierec.recommender.engine.arrays import Csr, Floats, Ints

# With fewer ratings of the user, or raters of the film, no number is better than a wrong one.
MIN_USER_RATINGS, MIN_ITEM_RATERS = 5, 5
LOWEST_STARS, HIGHEST_STARS = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class RatingPrediction:
    """What a user would give a film, and its standard deviation."""

    stars: float
    spread: float


@dataclass(frozen=True, slots=True)
class RatingModel:
    """`stars = mean + b_user + b_film + u·v`, with a Gaussian posterior of every v and of a folded-in u.

    Films are numbered as in the matrix it was fitted to. `second` is E[v vᵀ] of each film, flattened.
    `embedding` and `taste_map` give a user's prior mean from the set of films rated, whatever the stars.
    """

    mean: Floats  # shape (1,)
    user_damping: Floats  # (1,)
    noise: Floats  # variance, (1,)
    film_bias: Floats  # (films,)
    raters: Ints  # (films,)
    films: Floats  # (films, k)
    second: Floats  # (films, k²)
    embedding: Floats  # (films, e)
    taste_map: Floats  # (e, k)
    precision: Floats  # of the users' prior, (k,)

    def fold_in(self, films: Ints, stars: Floats) -> "UserPosterior | None":
        """The posterior of one user; None with too few ratings."""
        if len(films) < MIN_USER_RATINGS:
            return None
        residual = stars - self.mean[0] - self.film_bias[films]
        bias = residual.sum() / (len(films) + self.user_damping[0])
        prior = (self.embedding[films].sum(axis=0) / np.sqrt(np.float32(len(films)))) @ self.taste_map
        seconds = self.second[films].sum(axis=0)[None]
        wanted = ((residual - bias) @ self.films[films])[None]
        mean, covariance = _posterior(seconds, wanted, prior[None], self.precision, self.noise[0])
        return UserPosterior(self, float(bias), mean[0], covariance[0])

    def expected_without(self, films: Ints, stars: Floats, left_out: Ints) -> Floats | None:
        """Expected stars of some of a user's films, each folded in from all ratings but its own.

        `left_out` are positions in `films`; the posterior of `fold_in` for each, at once. None with too few.
        """
        count = len(films) - 1
        if count < MIN_USER_RATINGS:
            return None
        residual = stars - self.mean[0] - self.film_bias[films]
        vectors, embedded = self.films[films], self.embedding[films]
        own, own_residual = vectors[left_out], residual[left_out]
        bias = (residual.sum() - own_residual) / (count + self.user_damping[0])
        prior = ((embedded.sum(axis=0) - embedded[left_out]) / np.sqrt(np.float32(count))) @ self.taste_map
        seconds = self.second[films].sum(axis=0) - self.second[films[left_out]]
        wanted = (
            residual @ vectors - own_residual[:, None] * own - bias[:, None] * (vectors.sum(axis=0) - own)
        )
        mean, _ = _posterior(seconds, wanted, prior, self.precision, self.noise[0])
        expected: Floats = (
            self.mean[0] + bias + self.film_bias[films[left_out]] + np.einsum("ij,ij->i", own, mean)
        )
        return np.clip(expected, LOWEST_STARS, HIGHEST_STARS)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What an artifact keeps, each name with `rating_` before it."""
        return {f"rating_{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> "RatingModel":
        """The model of arrays as `arrays` gives them."""
        return cls(**{field.name: np.asarray(arrays[f"rating_{field.name}"]) for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class UserPosterior:
    """One user, folded in."""

    model: RatingModel
    bias: float
    mean: Floats
    covariance: Floats

    def expected(self, films: Ints) -> Floats:
        """Expected stars, not yet clipped to the scale."""
        model = self.model
        stars: Floats = model.mean[0] + self.bias + model.film_bias[films] + model.films[films] @ self.mean
        return stars

    def predict(self, film: int) -> RatingPrediction | None:
        """The rating to show for a film; None where too few have rated it."""
        model = self.model
        if model.raters[film] < MIN_ITEM_RATERS:
            return None
        k = len(self.mean)
        seconds = model.second[film].reshape(k, k)
        vector = model.films[film]
        # Var(u·v) = E[uᵀ(vvᵀ)u] − (E u·E v)²
        own = self.covariance + np.outer(self.mean, self.mean)
        variance = float((seconds * own).sum()) - float(vector @ self.mean) ** 2 + float(model.noise[0])
        stars = float(self.expected(np.array([film]))[0])
        return RatingPrediction(min(HIGHEST_STARS, max(LOWEST_STARS, stars)), max(variance, 0.0) ** 0.5)


def row_posteriors(
    residuals: Csr, others: Floats, seconds: Floats, prior: Floats, precision: Floats, noise: float
) -> tuple[Floats, Floats]:
    """Mean and covariance of each row's vector, given its residuals against the other side's vectors.

    `A = Σ E[v vᵀ]/σ² + diag(π)`, mean `A⁻¹(Σ residual·v/σ² + π·prior)`, covariance `A⁻¹`.
    """
    present = residuals.copy()
    present.data = np.ones_like(residuals.data)
    return _posterior(present @ seconds, residuals @ others, prior, precision, noise)


def _posterior(
    seconds: Floats, wanted: Floats, prior: Floats, precision: Floats, noise: float
) -> tuple[Floats, Floats]:
    """The same of the sums over each row: `seconds` of E[v vᵀ], `wanted` of residual·v."""
    k = len(precision)
    information = seconds.reshape(len(seconds), k, k) / np.float32(noise)
    information[:, np.arange(k), np.arange(k)] += precision
    covariance: Floats = np.linalg.inv(information)
    aim = wanted / np.float32(noise) + precision * prior
    mean: Floats = np.einsum("ijk,ik->ij", covariance, aim)
    return mean, covariance
