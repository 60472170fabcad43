"""RMSE of predicted ratings on a random tenth that no model has seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Csr, Floats, Ints, as_csr, csr_row
from movierec.recommender.engine.matrix_factorisation import damped_biases, fit_rating_model
from movierec.recommender.engine.rating_prediction import HIGHEST_STARS, LOWEST_STARS
from movierec.recommender.engine.settings import FactorisationSettings

HELD_OUT, SEED = 0.1, 1


@dataclass(frozen=True, slots=True)
class HeldOutRatings:
    """Ratings to train on (users × items), and those held out as parallel arrays."""

    train: Csr
    users: Ints
    items: Ints
    stars: Floats

    def error(self, expected: Floats) -> float:
        """Return the RMSE of expected stars for the held-out ratings, clipped to the scale."""
        clipped = np.clip(expected, LOWEST_STARS, HIGHEST_STARS)
        return float(np.sqrt(np.square(clipped - self.stars).mean()))


def hold_out_ratings(ratings: Csr, seed: int = SEED) -> HeldOutRatings:
    """Hold out a random tenth of all ratings; an item whose only raters are held out has none in training."""
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    out = np.random.default_rng(seed).random(ratings.nnz) < HELD_OUT
    train = as_csr((ratings.data[~out], (users[~out], ratings.indices[~out])), ratings.shape)
    return HeldOutRatings(train, users[out], ratings.indices[out].astype(np.int64), ratings.data[out])


def predict_with_model(held_out: HeldOutRatings, settings: FactorisationSettings | None = None) -> Floats:
    """Predict stars as they are served: every user folded in; damped biases where too little is known."""
    model = fit_rating_model(held_out.train, settings)
    expected = predict_with_biases(held_out, settings)
    for user in np.unique(held_out.users):
        posterior = model.fold_in(*csr_row(held_out.train, int(user)))
        if posterior is not None:
            of_user = held_out.users == user
            expected[of_user] = posterior.expected_stars(held_out.items[of_user])
    return expected


def predict_with_biases(held_out: HeldOutRatings, settings: FactorisationSettings | None = None) -> Floats:
    """Predict stars by mean, item bias and user bias alone."""
    settings = settings or FactorisationSettings()
    mean, item_bias, user_bias = damped_biases(held_out.train, *settings.damping, settings)
    expected: Floats = (mean + item_bias[held_out.items] + user_bias[held_out.users]).astype(np.float32)
    return expected


def measure_rmse(ratings: Csr) -> dict[str, float]:
    """Return the RMSE of the biases alone and of the served model, on the same held-out tenth."""
    held_out = hold_out_ratings(ratings)
    return {
        "biases": held_out.error(predict_with_biases(held_out)),
        "movierec": held_out.error(predict_with_model(held_out)),
    }
