"""The best of what could be served instead, given the same graded ratings: iALS, and EDLAE of one matrix."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from movierec.recommender.engine import rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, as_csr, csr_row
from movierec.recommender.engine.baselines import FitFunction, ScoreFunction
from movierec.recommender.engine.blend import popularity_discounts
from movierec.recommender.engine.edlae import solve_edlae
from movierec.recommender.engine.gram import ExactGram
from movierec.recommender.engine.settings import Settings
from movierec.recommender.engine.weights import training_weights


def graded_edlae(dropout: float) -> FitFunction:
    """One graded EDLAE (Steck 2020) for histories of every length, λ and γ as in the long memory."""
    settings = Settings()
    usual = settings.long
    memory = replace(usual, dropout=dropout)

    def train(ratings: Csr) -> ScoreFunction:
        counts = rating_matrix.rater_counts(ratings)
        films = rating_matrix.select_items(counts, settings)
        sums = ExactGram(len(films))
        sums.add(as_csr(ratings[:, films]))
        matrix = solve_edlae(sums.gram(), memory.dropout, memory.ridge_for(ratings.shape[0]))
        discount = popularity_discounts(counts[films], memory.spared, memory.discount)
        weights = matrix.values.astype(np.float32) * (matrix.scale * discount)

        def scores(history: Csr) -> Floats:
            graded = as_csr(history[:, films])
            graded.data = training_weights(graded.data)
            inside = graded @ weights
            found: Floats = np.repeat(inside.min(axis=1, keepdims=True), history.shape[1], axis=1)
            found[:, films] = inside
            return found

        return scores

    return train


@dataclass(frozen=True)
class GradedIals:
    """iALS (Rendle 2021) on graded weights: `Σ w·(1 − u·v)² + α·Σ (u·v)² + Σ λ·(n + α·N)^ν·|v|²`.

    The first sum is over what was rated, the second over everything; n of the other side's N were rated.
    """

    dimensions: int = 64
    unobserved: float = 0.1
    ridge: float = 0.02
    exponent: float = 1.0
    sweeps: int = 12
    seed: int = 42
    settings: Settings = field(default_factory=Settings)

    def __call__(self, ratings: Csr) -> ScoreFunction:
        films = rating_matrix.select_items(rating_matrix.rater_counts(ratings), self.settings)
        graded = as_csr(ratings[:, films])
        graded.data = training_weights(graded.data)
        turned = as_csr(sparse.csr_array(graded.T))
        spread = 0.1 / np.sqrt(self.dimensions)
        start = np.random.default_rng(self.seed).normal(0, spread, (len(films), self.dimensions))
        vectors: Floats = start.astype(np.float32)
        for _ in range(self.sweeps):
            vectors = self._solved(turned, self._solved(graded, vectors))

        def scores(history: Csr) -> Floats:
            known = as_csr(history[:, films])
            known.data = training_weights(known.data)
            inside = self._solved(known, vectors) @ vectors.T
            found: Floats = np.repeat(inside.min(axis=1, keepdims=True), history.shape[1], axis=1)
            found[:, films] = inside
            return found

        return scores

    def _solved(self, rows: Csr, others: Floats) -> Floats:
        """The vector of each row, given those of the other side."""
        everything = np.float32(self.unobserved) * (others.T @ others)
        found = np.zeros((rows.shape[0], self.dimensions), dtype=np.float32)
        diagonal = np.diag_indices(self.dimensions)
        for row in range(rows.shape[0]):
            columns, weights = csr_row(rows, row)
            theirs = others[columns]
            system = everything + (theirs.T * weights) @ theirs
            system[diagonal] += self.ridge * (len(columns) + self.unobserved * len(others)) ** self.exponent
            found[row] = np.linalg.solve(system, weights @ theirs)
        return found


REFERENCE_MODELS: dict[str, FitFunction] = {
    "graded iALS": GradedIals(),
    "graded EDLAE, p=0.5": graded_edlae(0.5),
    "graded EDLAE, p=0.8": graded_edlae(0.8),
    "graded EDLAE, p=0.96": graded_edlae(0.96),
}
