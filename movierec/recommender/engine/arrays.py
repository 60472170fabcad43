"""Array types of the recommender, and cheap operations on rows of sparse matrices."""

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.int8]
Mask: TypeAlias = npt.NDArray[np.bool_]
# Rows are users (or items), columns items (or facts). SciPy's classes take a type argument in stubs only.
if TYPE_CHECKING:
    Csr: TypeAlias = sparse.csr_array[np.float32]
else:
    Csr = sparse.csr_array


def as_csr(matrix: object, shape: tuple[int, int] | None = None) -> Csr:
    """Convert a sparse or dense matrix, or (values, (rows, columns)), to float32 CSR with sorted, unique indices."""
    rows: Csr = sparse.csr_array(matrix, shape=shape, dtype=np.float32)  # type: ignore[call-overload]
    rows.sum_duplicates()
    return rows


class SparseRows(NamedTuple):
    """Consecutive rows of a sparse matrix as flat arrays."""

    lengths: Ints
    columns: npt.NDArray[np.integer]
    values: Floats


def csr_rows(matrix: Csr, rows: Ints) -> SparseRows:
    """Copy rows of a matrix, without SciPy's checks: in a request these would cost more than the copy."""
    starts = matrix.indptr[rows].astype(np.int64)
    lengths = matrix.indptr[rows + 1] - starts
    ends = np.cumsum(lengths)
    entries = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
    return SparseRows(lengths, matrix.indices[entries], matrix.data[entries])


def stack_rows(old: Csr, new: Csr, take: Ints) -> Csr:
    """Stack two matrices and return the rows `take`, as wide as the wider one; new rows follow the old ones."""
    indices = np.r_[old.indices, new.indices.astype(old.indices.dtype)]
    indptr = np.r_[old.indptr, old.indptr[-1] + new.indptr[1:].astype(old.indptr.dtype)]
    columns = max(old.shape[1], new.shape[1])
    both = Csr((np.r_[old.data, new.data], indices, indptr), shape=(len(indptr) - 1, columns))
    return both[take]


def csr_row(rows: Csr, row: int) -> tuple[Ints, Floats]:
    """Return column indices and values of one row."""
    span = slice(rows.indptr[row], rows.indptr[row + 1])
    return rows.indices[span].astype(np.int64), rows.data[span]
