import numpy as np
import pytest

from movierec.recommender.engine.blend import Blend, blend_shares, popularity_discounts
from movierec.recommender.engine.edlae import ItemMatrix
from movierec.recommender.engine.settings import ModelSettings


@pytest.mark.parametrize(
    ("ratings", "long", "short", "popular"),
    [
        (0, 0.0, 0.0, 1.0),
        (4, 0.0, 0.75, 0.25),  # half way to where popularity has faded out
        (8, 0.0, 1.0, 0.0),
        (10, 0.0, 1.0, 0.0),
        (90, 1.0, 0.0, 0.0),
        (500, 1.0, 0.0, 0.0),
    ],
)
def test_shares_depend_on_the_length_of_the_history(
    ratings: int, long: float, short: float, popular: float
) -> None:
    shares = blend_shares(ratings, ModelSettings())
    assert (shares.long, shares.short, shares.popular) == pytest.approx((long, short, popular))


def test_both_matrices_count_between_few_and_many_ratings() -> None:
    shares = blend_shares(30, ModelSettings())
    assert shares.long == pytest.approx(0.5, abs=0.01)
    assert shares.long + shares.short == pytest.approx(1.0)


def test_novelty_lowers_the_share_of_popularity() -> None:
    usual, adventurous = blend_shares(2, ModelSettings()), blend_shares(2, ModelSettings(), novelty=1.0)
    assert adventurous.popular == 0.0 < usual.popular


def test_similarity_does_not_grow_with_the_number_of_raters() -> None:
    ones = np.ones(3, dtype=np.float32)
    matrix = ItemMatrix(np.ones((3, 3), dtype=np.int8) - np.eye(3, dtype=np.int8), ones, ones)
    raters = np.array([300, 300, 20])
    similarity = Blend(matrix, matrix, raters, ones, ModelSettings()).similarity(0)
    assert similarity[:2] == pytest.approx([0, 1])
    assert similarity[2] > 1.2


def test_discount_hardly_distinguishes_items_below_the_spared_raters() -> None:
    raters = np.array([0, 10, 10_000])
    assert popularity_discounts(raters, 6.0, 0.5)[1] == pytest.approx(0.25)
    few, some, many = popularity_discounts(raters, 100.0, 0.3)
    assert few / some < 1.03
    assert few / many > 3.9
