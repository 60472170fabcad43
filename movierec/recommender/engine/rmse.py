"""How far predicted ratings are from those that were given: RMSE on a random tenth that no model has seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Csr, Floats, Ints, as_csr, row_of
from movierec.recommender.engine.matrix_factorisation import RatingSettings, biases, fit_ratings
from movierec.recommender.engine.rating_prediction import HIGHEST, LOWEST

HELD_OUT, SEED = 0.1, 1


@dataclass(frozen=True, slots=True)
class Pairs:
    """Ratings to train on (users × films), and those held out as parallel arrays."""

    train: Csr
    users: Ints
    films: Ints
    stars: Floats

    def error(self, expected: Floats) -> float:
        """RMSE of stars expected for the held-out pairs, clipped to the scale."""
        return float(np.sqrt(np.square(np.clip(expected, LOWEST, HIGHEST) - self.stars).mean()))


def held_out(ratings: Csr, seed: int = SEED) -> Pairs:
    """A random tenth of all ratings apart; a film whose only raters are held out has none in training."""
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    out = np.random.default_rng(seed).random(ratings.nnz) < HELD_OUT
    train = as_csr((ratings.data[~out], (users[~out], ratings.indices[~out])), ratings.shape)
    return Pairs(train, users[out], ratings.indices[out].astype(np.int64), ratings.data[out])


def predicted(pairs: Pairs, settings: RatingSettings | None = None) -> Floats:
    """Stars as they are served: every user folded in anew; the damped biases where too little is known."""
    model = fit_ratings(pairs.train, settings)
    expected = by_biases(pairs, settings)
    for user in np.unique(pairs.users):
        taste = model.fold_in(*row_of(pairs.train, int(user)))
        if taste is not None:
            theirs = pairs.users == user
            expected[theirs] = taste.expected(pairs.films[theirs])
    return expected


def by_biases(pairs: Pairs, settings: RatingSettings | None = None) -> Floats:
    """Mean, film and user bias alone."""
    mean, of_films, of_users = biases(pairs.train, *(settings or RatingSettings()).damping)
    expected: Floats = (mean + of_films[pairs.films] + of_users[pairs.users]).astype(np.float32)
    return expected


def rmse(ratings: Csr) -> dict[str, float]:
    """Of the biases alone and of what is served, on the same held-out tenth."""
    pairs = held_out(ratings)
    return {"biases": pairs.error(by_biases(pairs)), "movierec": pairs.error(predicted(pairs))}
