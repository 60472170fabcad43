import numpy as np
import pytest

from movierec.recommender import gram as module
from movierec.recommender.arrays import Csr, as_csr
from movierec.recommender.gram import Gram
from movierec.recommender.weights import weighted_rows


def whole(gram: Gram) -> np.ndarray:
    upper = np.triu(gram.square, 1)
    return upper + upper.T + np.diag(gram.diagonal)


def test_blocks_give_the_same_statistics_as_one_product(
    community: Csr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "USERS_A_BLOCK", 7)
    monkeypatch.setattr(module, "COLUMNS_A_BLOCK", 13)
    gram = Gram(40)
    gram.add_ratings(community)
    dense = weighted_rows(community).toarray().astype(np.float64)
    np.testing.assert_allclose(whole(gram), dense.T @ dense, rtol=1e-5)


def test_new_ratings_are_added_to_the_statistics(community: Csr) -> None:
    once, twice = Gram(40), Gram(40)
    once.add_ratings(community)
    twice.add_ratings(as_csr(community[:50]))
    twice.add_ratings(as_csr(community[50:]))
    np.testing.assert_allclose(whole(once), whole(twice), rtol=1e-5)


def test_facts_bring_films_together_that_nobody_rated_both() -> None:
    gram = Gram(3)
    gram.add_facts(as_csr(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])), weight=0.5)
    assert gram.square[0, 1] == pytest.approx(0.25)
    assert gram.square[0, 2] == 0
