import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movierec.recommender.engine.rating_matrix import (
    build_rating_matrix,
    cap_histories,
    rater_counts,
    select_items,
    shrunk_user_mean,
)
from movierec.recommender.engine.settings import ModelSettings


def test_matrix_keeps_the_ids() -> None:
    data = build_rating_matrix([7, 7, 3], [100, 50, 100], [4.0, 2.0, 5.0])
    assert data.user_ids.tolist() == [3, 7]
    assert data.item_ids.tolist() == [50, 100]
    assert data.ratings.toarray().tolist() == [[0.0, 5.0], [2.0, 4.0]]


def test_last_rating_of_an_item_counts() -> None:
    data = build_rating_matrix([1, 1, 1], [5, 6, 5], [1.0, 3.0, 4.5])
    assert data.ratings.toarray().tolist() == [[4.5, 3.0]]


def test_long_history_keeps_its_newest_ratings() -> None:
    data = build_rating_matrix(
        [1, 1, 1, 2], [5, 6, 7, 5], [1.0, 2.0, 3.0, 4.0], rated_at=[30, 10, 20, 5], history=2
    )
    assert data.ratings.toarray().tolist() == [[1.0, 0.0, 3.0], [4.0, 0.0, 0.0]]


def test_sample_of_a_long_history_is_seeded() -> None:
    ratings = build_rating_matrix([1] * 50 + [2], [*range(50), 3], [4.0] * 51).ratings
    capped = cap_histories(ratings, 10, seed=1)
    assert np.diff(capped.indptr).tolist() == [10, 1]
    assert (capped.toarray() == cap_histories(ratings, 10, seed=1).toarray()).all()


def test_items_need_enough_raters() -> None:
    counts = np.array([4, 5, 100, 0])
    assert select_items(counts, ModelSettings(coverage=1.0)).tolist() == [1, 2]


def test_most_rated_items_are_selected_up_to_the_coverage() -> None:
    counts = np.array([10, 500, 490])
    assert select_items(counts, ModelSettings(always_films=0, coverage=0.97)).tolist() == [1, 2]
    assert select_items(counts, ModelSettings(max_films=1)).tolist() == [1]
    assert select_items(counts, ModelSettings()).tolist() == [0, 1, 2]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0.5, 3.0, 5.0])), min_size=1)
)
def test_matrix_has_exactly_the_ratings(triples: list[tuple[int, int, float]]) -> None:
    user_ids, item_ids, stars = zip(*triples, strict=True)
    data = build_rating_matrix(user_ids, item_ids, stars)
    expected = {(user, item): value for user, item, value in triples}
    rows, columns = data.ratings.nonzero()
    ratings = dict(
        zip(
            zip(data.user_ids[rows].tolist(), data.item_ids[columns].tolist(), strict=True),
            data.ratings.data.tolist(),
            strict=True,
        )
    )
    assert ratings == expected
    assert rater_counts(data.ratings).sum() == len(expected)


def test_mean_of_a_short_history_is_shrunk() -> None:
    assert shrunk_user_mean(np.array([5.0], dtype=np.float32)) == pytest.approx((5 + 3 * 3.5) / 4)
