"""Closed-form EDLAE in place (Cholesky), and the int8 matrix that comes of it."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from movierec.recommender.engine.arrays import Bytes, Floats, Ints
from movierec.recommender.engine.gram import Gram

BLOCK_ROWS = 1_024
# Rows that are turned into float32 at once: few enough for the cache, many enough for one product.
GATHERED_ROWS = 32


@dataclass(frozen=True, slots=True)
class ItemMatrix:
    """B of `scores = weights · B`, as int8 with one scale for each column.

    `precision` is the diagonal of the inverse P that B was made of. As P is symmetric it gives column j
    of B from row j: `B[i, j] · P[j, j] = B[j, i] · P[i, i]`. Arrays may be memory-mapped.
    """

    values: Bytes
    scale: Floats
    precision: Floats

    def product(self, rows: Ints, weights: Floats) -> Floats:
        """`weights · B[rows]`, one number for each film."""
        total = np.zeros(len(self.scale), dtype=np.float32)
        for start in range(0, len(rows), GATHERED_ROWS):
            span = slice(start, start + GATHERED_ROWS)
            total += weights[span] @ self.values[rows[span]].astype(np.float32)
        return total * self.scale

    def entries(self, rows: Ints, columns: Ints) -> Floats:
        """B at the crossings of rows and columns."""
        return self.values[np.ix_(rows, columns)].astype(np.float32) * self.scale[columns]

    def partial_correlations(self, row: int) -> Floats:
        """The symmetric form of row `row`: −P_ij / √(P_ii·P_jj), what two films share beyond all others."""
        values = self.values[row].astype(np.float32) * self.scale
        shared: Floats = values * np.sqrt(self.precision / self.precision[row])
        return shared


def solve_edlae(gram: Gram, dropout: float, ridge: float) -> ItemMatrix:
    """EDLAE (Steck 2020): P = (G + λI + p/(1−p)·diag G)⁻¹, B = I − P·diag(1/diag P).

    Works in the lower half of `gram.square`; the statistics in the upper half stay as they are, so the same
    Gram matrix can be solved again. Needs no memory beyond the result and one block.
    """
    square = gram.square
    if not gram.films:
        return ItemMatrix(np.zeros((0, 0), dtype=np.int8), np.zeros(0, np.float32), np.zeros(0, np.float32))
    _mirror(square)
    np.fill_diagonal(square, gram.diagonal / (1.0 - dropout) + ridge)
    # Seen by LAPACK in Fortran order the lower half is the upper one; `clean=0` leaves the other half alone.
    factor, failed = lapack.spotrf(square.T, lower=0, clean=0, overwrite_a=1)
    if not failed:
        _, failed = lapack.spotri(factor, lower=0, overwrite_c=1)
    if failed:
        raise ArithmeticError(f"the Gram matrix could not be inverted (LAPACK says {failed})")
    return _quantised(square)


def _mirror(square: Floats) -> None:
    """Copy the upper half onto the lower one, in blocks that fit the cache."""
    films = len(square)
    for start in range(0, films, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, films)
        corner = np.triu(square[start:stop, start:stop], 1)
        square[start:stop, start:stop] = corner + corner.T
        for other in range(stop, films, BLOCK_ROWS):
            square[other : other + BLOCK_ROWS, start:stop] = square[start:stop, other : other + BLOCK_ROWS].T


def _quantised(square: Floats) -> ItemMatrix:
    films = len(square)
    precision = square.diagonal().copy()
    peak = np.empty(films, dtype=np.float32)
    for start in range(0, films, BLOCK_ROWS):
        rows = _rows_of_inverse(square, start)
        # P is symmetric: the largest entry of a row is the largest of the column of the same number.
        peak[start : start + len(rows)] = np.abs(rows).max(axis=1)
    peak[peak == 0] = 1.0
    values = np.empty((films, films), dtype=np.int8)
    step = np.float32(-127.0) / peak
    for start in range(0, films, BLOCK_ROWS):
        rows = _rows_of_inverse(square, start)
        values[start : start + len(rows)] = np.rint(rows * step)
    return ItemMatrix(values, peak / (np.float32(127.0) * precision), precision)


def _rows_of_inverse(square: Floats, start: int) -> Floats:
    """A block of whole rows of P, with a zero diagonal, out of its lower half."""
    stop = min(start + BLOCK_ROWS, len(square))
    rows = np.empty((stop - start, len(square)), dtype=np.float32)
    rows[:, :start] = square[start:stop, :start]
    corner = np.tril(square[start:stop, start:stop], -1)
    rows[:, start:stop] = corner + corner.T
    rows[:, stop:] = square[stop:, start:stop].T
    return rows
