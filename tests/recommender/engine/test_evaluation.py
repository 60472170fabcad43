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


def test_split_keeps_users_and_targets_apart(community: Csr) -> None:
    split = split_users(community, seed=42)
    assert split.train.shape[0] == 96
    assert len(split.histories) == 24
    for (history, _), (targets, _) in zip(split.histories, split.targets, strict=True):
        assert not set(history) & set(targets)
        assert (len(history), len(targets)) == (10, 2)


def test_first_ratings_are_those_of_the_history(community: Csr) -> None:
    split = split_users(community, seed=42)
    three = split.first_ratings(3)
    assert np.diff(three.indptr).tolist() == [3] * 24
    assert set(three.indices[:3]) == set(split.histories[0][0][:3].tolist())


def test_report_has_every_algorithm_at_every_known_count(community: Csr) -> None:
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


def test_protocol_a_keeps_liked_items_only(community: Csr) -> None:
    report = evaluate(community, algorithms={}, known_counts=(None,), seeds=(1,), positives_only=True)
    assert report.ratings == int((community.data >= 4).sum())
    assert report.positives_only


def test_novelty_is_in_bits_of_the_likers() -> None:
    train = sparse.csr_array(np.array([[5, 4], [4, 1], [3, 1], [2, 1]], dtype=np.float32))
    no_history = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    targets = (np.array([0]), np.array([5], dtype=np.float32))
    split = UserSplit(train, (no_history,), (targets,), np.array([True, True]))
    metrics = measure_ranking(np.array([[2, 1]], dtype=np.float32), split)
    # Two of four liked the first item, one the second.
    assert metrics.novelty == (1 + 2) / 2


def test_ndcg_10_ignores_the_eleventh_item() -> None:
    train = sparse.csr_array(np.full((2, 12), 4, dtype=np.float32))
    no_history = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    targets = (np.array([0, 10]), np.array([5, 4], dtype=np.float32))
    split = UserSplit(train, (no_history,), (targets,), np.ones(12, dtype=bool))
    metrics = measure_ranking(np.arange(12, 0, -1, dtype=np.float32)[None], split)
    best = 1 + 1 / np.log2(3)
    assert metrics.ndcg_10 == pytest.approx(1 / best)
    assert metrics.ndcg_100 == pytest.approx((1 + 1 / np.log2(12)) / best)
    assert metrics.recall_20 == 1


@pytest.mark.parametrize(
    "baseline", [popularity, item_knn, ease, graded_edlae(0.8), GradedIals(dimensions=4)]
)
def test_reference_models_score_every_item(community: Csr, baseline: object) -> None:
    scores = baseline(community)(row({0: 5.0, 1: 4.0, 30: 1.0}))  # type: ignore[operator]
    assert scores.shape == (1, 40)
    assert np.isfinite(scores).all()
    if baseline is not popularity:
        assert scores[0, :20].mean() > scores[0, 20:].mean()
