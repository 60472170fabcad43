"""The best of what could be served instead, given the same graded ratings: iALS, and EDLAE of one matrix."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from movierec.recommender.engine import rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, as_csr, row_of
from movierec.recommender.engine.baselines import Fit, Scores
from movierec.recommender.engine.blend import discounts
from movierec.recommender.engine.edlae import solve
from movierec.recommender.engine.gram import RatingSums
from movierec.recommender.engine.settings import Settings
from movierec.recommender.engine.weights import training_weights


def edlae(dropout: float) -> Fit:
    """One graded EDLAE (Steck 2020) for histories of every length, λ and γ as in the long memory."""
    settings = Settings()
    usual = settings.long
    memory = replace(usual, dropout=dropout)

    def train(ratings: Csr) -> Scores:
        counts = rating_matrix.raters(ratings)
        films = rating_matrix.films_to_model(counts, settings)
        sums = RatingSums(len(films))
        sums.add(as_csr(ratings[:, films]))
        matrix = solve(sums.gram(), memory.dropout, memory.ridge_for(ratings.shape[0]))
        discount = discounts(counts[films], memory.spared, memory.discount)
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
class Ials:
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

    def __call__(self, ratings: Csr) -> Scores:
        films = rating_matrix.films_to_model(rating_matrix.raters(ratings), self.settings)
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
            columns, weights = row_of(rows, row)
            theirs = others[columns]
            system = everything + (theirs.T * weights) @ theirs
            system[diagonal] += self.ridge * (len(columns) + self.unobserved * len(others)) ** self.exponent
            found[row] = np.linalg.solve(system, weights @ theirs)
        return found


RIVALS: dict[str, Fit] = {
    "graded iALS": Ials(),
    "graded EDLAE, p=0.5": edlae(0.5),
    "graded EDLAE, p=0.8": edlae(0.8),
    "graded EDLAE, p=0.96": edlae(0.96),
}
