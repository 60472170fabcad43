import numpy as np
import pytest

from movierec.recommender.engine.arrays import Csr, as_csr
from movierec.recommender.engine.matrix_factorisation import (
    damped_biases,
    fit_rating_model,
)
from movierec.recommender.engine.rating_prediction import RatingModel, row_posteriors
from movierec.recommender.engine.settings import FactorisationSettings
from tests.recommender.conftest import row


@pytest.fixture(scope="module")
def model(community: Csr) -> RatingModel:
    return fit_rating_model(community, FactorisationSettings(sweeps=15))


def expected_stars(model: RatingModel, history: dict[int, float]) -> "np.ndarray":
    posterior = model.fold_in(np.array(list(history)), np.array(list(history.values()), dtype=np.float32))
    assert posterior is not None
    return posterior.expected_stars(np.arange(40))


def test_posterior_equals_bayesian_regression() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(5, 3)).astype(np.float32)
    seconds = np.einsum("ij,ik->ijk", vectors, vectors).reshape(5, 9)
    values = rng.normal(size=5).astype(np.float32)
    precision, prior = np.array([1.0, 2.0, 3.0], np.float32), np.array([[0.1, -0.2, 0.3]], np.float32)
    mean, covariance = row_posteriors(as_csr(values[None]), vectors, seconds, prior, precision, 0.5)
    expected = np.linalg.inv(vectors.T @ vectors / 0.5 + np.diag(precision))
    np.testing.assert_allclose(covariance[0], expected, rtol=1e-4)
    np.testing.assert_allclose(
        mean[0], expected @ (vectors.T @ values / 0.5 + precision * prior[0]), rtol=1e-3, atol=1e-5
    )


def test_biases_are_damped() -> None:
    stars = row({0: 5.0, 1: 3.0}, columns=2)
    mean, item, user = damped_biases(stars, 1.0, 1.0)
    assert mean == 4.0
    assert 0 < item[0] <= 0.5
    assert abs(user[0]) < 0.1


def test_items_of_the_own_camp_are_predicted_higher(model: RatingModel) -> None:
    expected = expected_stars(model, {1: 5.0, 2: 4.5, 3: 5.0, 4: 4.0, 30: 1.0})
    assert expected[:20].mean() > expected[20:].mean() + 1


def test_more_ratings_lower_the_deviation(model: RatingModel) -> None:
    few = model.fold_in(np.arange(5), np.full(5, 4.5, np.float32))
    many = model.fold_in(np.arange(15), np.full(15, 4.5, np.float32))
    assert few is not None
    assert many is not None
    unsure, sure = few.predict(18), many.predict(18)
    assert unsure is not None
    assert sure is not None
    assert 0 < sure.deviation <= unsure.deviation < 2


def test_left_out_rating_is_predicted_from_the_others(model: RatingModel) -> None:
    rng = np.random.default_rng(2)
    items = rng.permutation(40)[:12]
    stars = (rng.integers(1, 11, size=12) / 2).astype(np.float32)
    predicted = model.predict_left_out(items, stars, np.arange(12))
    assert predicted is not None
    for index, expected in enumerate(predicted):
        others = model.fold_in(np.delete(items, index), np.delete(stars, index))
        assert others is not None
        again = np.clip(others.expected_stars(items[[index]])[0], 0.5, 5.0)
        assert expected == pytest.approx(again, abs=1e-3)
    assert model.predict_left_out(items[:5], stars[:5], np.arange(5)) is None


def test_predictions_stay_on_the_scale(model: RatingModel) -> None:
    posterior = model.fold_in(np.arange(20), np.full(20, 5.0, np.float32))
    assert posterior is not None
    for item in range(40):
        prediction = posterior.predict(item)
        assert prediction is None or 0.5 <= prediction.stars <= 5.0


def test_no_prediction_with_too_few_ratings_or_raters(community: Csr) -> None:
    thin = community.toarray()
    thin[4:, 0] = 0
    model = fit_rating_model(as_csr(thin), FactorisationSettings(sweeps=3))
    assert model.fold_in(np.arange(4), np.full(4, 4.0, np.float32)) is None
    posterior = model.fold_in(np.arange(1, 7), np.full(6, 4.0, np.float32))
    assert posterior is not None
    assert posterior.predict(0) is None


def test_model_is_deterministic_and_restored_from_arrays(model: RatingModel, community: Csr) -> None:
    again = RatingModel.from_arrays(fit_rating_model(community, FactorisationSettings(sweeps=15)).to_arrays())
    history = dict.fromkeys(range(8), 4.0)
    assert (expected_stars(again, history) == expected_stars(model, history)).all()


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (2, 3)])
def test_tiny_matrices_can_be_fitted(shape: tuple[int, int]) -> None:
    stars = as_csr(np.full(shape, 4.0, dtype=np.float32))
    model = fit_rating_model(stars, FactorisationSettings(sweeps=2))
    assert np.isfinite(model.items).all()


def test_large_community_is_sampled(community: Csr) -> None:
    model = fit_rating_model(community, FactorisationSettings(sweeps=1, max_ratings=240))
    assert model.raters.sum() == 240
