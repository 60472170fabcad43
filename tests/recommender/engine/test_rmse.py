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


def test_no_pair_is_both_in_training_and_held_out(community: Csr) -> None:
    pairs = hold_out_ratings(community)
    assert pairs.train.nnz + len(pairs.stars) == community.nnz
    assert 0.05 * community.nnz < len(pairs.stars) < 0.15 * community.nnz
    assert not pairs.train.toarray()[pairs.users, pairs.items].any()
    assert (community.toarray()[pairs.users, pairs.items] == pairs.stars).all()


def test_predictions_do_not_depend_on_what_is_held_out(community: Csr) -> None:
    pairs = hold_out_ratings(community)
    other = type(pairs)(pairs.train, pairs.users, pairs.items, np.full_like(pairs.stars, 0.5))
    assert (predict_with_model(pairs, FEW) == predict_with_model(other, FEW)).all()
    assert (predict_with_biases(pairs, FEW) == predict_with_biases(other, FEW)).all()


def test_taste_tells_more_than_the_biases(community: Csr) -> None:
    found = measure_rmse(community)
    assert found["movierec"] < found["biases"]
