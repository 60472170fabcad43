import numpy as np
import pytest

from movierec.recommender.engine import edlae as module
from movierec.recommender.engine.arrays import Csr
from movierec.recommender.engine.edlae import ItemMatrix, solve_edlae
from movierec.recommender.engine.gram import ExactGram, Gram
from tests.recommender.engine.test_gram import graded


@pytest.fixture
def gram(community: Csr) -> Gram:
    sums = ExactGram(40)
    sums.add(community)
    return sums.to_gram()


def edlae(community: Csr, dropout: float, ridge: float) -> np.ndarray:
    """The formula of the paper, in double precision."""
    counts = np.diff(community.indptr)[:, None]
    dense = graded(community).toarray().astype(np.float64) * (counts / 150) ** -0.25
    statistics = dense.T @ dense
    inverse = np.linalg.inv(
        statistics + ridge * np.eye(40) + dropout / (1 - dropout) * np.diag(np.diag(statistics))
    )
    return np.eye(40) - inverse / np.diag(inverse)


def dense(matrix: ItemMatrix) -> np.ndarray:
    return matrix.values.astype(np.float64) * matrix.scale


def test_matrix_equals_the_formula_of_the_paper_within_int8(community: Csr, gram: Gram) -> None:
    expected = edlae(community, 0.7, 30.0)
    matrix = dense(solve_edlae(gram, 0.7, 30.0))
    assert np.abs(matrix - expected).max() <= np.abs(expected).max() / 254 * 1.01


def test_statistics_can_be_solved_again(community: Csr, gram: Gram) -> None:
    solve_edlae(gram, 0.7, 30.0)
    again = dense(solve_edlae(gram, 0.96, 80.0))
    expected = edlae(community, 0.96, 80.0)
    assert np.abs(again - expected).max() <= np.abs(expected).max() / 254 * 1.01


@pytest.mark.parametrize("block", [1, 7, 40, 64])
def test_matrix_does_not_depend_on_the_block_size(
    gram: Gram, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = solve_edlae(gram, 0.5, 10.0)
    monkeypatch.setattr(module, "BLOCK_ROWS", block)
    matrix = solve_edlae(gram, 0.5, 10.0)
    assert (matrix.values == expected.values).all()


def test_diagonal_is_zero(gram: Gram) -> None:
    assert not solve_edlae(gram, 0.7, 30.0).values.diagonal().any()


def test_partial_correlations_are_symmetric(gram: Gram) -> None:
    matrix = solve_edlae(gram, 0.7, 30.0)
    square = np.array([matrix.partial_correlations(item) for item in range(40)])
    np.testing.assert_allclose(square, square.T, atol=2 * np.abs(square).max() / 127)


def test_entries_and_product_agree(gram: Gram) -> None:
    matrix = solve_edlae(gram, 0.7, 30.0)
    rows, weights = np.array([3, 8]), np.array([1.0, -0.3], dtype=np.float32)
    entries = matrix.entries(rows, np.arange(40))
    np.testing.assert_allclose(weights @ entries, matrix.product(rows, weights), atol=1e-6)


def test_no_items_make_an_empty_matrix() -> None:
    assert solve_edlae(Gram(0), 0.7, 30.0).values.shape == (0, 0)


def test_singular_statistics_raise_an_error(gram: Gram) -> None:
    gram.diagonal[:] = -1
    with pytest.raises(ArithmeticError, match="could not be inverted"):
        solve_edlae(gram, 0.0, 0.0)
