import numpy as np

from movierec.recommender.engine.arrays import Csr
from movierec.recommender.engine.matrix_factorisation import RatingSettings
from movierec.recommender.engine.rmse import by_biases, held_out, predicted, rmse

FEW = RatingSettings(dimensions=2, sweeps=4, embedding=4)


def test_no_pair_is_both_in_training_and_held_out(community: Csr) -> None:
    pairs = held_out(community)
    assert pairs.train.nnz + len(pairs.stars) == community.nnz
    assert 0.05 * community.nnz < len(pairs.stars) < 0.15 * community.nnz
    assert not pairs.train.toarray()[pairs.users, pairs.films].any()
    assert (community.toarray()[pairs.users, pairs.films] == pairs.stars).all()


def test_predictions_do_not_depend_on_what_is_held_out(community: Csr) -> None:
    pairs = held_out(community)
    other = type(pairs)(pairs.train, pairs.users, pairs.films, np.full_like(pairs.stars, 0.5))
    assert (predicted(pairs, FEW) == predicted(other, FEW)).all()
    assert (by_biases(pairs, FEW) == by_biases(other, FEW)).all()


def test_taste_tells_more_than_the_biases(community: Csr) -> None:
    found = rmse(community)
    assert found["movierec"] < found["biases"]
