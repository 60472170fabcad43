"""The Gram matrix of weighted ratings: all that a model needs to know of them, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Floats
from movierec.recommender.engine.weights import TENTHS, integer_weights

Doubles = npt.NDArray[np.float64]

# A strip's sparse product is nearly dense at 12 bytes an entry: 1,000 rows of 20,000 films are 240 MB.
STRIP_ROWS = 1_000


class Gram:
    """G = XᵀX, float32. Memory grows with films², never with users.

    Only the upper triangle of `square` counts, its diagonal kept apart: the solver works in the
    other half, so that statistics and inverse share one array.
    """

    def __init__(self, films: int) -> None:
        self.square: Floats = np.zeros((films, films), dtype=np.float32)
        self.diagonal: Doubles = np.zeros(films)

    @property
    def films(self) -> int:
        return len(self.diagonal)

    def add(self, rows: Csr) -> None:
        """Add rows of weights (users or facts × films)."""
        columns = sparse.csc_array(rows)
        self.diagonal += np.asarray(columns.power(2).sum(axis=0), dtype=np.float64)
        for start, stop in strip_bounds(self.films):
            product = columns[:, start:stop].T @ columns[:, start:]
            self.square[start:stop, start:] += product.toarray()

    def add_facts(self, facts: Csr, weight: float) -> None:
        """Add side facts (films × facts) as if each fact were a user who had seen its films."""
        self.add(sparse.csr_array(facts.T * np.float32(weight)))


class ExactGram:
    """The Gram matrix of ratings in whole numbers: exactly the same in whatever parts and order it is added up.

    Held as double precision, which is exact up to 2⁵³, in strips of the upper triangle: as much memory as the
    square in single precision that it becomes.
    """

    def __init__(self, films: int) -> None:
        self.films = films
        self.parts: list[Doubles] = [
            np.zeros((stop - start, films - start)) for start, stop in strip_bounds(films)
        ]

    def add(self, stars: Csr) -> None:
        """Add the histories of some users (users × films), whole ones."""
        for total, part in zip(self.parts, strip_products(stars), strict=True):
            total += part.toarray()

    def gram(self) -> Gram:
        """What they come to; the sums are gone then, strip by strip, so that both never are in memory whole."""
        made = Gram(self.films)
        for start, stop in strip_bounds(self.films):
            part = self.parts[0] * (1 / TENTHS)
            made.diagonal[start:stop] = part.diagonal()
            made.square[start:stop, start:] = part
            del self.parts[0]
        return made


def strip_products(stars: Csr) -> Iterator[Any]:
    """What some users' histories add to each strip of the sums, sparse."""
    weights, scale = integer_weights(stars)
    right = sparse.csc_array(weights)
    left = sparse.csc_array(
        sparse.csr_array((weights.data * scale, weights.indices, weights.indptr), stars.shape)
    )
    for start, stop in strip_bounds(stars.shape[1]):
        yield left[:, start:stop].T @ right[:, start:]


def strip_bounds(films: int) -> list[tuple[int, int]]:
    """The first and the last row, exclusive, of each strip."""
    return [(start, min(start + STRIP_ROWS, films)) for start in range(0, films, STRIP_ROWS)]


def row_blocks(rows: Csr, size: int) -> Iterator[Csr]:
    """The rows in consecutive blocks."""
    for start in range(0, rows.shape[0], size):
        yield rows[start : start + size]
