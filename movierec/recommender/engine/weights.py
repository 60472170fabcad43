"""From stars to graded weights, for training and for serving."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Floats
from movierec.recommender.engine.settings import Dislikes

# The lower ends of 2, 3, 4 and 5 stars, placed between the half-star steps.
STAR_THRESHOLDS = np.array([1.6, 2.6, 3.6, 4.6], dtype=np.float32)
# All positive: having rated a film at all is evidence of interest in its kind.
TRAINING_WEIGHTS = np.array([0.2, 0.3, 0.6, 1.0, 1.4], dtype=np.float32)
# Rows are scaled relative to a history of this length, so that λ means the same for every community.
TYPICAL_HISTORY = 150.0
# What one is in the whole numbers of `whole_weights`.
SCALE = 2.0**20
TENTHS = 100.0 * SCALE
# A dislike pushes its neighbours down, as people expect of it.
PUSHED_WEIGHTS = np.array([-0.3, -0.1, 0.4, 1.0, 1.3], dtype=np.float32)


def training_weights(stars: Floats) -> Floats:
    """Weight of each rating in training."""
    return TRAINING_WEIGHTS[np.searchsorted(STAR_THRESHOLDS, stars)]


def serving_weights(stars: Floats, dislikes: Dislikes = "push") -> Floats:
    """Weight of each rating of the history that is being scored."""
    return (PUSHED_WEIGHTS if dislikes == "push" else TRAINING_WEIGHTS)[
        np.searchsorted(STAR_THRESHOLDS, stars)
    ]


def integer_weights(ratings: Csr) -> tuple[Csr, npt.NDArray[np.float64]]:
    """Weights of a user's ratings in training in tenths, and for each rating the user's own scale.

    The scale is `(d / 150) ** -0.5` for a user of d ratings, so that busy raters do not drown the rest. All are
    whole numbers, the scale in 2²⁰ᵗʰˢ: sums of products `weight · weight · scale`, in units of 1 / `TENTHS`,
    are exact.
    """
    counts = np.diff(ratings.indptr)
    scale = np.rint((np.maximum(counts, 1) / TYPICAL_HISTORY) ** -0.5 * SCALE)
    tenths = np.rint(training_weights(ratings.data) * 10.0).astype(np.float64)
    return sparse.csr_array((tenths, ratings.indices, ratings.indptr), ratings.shape), np.repeat(
        scale, counts
    )
