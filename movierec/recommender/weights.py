"""From stars to graded weights, for training and for serving."""

import numpy as np

from movierec.recommender.arrays import Csr, Floats
from movierec.recommender.settings import Dislikes

# The lower ends of 2, 3, 4 and 5 stars, placed between the half-star steps.
STEPS = np.array([1.6, 2.6, 3.6, 4.6], dtype=np.float32)
# All positive: having rated a film at all is evidence of interest in its kind.
TRAINED = np.array([0.2, 0.3, 0.6, 1.0, 1.4], dtype=np.float32)
# Rows are scaled relative to a history of this length, so that λ means the same for every community.
TYPICAL_HISTORY = 150.0
# A dislike pushes its neighbours down, as people expect of it.
PUSHED = np.array([-0.3, -0.1, 0.4, 1.0, 1.3], dtype=np.float32)


def training_weights(stars: Floats) -> Floats:
    """Weight of each rating in training."""
    return TRAINED[np.searchsorted(STEPS, stars)]


def serving_weights(stars: Floats, dislikes: Dislikes = "push") -> Floats:
    """Weight of each rating of the history that is being scored."""
    return (PUSHED if dislikes == "push" else TRAINED)[np.searchsorted(STEPS, stars)]


def weighted_rows(ratings: Csr) -> Csr:
    """Rows for the Gram matrix: graded, and scaled by `(d / 150) ** -0.25` for a user of d ratings.

    So busy raters do not drown the rest; in the Gram matrix it is the inverse root of d.
    """
    counts = np.diff(ratings.indptr)
    scale = (np.maximum(counts, 1) / TYPICAL_HISTORY).astype(np.float32) ** np.float32(-0.25)
    rows = ratings.copy()
    rows.data = training_weights(ratings.data) * np.repeat(scale, counts)
    return rows
