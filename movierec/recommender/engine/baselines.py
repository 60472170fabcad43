"""What a recommender must beat: popularity, item neighbours and EASE, as they are usually published."""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from movierec.recommender.engine import rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, as_csr
from movierec.recommender.engine.edlae import solve_edlae
from movierec.recommender.engine.gram import Gram

# Histories (users × films, stars) to scores of the same shape.
ScoreFunction = Callable[[Csr], Floats]
# Training ratings (users × films, stars) to the above.
FitFunction = Callable[[Csr], ScoreFunction]

LIKED_STARS = 4.0


def popularity(ratings: Csr) -> ScoreFunction:
    """The number of raters, the same list for everybody."""
    counts = rating_matrix.rater_counts(ratings).astype(np.float32)
    return lambda history: np.tile(counts, (history.shape[0], 1))


def item_knn(ratings: Csr, neighbours: int = 100) -> ScoreFunction:
    """Item-kNN: cosine of films over the users who liked both (≥ 4), the 100 nearest of each film."""
    liked = _liked(ratings)
    counts = np.maximum(rating_matrix.rater_counts(liked), 1).astype(np.float32)
    unit = as_csr(liked.multiply(1 / np.sqrt(counts)))
    likeness = sparse.csr_array(unit.T @ unit)
    likeness.setdiag(0)
    nearest = _strongest(likeness, neighbours)
    return lambda history: (_liked(history) @ nearest.T).toarray()


def ease(ratings: Csr, ridge: float = 500.0, likers: int = 1) -> ScoreFunction:
    """EASE (Steck 2019) on ratings of 4 and more, λ = 500, over films with at least so many likers."""
    liked = _liked(ratings)
    films = np.flatnonzero(rating_matrix.rater_counts(liked) >= likers)
    gram = Gram(len(films))
    gram.add(as_csr(liked[:, films]))
    matrix = solve_edlae(gram, dropout=0.0, ridge=ridge)
    weights = matrix.values.astype(np.float32) * matrix.scale

    def scores(history: Csr) -> Floats:
        # Films that too few in training liked stay at 0, as they would in the full matrix.
        found = np.zeros(history.shape, dtype=np.float32)
        found[:, films] = _liked(history)[:, films] @ weights
        return found

    return scores


BASELINES: dict[str, FitFunction] = {
    "popularity": popularity,
    "item-kNN": item_knn,
    "EASE λ=500": ease,
}


def _liked(ratings: Csr) -> Csr:
    ones = ratings.copy()
    ones.data = (ratings.data >= LIKED_STARS).astype(np.float32)
    ones.eliminate_zeros()
    return ones


def _strongest(rows: Csr, n: int) -> Csr:
    """The `n` largest entries of each row."""
    counts = np.diff(rows.indptr)
    order = np.lexsort((rows.indices, -rows.data, np.repeat(np.arange(rows.shape[0]), counts)))
    rank = np.arange(rows.nnz) - np.repeat(rows.indptr[:-1], counts)
    keep = order[rank < n]
    row = np.repeat(np.arange(rows.shape[0]), counts)
    return as_csr(sparse.csr_array((rows.data[keep], (row[keep], rows.indices[keep])), shape=rows.shape))
