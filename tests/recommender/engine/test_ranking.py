import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from movierec.recommender.engine.arrays import Floats, Ints, as_csr
from movierec.recommender.engine.ranking import (
    RankingOptions,
    _rerank,
    genre_mix,
    genre_shares,
    miscalibration,
    rank_items,
    top_k,
)
from movierec.recommender.engine.settings import RankingSettings

PLAIN = RankingOptions(diversity=0.0, calibration=0.0)


@given(
    scores=arrays(np.float32, st.integers(1, 6_000), elements=st.sampled_from([0.0, 0.5, 1.0, 2.0, -1.0])),
    k=st.integers(1, 300),
    every=st.integers(1, 3),
)
def test_top_k_is_exact_and_breaks_ties_by_number(scores: Floats, k: int, every: int) -> None:
    allowed = np.arange(len(scores)) % every == 0
    expected = sorted(np.flatnonzero(allowed), key=lambda item: (-scores[item], item))[:k]
    assert top_k(scores, allowed, k).tolist() == expected


def test_top_k_of_a_large_catalogue_of_distinct_scores() -> None:
    scores = np.random.default_rng(3).normal(size=50_000).astype(np.float32)
    allowed = np.ones(50_000, dtype=bool)
    assert top_k(scores, allowed, 20).tolist() == np.argsort(-scores)[:20].tolist()


def ranked(options: RankingOptions, k: int = 10, *, unit: float = 1.0, offset: float = 0.0) -> Ints:
    """Rank 300 items of two genres; the second genre's best item scores as the tenth of the first."""
    genres = np.zeros((300, 2), dtype=bool)
    genres[:150, 0] = genres[150:, 1] = True
    scores = np.r_[np.linspace(1, 0, 150), np.linspace(0.93, -0.07, 150)].astype(np.float32)
    vectors = as_csr(genres.astype(np.float32))
    return rank_items(
        scores * np.float32(unit) + np.float32(offset),
        np.ones(300, dtype=bool),
        k,
        vectors=vectors,
        genres=genre_shares(genres),
        target_mix=np.array([0.5, 0.5], dtype=np.float32),
        options=options,
    )


def test_scores_decide_without_options() -> None:
    assert ranked(PLAIN).tolist() == list(range(10))


def test_calibration_gives_each_genre_its_share() -> None:
    second = (ranked(RankingOptions(calibration=0.5)) >= 150).sum()
    assert 3 <= second <= 5
    assert (ranked(PLAIN) >= 150).sum() == 0


def test_little_calibration_leaves_the_best_scores() -> None:
    assert (ranked(RankingOptions(calibration=1e-5)) >= 150).sum() == 0


def test_defaults_calibrate_without_diversity() -> None:
    assert RankingOptions() == RankingOptions(diversity=0.0, calibration=0.1, seed=None)


def test_diversity_adds_another_genre() -> None:
    assert (ranked(RankingOptions(diversity=0.5, calibration=0.0)) >= 150).any()
    assert (ranked(RankingOptions(diversity=0.05, calibration=0.0)) >= 150).sum() <= 1


def test_diverse_list_keeps_the_order_of_the_choice_and_a_calibrated_one_that_of_the_scores() -> None:
    diverse = ranked(RankingOptions(diversity=0.5, calibration=0.0)).tolist()
    assert diverse[:2] == [0, 150], "the second genre comes second, before nine items with higher scores"
    scores = np.r_[np.linspace(1, 0, 150), np.linspace(0.93, -0.07, 150)]
    calibrated = scores[ranked(RankingOptions(calibration=0.5))]
    assert calibrated.tolist() == sorted(calibrated, reverse=True)


@pytest.mark.parametrize(("unit", "offset"), [(100.0, 0.0), (0.01, 0.0), (1.0, 50.0), (1.0, -50.0)])
@pytest.mark.parametrize(
    "options", [RankingOptions(calibration=0.5), RankingOptions(diversity=0.1, calibration=0.05)]
)
def test_unit_and_offset_of_the_scores_do_not_matter(
    options: RankingOptions, unit: float, offset: float
) -> None:
    assert ranked(options, unit=unit, offset=offset).tolist() == ranked(options).tolist()


def test_list_is_filled_by_one_director_where_there_are_no_others() -> None:
    items = rank_items(
        -np.arange(40, dtype=np.float32),
        np.ones(40, dtype=bool),
        12,
        vectors=as_csr(np.eye(40)),
        genres=np.zeros((40, 2), np.float32),
        target_mix=None,
        options=PLAIN,
        directors=np.zeros(40, dtype=np.int64),
    )
    assert items.tolist() == list(range(12))


def test_same_seed_gives_the_same_list() -> None:
    one, again, other = (ranked(RankingOptions(seed=seed)).tolist() for seed in (1, 1, 2))
    assert one == again != other


def test_list_has_all_candidates_where_there_are_too_few() -> None:
    allowed = np.array([True, False, True])
    items = rank_items(
        np.zeros(3, np.float32),
        allowed,
        5,
        vectors=as_csr(np.eye(3)),
        genres=np.zeros((3, 2), np.float32),
        target_mix=np.array([1.0, 0.0], np.float32),
        options=RankingOptions(diversity=0.3),
    )
    assert sorted(items.tolist()) == [0, 2]


def test_top_k_is_exact_where_the_sample_misleads() -> None:
    scores = np.linspace(0, 1, 6_000, dtype=np.float32)
    scores[::11] += 10  # the items that the sample takes
    expected = np.argsort(-scores, kind="stable")[:20]
    assert top_k(scores, np.ones(6_000, dtype=bool), 20).tolist() == expected.tolist()


