"""Models that an evaluation compares with: baselines as they are usually published, and strong alternatives.

The baselines (popularity, item-kNN, EASE) get ratings of 4 and more as ones. The reference models (iALS, EDLAE of
one matrix) get the same graded ratings as the served model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from movierec.recommender.engine import rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, Ints, as_csr, csr_row
from movierec.recommender.engine.blend import popularity_discounts
from movierec.recommender.engine.edlae import solve_edlae
from movierec.recommender.engine.gram import ExactGram, Gram
from movierec.recommender.engine.settings import ModelSettings
from movierec.recommender.engine.weights import training_weights

# Histories (users × items, stars) to scores of the same shape.
ScoreFunction = Callable[[Csr], Floats]
# Training ratings (users × items, stars) to a function that scores histories.
FitFunction = Callable[[Csr], ScoreFunction]

LIKED_STARS = 4.0


def popularity(ratings: Csr) -> ScoreFunction:
    """Fit popularity: score items by their number of raters, the same for everybody."""
    counts = rating_matrix.rater_counts(ratings).astype(np.float32)
    return lambda history: np.tile(counts, (history.shape[0], 1))


def item_knn(ratings: Csr, neighbours: int = 100) -> ScoreFunction:
    """Fit item-kNN: cosine of items over the users who liked both (≥ 4), the 100 nearest of each item."""
    liked = _liked(ratings)
    counts = np.maximum(rating_matrix.rater_counts(liked), 1).astype(np.float32)
    unit = as_csr(liked.multiply(1 / np.sqrt(counts)))
    similarity = sparse.csr_array(unit.T @ unit)
    similarity.setdiag(0)
    nearest = _strongest(similarity, neighbours)
    return lambda history: (_liked(history) @ nearest.T).toarray()


def ease(ratings: Csr, ridge: float = 500.0, likers: int = 1) -> ScoreFunction:
    """Fit EASE (Steck 2019) on ratings of 4 and more, λ = 500, over items with at least `likers` likers."""
    liked = _liked(ratings)
    items = np.flatnonzero(rating_matrix.rater_counts(liked) >= likers)
    gram = Gram(len(items))
    gram.add(as_csr(liked[:, items]))
    matrix = solve_edlae(gram, dropout=0.0, ridge=ridge)
    weights = matrix.values.astype(np.float32) * matrix.scale

    def scores(history: Csr) -> Floats:
        # Items with too few likers in training stay at 0, as they would in the full matrix.
        all_scores = np.zeros(history.shape, dtype=np.float32)
        all_scores[:, items] = _liked(history)[:, items] @ weights
        return all_scores

    return scores


def graded_edlae(dropout: float) -> FitFunction:
    """Return the fit of one graded EDLAE (Steck 2020) for all lengths of history, λ and γ as in the long matrix."""
    settings = ModelSettings()
    matrix_settings = replace(settings.long, dropout=dropout)

    def train(ratings: Csr) -> ScoreFunction:
        counts = rating_matrix.rater_counts(ratings)
        items = rating_matrix.select_items(counts, settings)
        gram = ExactGram(len(items))
        gram.add(as_csr(ratings[:, items]))
        ridge = matrix_settings.ridge_for(ratings.shape[0])
        matrix = solve_edlae(gram.to_gram(), matrix_settings.dropout, ridge)
        discount = popularity_discounts(counts[items], matrix_settings.spared, matrix_settings.discount)
        weights = matrix.values.astype(np.float32) * (matrix.scale * discount)

        def scores(history: Csr) -> Floats:
            graded = as_csr(history[:, items])
            graded.data = training_weights(graded.data)
            return _with_least_elsewhere(graded @ weights, items, history.shape[1])

        return scores

    return train


@dataclass(frozen=True)
class GradedIals:
    """iALS (Rendle 2021) on graded weights: `Σ w·(1 − u·v)² + α·Σ (u·v)² + Σ λ·(n + α·N)^ν·|v|²`.

    The first sum is over ratings, the second over all pairs; n of the other side's N were rated.
    """

    dimensions: int = 64
    unobserved: float = 0.1
    ridge: float = 0.02
    exponent: float = 1.0
    sweeps: int = 12
    seed: int = 42
    settings: ModelSettings = field(default_factory=ModelSettings)

    def __call__(self, ratings: Csr) -> ScoreFunction:
        items = rating_matrix.select_items(rating_matrix.rater_counts(ratings), self.settings)
        graded = as_csr(ratings[:, items])
        graded.data = training_weights(graded.data)
        transposed = as_csr(sparse.csr_array(graded.T))
        deviation = 0.1 / np.sqrt(self.dimensions)
        start = np.random.default_rng(self.seed).normal(0, deviation, (len(items), self.dimensions))
        vectors: Floats = start.astype(np.float32)
        for _ in range(self.sweeps):
            vectors = self._solve(transposed, self._solve(graded, vectors))

        def scores(history: Csr) -> Floats:
            inside = as_csr(history[:, items])
            inside.data = training_weights(inside.data)
            return _with_least_elsewhere(self._solve(inside, vectors) @ vectors.T, items, history.shape[1])

        return scores

    def _solve(self, rows: Csr, others: Floats) -> Floats:
        """Return the vector of each row, given those of the other side."""
        everything = np.float32(self.unobserved) * (others.T @ others)
        vectors = np.zeros((rows.shape[0], self.dimensions), dtype=np.float32)
        diagonal = np.diag_indices(self.dimensions)
        for row in range(rows.shape[0]):
            columns, weights = csr_row(rows, row)
            rated = others[columns]
            system = everything + (rated.T * weights) @ rated
            system[diagonal] += self.ridge * (len(columns) + self.unobserved * len(others)) ** self.exponent
            vectors[row] = np.linalg.solve(system, weights @ rated)
        return vectors


BASELINES: dict[str, FitFunction] = {
    "popularity": popularity,
    "item-kNN": item_knn,
    "EASE λ=500": ease,
}
REFERENCE_MODELS: dict[str, FitFunction] = {
    "graded iALS": GradedIals(),
    "graded EDLAE, p=0.5": graded_edlae(0.5),
    "graded EDLAE, p=0.8": graded_edlae(0.8),
    "graded EDLAE, p=0.96": graded_edlae(0.96),
}


def _with_least_elsewhere(inside: Floats, items: Ints, columns: int) -> Floats:
    """Return scores of all columns: those of `items`, and the least of them for the others."""
    scores: Floats = np.repeat(inside.min(axis=1, keepdims=True), columns, axis=1)
    scores[:, items] = inside
    return scores


def _liked(ratings: Csr) -> Csr:
    """Return ones where a rating is 4 or more."""
    ones = ratings.copy()
    ones.data = (ratings.data >= LIKED_STARS).astype(np.float32)
    ones.eliminate_zeros()
    return ones


def _strongest(rows: Csr, n: int) -> Csr:
    """Keep the `n` largest entries of each row."""
    counts = np.diff(rows.indptr)
    order = np.lexsort((rows.indices, -rows.data, np.repeat(np.arange(rows.shape[0]), counts)))
    rank = np.arange(rows.nnz) - np.repeat(rows.indptr[:-1], counts)
    keep = order[rank < n]
    row = np.repeat(np.arange(rows.shape[0]), counts)
    return as_csr(sparse.csr_array((rows.data[keep], (row[keep], rows.indices[keep])), shape=rows.shape))
