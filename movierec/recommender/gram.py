"""The Gram matrix of weighted ratings: all that a model needs to know of them, whatever their number."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import sparse

from movierec.recommender.arrays import Csr, Floats
from movierec.recommender.weights import weighted_rows

USERS_A_BLOCK = 50_000
# A block's sparse product is nearly dense at 12 bytes an entry: 1,000 columns of 20,000 films are 240 MB.
COLUMNS_A_BLOCK = 1_000


class Gram:
    """G = XᵀX over blocks of rows, float32. Memory grows with films², never with users.

    Only the upper triangle of `square` is filled, its diagonal kept apart: the solver works in the
    other half, so that statistics and inverse share one array.
    """

    def __init__(self, films: int) -> None:
        self.square: Floats = np.zeros((films, films), dtype=np.float32)
        self.diagonal: npt.NDArray[np.float64] = np.zeros(films)

    @property
    def films(self) -> int:
        return len(self.diagonal)

    def add(self, rows: Csr) -> None:
        """Add rows of weights (users or facts × films)."""
        columns = sparse.csc_array(rows)
        self.diagonal += np.asarray(columns.power(2).sum(axis=0), dtype=np.float64)
        for start in range(0, self.films, COLUMNS_A_BLOCK):
            stop = min(start + COLUMNS_A_BLOCK, self.films)
            product = columns[:, :stop].T @ columns[:, start:stop]
            self.square[:stop, start:stop] += product.toarray()

    def add_ratings(self, ratings: Csr) -> None:
        """Add stars (users × films), weighted, in blocks of users."""
        for block in blocks(ratings, USERS_A_BLOCK):
            self.add(weighted_rows(block))

    def add_facts(self, facts: Csr, weight: float) -> None:
        """Add side facts (films × facts) as if each fact were a user who had seen its films."""
        self.add(sparse.csr_array(facts.T * np.float32(weight)))


def blocks(rows: Csr, size: int) -> Iterator[Csr]:
    """The rows in consecutive blocks."""
    for start in range(0, rows.shape[0], size):
        yield rows[start : start + size]
