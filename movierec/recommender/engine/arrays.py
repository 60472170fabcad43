"""Names for the array types that the recommender passes around."""

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.int8]
Mask: TypeAlias = npt.NDArray[np.bool_]
# Rows are users (or films), columns films (or facts). SciPy's classes take a type argument in stubs only.
if TYPE_CHECKING:
    Csr: TypeAlias = sparse.csr_array[np.float32]
else:
    Csr = sparse.csr_array


def as_csr(matrix: Any, shape: tuple[int, int] | None = None) -> Csr:
    """Any sparse matrix, or (values, (rows, columns)), as float32 CSR with sorted, unique indices."""
    rows: Csr = sparse.csr_array(matrix, shape=shape, dtype=np.float32)
    rows.sum_duplicates()
    return rows


class SparseRows(NamedTuple):
    """Some rows of a sparse matrix, one behind the other."""

    lengths: Ints
    columns: npt.NDArray[np.integer]
    values: Floats


def csr_rows(matrix: Csr, which: Ints) -> SparseRows:
    """For requests, where SciPy's checks would cost more than the copying."""
    starts = matrix.indptr[which].astype(np.int64)
    lengths = matrix.indptr[which + 1] - starts
    ends = np.cumsum(lengths)
    places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
    return SparseRows(lengths, matrix.indices[places], matrix.data[places])


def stack_rows(old: Csr, new: Csr, take: Ints) -> Csr:
    """Rows of both, `take` counting on from the last row of `old`; as many columns as the wider one has."""
    indices = np.r_[old.indices, new.indices.astype(old.indices.dtype)]
    indptr = np.r_[old.indptr, old.indptr[-1] + new.indptr[1:].astype(old.indptr.dtype)]
    columns = max(old.shape[1], new.shape[1])
    both = Csr((np.r_[old.data, new.data], indices, indptr), shape=(len(indptr) - 1, columns))
    return both[take]


def csr_row(rows: Csr, row: int) -> tuple[Ints, Floats]:
    """Column indices and values of one row."""
    span = slice(rows.indptr[row], rows.indptr[row + 1])
    return rows.indices[span].astype(np.int64), rows.data[span]
