"""How far predicted ratings are from those that were given: RMSE on a random tenth that no model has seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Csr, Floats, Ints, as_csr, csr_row
from movierec.recommender.engine.matrix_factorisation import (
    FactorisationSettings,
    damped_biases,
    fit_rating_model,
)
from movierec.recommender.engine.rating_prediction import HIGHEST_STARS, LOWEST_STARS

HELD_OUT, SEED = 0.1, 1


@dataclass(frozen=True, slots=True)
class HeldOutRatings:
    """Ratings to train on (users × films), and those held out as parallel arrays."""

    train: Csr
    users: Ints
    films: Ints
    stars: Floats

    def error(self, expected: Floats) -> float:
        """RMSE of stars expected for the held-out pairs, clipped to the scale."""
        return float(np.sqrt(np.square(np.clip(expected, LOWEST_STARS, HIGHEST_STARS) - self.stars).mean()))


def hold_out_ratings(ratings: Csr, seed: int = SEED) -> HeldOutRatings:
    """A random tenth of all ratings apart; a film whose only raters are held out has none in training."""
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    out = np.random.default_rng(seed).random(ratings.nnz) < HELD_OUT
    train = as_csr((ratings.data[~out], (users[~out], ratings.indices[~out])), ratings.shape)
    return HeldOutRatings(train, users[out], ratings.indices[out].astype(np.int64), ratings.data[out])


def predict_with_model(pairs: HeldOutRatings, settings: FactorisationSettings | None = None) -> Floats:
    """Stars as they are served: every user folded in anew; the damped biases where too little is known."""
    model = fit_rating_model(pairs.train, settings)
    expected = predict_with_biases(pairs, settings)
    for user in np.unique(pairs.users):
        taste = model.fold_in(*csr_row(pairs.train, int(user)))
        if taste is not None:
            theirs = pairs.users == user
            expected[theirs] = taste.expected(pairs.films[theirs])
    return expected


def predict_with_biases(pairs: HeldOutRatings, settings: FactorisationSettings | None = None) -> Floats:
    """Mean, film and user bias alone."""
    mean, of_films, of_users = damped_biases(pairs.train, *(settings or FactorisationSettings()).damping)
    expected: Floats = (mean + of_films[pairs.films] + of_users[pairs.users]).astype(np.float32)
    return expected


def measure_rmse(ratings: Csr) -> dict[str, float]:
    """Of the biases alone and of what is served, on the same held-out tenth."""
    pairs = hold_out_ratings(ratings)
    return {
        "biases": pairs.error(predict_with_biases(pairs)),
        "movierec": pairs.error(predict_with_model(pairs)),
    }
