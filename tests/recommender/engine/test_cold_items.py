import numpy as np
import pytest

from movierec.recommender.engine import cold_items as module
from movierec.recommender.engine.arrays import as_csr
from movierec.recommender.engine.cold_items import nearest_rated_items, own_score_share, transfer_matrix
from movierec.recommender.engine.features import build_features
from movierec.recommender.engine.movie_columns import build_movie_columns
from tests.recommender import sample_movies
from tests.recommender.sample_movies import ALIEN, NEMO, PERSONA, PROMETHEUS, TOY_STORY


def test_own_share_grows_with_raters() -> None:
    assert own_score_share(np.array([0, 1, 6, 10_000])).tolist() == pytest.approx([0.0, 0.8, 0.96, 1.0])


def test_item_without_raters_takes_the_scores_of_its_neighbours() -> None:
    rated = np.array([ALIEN, TOY_STORY, PERSONA])
    matrix = transfer_matrix(
        build_features(sample_movies.twelve_movies()), rated, np.array([1_000, 1_000, 1_000])
    )
    scores = matrix @ np.array([3.0, -1.0, 0.0], dtype=np.float32)
    assert scores[rated].tolist() == [3.0, -1.0, 0.0]
    assert scores[PROMETHEUS] > 0.15 > 0 > scores[NEMO]


def test_rows_of_the_transfer_matrix_sum_to_one_at_most() -> None:
    matrix = transfer_matrix(
        build_features(sample_movies.twelve_movies()), np.array([0, 4, 6, 8]), np.array([5, 20, 100, 700])
    )
    total = matrix.sum(axis=1)
    assert (total <= 1 + 1e-6).all()
    assert total[[6, 8]].tolist() == pytest.approx([1.0, 1.0])


def test_item_with_nothing_in_common_stays_at_the_average() -> None:
    features = build_features(build_movie_columns([["Drama"], ["Horror"], []], [1990, 1960, 0]))
    matrix = transfer_matrix(features, np.array([0]), np.array([50])).toarray()
    assert not matrix[2].any()


def test_neighbours_do_not_depend_on_the_dense_share(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    dense = (rng.random((60, 30)) < 0.15) * rng.random((60, 30))
    rows, rated, every = as_csr(dense), np.arange(0, 60, 2), np.arange(60)
    cosine = (dense @ dense[rated].T).astype(np.float32)
    cosine[rated, np.arange(30)] = 0
    expected = -np.sort(-cosine, axis=1)[:, :5]
    for common in (0.0, 0.1, 1.0):
        monkeypatch.setattr(module, "DENSE_SHARE", common)
        monkeypatch.setattr(module, "BLOCK_ITEMS", 7)
        nearest, cosines = nearest_rated_items(rows, every, rated, n=5)
        np.testing.assert_allclose(-np.sort(-cosines, axis=1), expected, atol=1e-6)
        np.testing.assert_allclose(np.take_along_axis(cosine, nearest, 1), cosines, atol=1e-6)


def test_fewer_rated_items_than_neighbours_are_enough() -> None:
    nearest, cosines = nearest_rated_items(as_csr(np.eye(3)), np.arange(3), np.array([1]))
    assert nearest.shape == cosines.shape == (3, 1)
    assert transfer_matrix(
        build_features(build_movie_columns([["Drama"]], [1990])), np.zeros(0, int), np.zeros(0, int)
    ).shape == (1, 0)