def test_seed_adds_gumbel_noise_to_the_scores() -> None:
    scores = np.linspace(1, 0, 100, dtype=np.float32)
    noise = np.random.default_rng(3).gumbel(size=100)
    expected = np.argsort(-(scores + 0.25 * float(scores.std()) * noise), kind="stable")
    items = rank_items(
        scores,
        np.ones(100, dtype=bool),
        100,
        vectors=as_csr(np.eye(100)),
        genres=np.zeros((100, 2), np.float32),
        target_mix=None,
        options=RankingOptions(seed=3),
    )
    assert items.tolist() == expected.tolist()


def test_calibrated_list_is_in_order_of_scores_and_a_diverse_one_is_not() -> None:
    scores = np.r_[np.linspace(1, 0, 150), np.linspace(0.93, -0.07, 150)]
    calibrated = scores[ranked(RankingOptions(calibration=0.5))]
    assert (np.diff(calibrated) <= 0).all()
    diverse = scores[ranked(RankingOptions(diversity=0.5, calibration=0.0))]
    assert (np.diff(diverse) > 0).any()


def test_no_candidates_give_an_empty_list() -> None:
    items = rank_items(
        np.zeros(3, np.float32),
        np.zeros(3, dtype=bool),
        5,
        vectors=as_csr(np.eye(3)),
        genres=np.zeros((3, 2), np.float32),
        target_mix=np.array([1.0, 0.0], np.float32),
        options=RankingOptions(),
    )
    assert not len(items)


def test_share_of_one_director_is_limited() -> None:
    directors = np.repeat([0, 1, 2, -1], 10)

    def listed(liked: list[int] | None, k: int = 12) -> list[int]:
        items = rank_items(
            -np.arange(40, dtype=np.float32),
            np.ones(40, dtype=bool),
            k,
            vectors=as_csr(np.eye(40)),
            genres=np.zeros((40, 2), np.float32),
            target_mix=None,
            options=PLAIN,
            directors=directors,
            liked=None if liked is None else np.array(liked, dtype=np.int64),
        )
        return directors[items].tolist()

    assert listed(None) == listed([]) == [0] * 3 + [1] * 3 + [2] * 3 + [-1] * 3
    assert listed([0, 10]) == [0] * 6 + [1] * 6
    assert listed([0, 1]) == [0] * 10 + [1] * 2
    # Nothing is left out of a list as long as the catalogue.
    assert len(listed([], 40)) == 40


def test_genre_mix_of_a_history() -> None:
    genres = genre_shares(np.array([[1, 1], [0, 1], [0, 0]], dtype=bool))
    items = np.array([0, 1, 2])
    mix = genre_mix(genres, items, np.array([1.0, 1.0, 1.0], np.float32))
    assert mix is not None
    assert mix.tolist() == pytest.approx([0.25, 0.75])
    assert genre_mix(genres, items, np.array([-1.0, 0.0, 1.0], np.float32)) is None
    weak = genre_mix(genres, items[:1], np.array([0.4], np.float32))
    assert weak is not None
    assert weak.tolist() == pytest.approx([0.5, 0.5])


def test_list_in_the_target_mix_is_not_miscalibrated() -> None:
    target_mix = np.array([0.25, 0.75], dtype=np.float32)
    divergence = miscalibration(target_mix, np.array([[1.0, 3.0], [3.0, 1.0]], dtype=np.float32))
    assert divergence[0] == pytest.approx(0, abs=1e-6)
    assert divergence[1] > 0.5


def test_miscalibration_depends_on_shares_alone_and_is_finite_without_genres() -> None:
    target_mix = np.array([0.25, 0.75], dtype=np.float32)
    counts = np.array([[1.0, 3.0], [3.0, 1.0], [2.0, 2.0]], dtype=np.float32)
    tenth = miscalibration(target_mix, counts / 10)
    assert tenth.tolist() == pytest.approx(miscalibration(target_mix, counts).tolist(), abs=1e-6)
    assert np.isfinite(miscalibration(target_mix, np.zeros((1, 2), np.float32))).all()


@pytest.mark.parametrize(
    "options",
    [
        RankingOptions(0.3, 0.1),
        RankingOptions(0.0, 0.6),
        RankingOptions(0.8, 0.3),
        RankingOptions(0.3, 0.0),
        RankingOptions(0.5, 1.0),
    ],
)
def test_each_item_has_the_largest_value_of_the_definition(options: RankingOptions) -> None:
    """Compare with the definition, which looks at every list anew; some items have no genre of the target mix."""
    random = np.random.default_rng(4)
    relevance = np.sort(random.random(40).astype(np.float32))[::-1].copy()
    genres = genre_shares(random.random((40, 4)) < 0.35)
    target_mix = np.array([0.6, 0.3, 0.1, 0.0], dtype=np.float32)
    angles = random.random(40)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    mix = target_mix if options.calibration > 0 else None
    of_items = (
        (1 - options.calibration) / RankingSettings().items_per_calibration
        if options.calibration > 0
        else 1.0
    )
    chosen = _rerank(relevance, 12, as_csr(vectors), genres, mix, options).tolist()
    for length, item in enumerate(chosen):
        similarity = vectors @ vectors[chosen[:length]].T
        value = (1 - options.diversity) * relevance - options.diversity * similarity.max(axis=1, initial=0.0)
        counts = genres + genres[chosen[:length]].sum(axis=0)
        value = of_items * value - options.calibration * miscalibration(target_mix, counts)
        value[chosen[:length]] = -np.inf
        assert value[item] == pytest.approx(value.max(), abs=1e-5)
