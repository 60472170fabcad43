"""Closed-form EDLAE in place by Cholesky decomposition, and the int8 matrix that results."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from movierec.recommender.engine.arrays import Bytes, Floats, Ints
from movierec.recommender.engine.gram import Gram

# Rows of the square that are copied at once.
BLOCK_ROWS = 1_024
# Rows that become float32 at once: few enough for the cache, many enough for one product.
GATHERED_ROWS = 32


@dataclass(frozen=True, slots=True)
class ItemMatrix:
    """The item–item matrix B of `scores = weights · B`, as int8 with one scale for each column.

    `precision` is the diagonal of the inverse P that B was computed from. P is symmetric, so row j gives column j of
    B: `B[i, j] · P[j, j] = B[j, i] · P[i, i]`. Arrays may be memory-mapped.
    """

    values: Bytes
    scale: Floats
    precision: Floats

    def product(self, rows: Ints, weights: Floats) -> Floats:
        """Return `weights · B[rows]`, one number for each item."""
        total = np.zeros(len(self.scale), dtype=np.float32)
        for start in range(0, len(rows), GATHERED_ROWS):
            span = slice(start, start + GATHERED_ROWS)
            total += weights[span] @ self.values[rows[span]].astype(np.float32)
        return total * self.scale

    def entries(self, rows: Ints, columns: Ints) -> Floats:
        """Return B at the crossings of rows and columns."""
        return self.values[np.ix_(rows, columns)].astype(np.float32) * self.scale[columns]

    def partial_correlations(self, row: int) -> Floats:
        """Return the symmetric form of one row: −P_ij / √(P_ii·P_jj), what two items share beyond all others."""
        values = self.values[row].astype(np.float32) * self.scale
        shared: Floats = values * np.sqrt(self.precision / self.precision[row])
        return shared


def solve_edlae(gram: Gram, dropout: float, ridge: float) -> ItemMatrix:
    """Solve EDLAE (Steck 2020): P = (G + λI + p/(1−p)·diag G)⁻¹, B = I − P·diag(1/diag P).

    Works in the lower half of `gram.square`; the statistics in the upper half stay, so the same Gram matrix can be
    solved again. Needs no memory beyond the result and one block. Raises ArithmeticError where LAPACK fails.
    """
    square = gram.square
    if not gram.items:
        return ItemMatrix(np.zeros((0, 0), dtype=np.int8), np.zeros(0, np.float32), np.zeros(0, np.float32))
    _mirror(square)
    np.fill_diagonal(square, gram.diagonal / (1.0 - dropout) + ridge)
    # In Fortran order LAPACK sees the lower half as the upper one; `clean=0` leaves the other half alone.
    factor, failure = lapack.spotrf(square.T, lower=0, clean=0, overwrite_a=1)
    if not failure:
        _, failure = lapack.spotri(factor, lower=0, overwrite_c=1)
    if failure:
        raise ArithmeticError(f"the Gram matrix could not be inverted (LAPACK returned {failure})")
    return _quantise(square)


def _mirror(square: Floats) -> None:
    """Copy the upper half onto the lower one, in blocks that fit the cache."""
    items = len(square)
    for start in range(0, items, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, items)
        corner = np.triu(square[start:stop, start:stop], 1)
        square[start:stop, start:stop] = corner + corner.T
        for other in range(stop, items, BLOCK_ROWS):
            square[other : other + BLOCK_ROWS, start:stop] = square[start:stop, other : other + BLOCK_ROWS].T


def _quantise(square: Floats) -> ItemMatrix:
    """Turn the inverse in the lower half of `square` into B as int8."""
    items = len(square)
    precision = square.diagonal().copy()
    peak = np.empty(items, dtype=np.float32)
    for start in range(0, items, BLOCK_ROWS):
        rows = _inverse_rows(square, start)
        # P is symmetric: the largest entry of a row is the largest of the column of the same number.
        peak[start : start + len(rows)] = np.abs(rows).max(axis=1)
    peak[peak == 0] = 1.0
    values = np.empty((items, items), dtype=np.int8)
    step = np.float32(-127.0) / peak
    for start in range(0, items, BLOCK_ROWS):
        rows = _inverse_rows(square, start)
        values[start : start + len(rows)] = np.rint(rows * step)
    return ItemMatrix(values, peak / (np.float32(127.0) * precision), precision)


def _inverse_rows(square: Floats, start: int) -> Floats:
    """Return a block of whole rows of P with a zero diagonal, out of its lower half."""
    stop = min(start + BLOCK_ROWS, len(square))
    rows = np.empty((stop - start, len(square)), dtype=np.float32)
    rows[:, :start] = square[start:stop, :start]
    corner = np.tril(square[start:stop, start:stop], -1)
    rows[:, start:stop] = corner + corner.T
    rows[:, stop:] = square[stop:, start:stop].T
    return rows
