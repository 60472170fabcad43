import numpy as np
import pytest
from scipy import sparse

from movierec.recommender.engine.arrays import Csr
from movierec.recommender.engine.evaluation import (
    KNOWN_COUNTS,
    SERVED,
    UserSplit,
    evaluate,
    measure_ranking,
    split_users,
)
from movierec.recommender.engine.reference_models import (
    BASELINES,
    GradedIals,
    ease,
    graded_edlae,
    item_knn,
    popularity,
)
from tests.recommender.conftest import row


def test_test_users_are_not_in_training_and_targets_are_not_in_the_history(community: Csr) -> None:
    parts = split_users(community, seed=42)
    assert parts.train.shape[0] == 96
    assert len(parts.histories) == 24
    for (known, _), (targets, _) in zip(parts.histories, parts.targets, strict=True):
        assert not set(known) & set(targets)
        assert (len(known), len(targets)) == (10, 2)


def test_known_ratings_are_the_first_of_the_history(community: Csr) -> None:
    parts = split_users(community, seed=42)
    three = parts.first_ratings(3)
    assert np.diff(three.indptr).tolist() == [3] * 24
    assert set(three.indices[:3]) == set(parts.histories[0][0][:3].tolist())


def test_report_holds_every_algorithm_at_every_length(community: Csr) -> None:
    report = evaluate(community, known_counts=(1, None), seeds=(1, 2))
    table = report.table()
    assert table[0][1:] == ["1", "all"]
    assert [line[0] for line in table[1:]] == [*BASELINES, SERVED]
    assert report.ndcg(SERVED, None) > report.ndcg("popularity", None)
    assert len(report.results[0].seeds) == 2
    assert report.as_json()["users"] == 120
    assert len(KNOWN_COUNTS) == 9
    assert report.table("coverage", "coverage")[0][0] == "coverage, ratings known"
    assert all(milliseconds > 0 for milliseconds in report.list_milliseconds.values())


def test_protocol_a_keeps_liked_films_only(community: Csr) -> None:
    report = evaluate(community, algorithms={}, known_counts=(None,), seeds=(1,), positives_only=True)
    assert report.ratings == int((community.data >= 4).sum())
    assert report.positives_only


def test_novelty_is_in_bits_of_those_who_liked_the_film() -> None:
    train = sparse.csr_array(np.array([[5, 4], [4, 1], [3, 1], [2, 1]], dtype=np.float32))
    nobody = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    liking = (np.array([0]), np.array([5], dtype=np.float32))
    parts = UserSplit(train, (nobody,), (liking,), np.array([True, True]))
    found = measure_ranking(np.array([[2, 1]], dtype=np.float32), parts)
    # Two of four liked the first film, one the second.
    assert found.novelty == (1 + 2) / 2


def test_what_stands_in_eleventh_place_is_none_of_the_first_ten() -> None:
    train = sparse.csr_array(np.full((2, 12), 4, dtype=np.float32))
    nobody = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    liking = (np.array([0, 10]), np.array([5, 4], dtype=np.float32))
    parts = UserSplit(train, (nobody,), (liking,), np.ones(12, dtype=bool))
    found = measure_ranking(np.arange(12, 0, -1, dtype=np.float32)[None], parts)
    best = 1 + 1 / np.log2(3)
    assert found.ndcg_10 == pytest.approx(1 / best)
    assert found.ndcg_100 == pytest.approx((1 + 1 / np.log2(12)) / best)
    assert found.recall_20 == 1


@pytest.mark.parametrize(
    "baseline", [popularity, item_knn, ease, graded_edlae(0.8), GradedIals(dimensions=4)]
)
def test_baselines_score_every_film(community: Csr, baseline: object) -> None:
    scores = baseline(community)(row({0: 5.0, 1: 4.0, 30: 1.0}))  # type: ignore[operator]
    assert scores.shape == (1, 40)
    assert np.isfinite(scores).all()
    if baseline is not popularity:
        assert scores[0, :20].mean() > scores[0, 20:].mean()
