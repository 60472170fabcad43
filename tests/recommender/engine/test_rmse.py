import numpy as np

from movierec.recommender.engine.arrays import Csr
from movierec.recommender.engine.rmse import (
    hold_out_ratings,
    measure_rmse,
    predict_with_biases,
    predict_with_model,
)
from movierec.recommender.engine.settings import FactorisationSettings

FEW = FactorisationSettings(dimensions=2, sweeps=4, embedding=4)


def test_held_out_ratings_are_not_in_training(community: Csr) -> None:
    held_out = hold_out_ratings(community)
    assert held_out.train.nnz + len(held_out.stars) == community.nnz
    assert 0.05 * community.nnz < len(held_out.stars) < 0.15 * community.nnz
    assert not held_out.train.toarray()[held_out.users, held_out.items].any()
    assert (community.toarray()[held_out.users, held_out.items] == held_out.stars).all()


def test_predictions_do_not_depend_on_held_out_stars(community: Csr) -> None:
    held_out = hold_out_ratings(community)
    other = type(held_out)(held_out.train, held_out.users, held_out.items, np.full_like(held_out.stars, 0.5))
    assert (predict_with_model(held_out, FEW) == predict_with_model(other, FEW)).all()
    assert (predict_with_biases(held_out, FEW) == predict_with_biases(other, FEW)).all()


def test_model_beats_the_biases(community: Csr) -> None:
    rmse = measure_rmse(community)
    assert rmse["movierec"] < rmse["biases"]
