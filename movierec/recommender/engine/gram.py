"""The Gram matrix of weighted ratings: the sufficient statistics of a model, whatever the number of ratings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Floats
from movierec.recommender.engine.weights import TENTHS, integer_weights

Doubles = npt.NDArray[np.float64]

# A strip's sparse product is nearly dense at 12 bytes an entry: 1,000 rows of 20,000 items are 240 MB.
STRIP_ROWS = 1_000


class Gram:
    """The Gram matrix G = XᵀX in float32. Memory grows with items², never with users.

    Only the upper triangle of `square` counts, its diagonal is kept apart: the solver works in the other half, so
    that statistics and inverse share one array.
    """

    def __init__(self, items: int) -> None:
        self.square: Floats = np.zeros((items, items), dtype=np.float32)
        self.diagonal: Doubles = np.zeros(items)

    @property
    def items(self) -> int:
        """The number of items."""
        return len(self.diagonal)

    def add(self, rows: Csr) -> None:
        """Add rows of weights (users or facts × items)."""
        columns = sparse.csc_array(rows)
        self.diagonal += np.asarray(columns.power(2).sum(axis=0), dtype=np.float64)
        for start, stop in strip_bounds(self.items):
            product = columns[:, start:stop].T @ columns[:, start:]
            self.square[start:stop, start:] += product.toarray()

    def add_facts(self, facts: Csr, weight: float) -> None:
        """Add side facts (items × facts) as if each fact were a user who had seen its items."""
        self.add(sparse.csr_array(facts.T * np.float32(weight)))


class ExactGram:
    """The Gram matrix of ratings in whole numbers: the same bits in whatever parts and order it is summed.

    Double precision holds it, which is exact up to 2⁵³, in strips of the upper triangle: as much memory as the
    square in single precision that it becomes.
    """

    def __init__(self, items: int) -> None:
        self.items = items
        self.strips: list[Doubles] = [
            np.zeros((stop - start, items - start)) for start, stop in strip_bounds(items)
        ]

    def add(self, stars: Csr) -> None:
        """Add whole histories of users (users × items)."""
        for total, product in zip(self.strips, strip_products(stars), strict=True):
            total += product.toarray()

    def to_gram(self) -> Gram:
        """Convert to single precision and free the sums strip by strip: both are never in memory whole."""
        gram = Gram(self.items)
        for start, stop in strip_bounds(self.items):
            strip = self.strips[0] * (1 / TENTHS)
            gram.diagonal[start:stop] = strip.diagonal()
            gram.square[start:stop, start:] = strip
            del self.strips[0]
        return gram


def strip_products(stars: Csr) -> Iterator[sparse.csr_array[np.float64]]:
    """Yield the contribution of users' histories to each strip of the sums, sparse."""
    weights, scale = integer_weights(stars)
    right = sparse.csc_array(weights)
    left = sparse.csc_array(
        sparse.csr_array((weights.data * scale, weights.indices, weights.indptr), stars.shape)
    )
    for start, stop in strip_bounds(stars.shape[1]):
        yield sparse.csr_array(left[:, start:stop].T @ right[:, start:])


def strip_bounds(items: int) -> list[tuple[int, int]]:
    """Return the first and the last row, exclusive, of each strip."""
    return [(start, min(start + STRIP_ROWS, items)) for start in range(0, items, STRIP_ROWS)]


def row_blocks(rows: Csr, size: int) -> Iterator[Csr]:
    """Yield the rows in consecutive blocks."""
    for start in range(0, rows.shape[0], size):
        yield rows[start : start + size]
