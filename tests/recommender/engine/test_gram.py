import numpy as np
import pytest

from movierec.recommender.engine import gram as module
from movierec.recommender.engine.arrays import Csr, as_csr
from movierec.recommender.engine.gram import ExactGram, Gram
from movierec.recommender.engine.weights import training_weights


def whole(gram: Gram) -> np.ndarray:
    upper = np.triu(gram.square, 1)
    return upper + upper.T + np.diag(gram.diagonal)


def graded(stars: Csr) -> Csr:
    """Return stars as their weights in training."""
    weights = stars.copy()
    weights.data = training_weights(stars.data)
    return weights


def summed(*parts: Csr) -> Gram:
    sums = ExactGram(40)
    for part in parts:
        sums.add(part)
    return sums.to_gram()


def test_statistics_equal_the_gram_matrix_of_scaled_weights(
    community: Csr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STRIP_ROWS", 13)
    dense = graded(community).toarray().astype(np.float64)
    dense *= (np.diff(community.indptr)[:, None] / 150) ** -0.25
    np.testing.assert_allclose(whole(summed(community)), dense.T @ dense, rtol=1e-6)


@pytest.mark.parametrize("strip", [1, 7, 40, 1_000])
def test_statistics_do_not_depend_on_parts_and_order(
    community: Csr, strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = summed(community)
    monkeypatch.setattr(module, "STRIP_ROWS", strip)
    shuffled = as_csr(community[np.random.default_rng(5).permutation(120)])
    for sums in (
        summed(*module.row_blocks(community, 7)),
        summed(as_csr(shuffled[:50]), as_csr(shuffled[50:])),
    ):
        assert (whole(sums) == whole(expected)).all()


def test_facts_relate_items_without_common_raters() -> None:
    gram = Gram(3)
    gram.add_facts(as_csr(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])), weight=0.5)
    assert gram.square[0, 1] == pytest.approx(0.25)
    assert gram.square[0, 2] == 0
