"""Graded weights of ratings, for training and for serving."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Floats
from movierec.recommender.engine.settings import Dislikes, WeightSettings

# The whole number that stands for 1 in `integer_weights`, and the unit of sums of their products.
SCALE = 2.0**20
TENTHS = 100.0 * SCALE


def training_weights(stars: Floats, settings: WeightSettings = WeightSettings()) -> Floats:
    """Return the weight of each rating in training."""
    return _graded(stars, settings.training, settings)


def serving_weights(
    stars: Floats, dislikes: Dislikes = "push", settings: WeightSettings = WeightSettings()
) -> Floats:
    """Return the weight of each rating of the history that is being scored."""
    return _graded(stars, settings.pushed if dislikes == "push" else settings.training, settings)


def _graded(stars: Floats, weights: tuple[float, ...], settings: WeightSettings) -> Floats:
    steps = np.array(settings.thresholds, dtype=np.float32)
    return np.array(weights, dtype=np.float32)[np.searchsorted(steps, stars)]


def integer_weights(
    ratings: Csr, settings: WeightSettings = WeightSettings()
) -> tuple[Csr, npt.NDArray[np.float64]]:
    """Return training weights in tenths, and for each rating the scale of its user.

    The scale is `(d / 150) ** -0.5` for a user of d ratings, so that the busiest raters do not outweigh the rest.
    All are whole numbers, the scale in 2²⁰ᵗʰˢ: sums of products `weight · weight · scale`, in units of
    1 / `TENTHS`, are exact.
    """
    counts = np.diff(ratings.indptr)
    relative = np.maximum(counts, 1) / settings.typical_history
    scale = np.rint(relative**settings.history_exponent * SCALE)
    tenths = np.rint(training_weights(ratings.data, settings) * 10.0).astype(np.float64)
    return sparse.csr_array((tenths, ratings.indices, ratings.indptr), ratings.shape), np.repeat(
        scale, counts
    )
