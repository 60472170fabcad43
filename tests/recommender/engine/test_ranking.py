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
    expected = sorted(np.flatnonzero(allowed), key=lambda film: (-scores[film], film))[:k]
    assert top_k(scores, allowed, k).tolist() == expected


def test_top_k_of_a_large_catalogue_of_distinct_scores() -> None:
    scores = np.random.default_rng(3).normal(size=50_000).astype(np.float32)
    allowed = np.ones(50_000, dtype=bool)
    assert top_k(scores, allowed, 20).tolist() == np.argsort(-scores)[:20].tolist()


def ranked(taste: RankingOptions, k: int = 10) -> Ints:
    """300 films of two genres; the second genre's best film scores as the tenth of the first."""
    genres = np.zeros((300, 2), dtype=bool)
    genres[:150, 0] = genres[150:, 1] = True
    scores = np.r_[np.linspace(1, 0, 150), np.linspace(0.93, -0.07, 150)].astype(np.float32)
    vectors = as_csr(genres.astype(np.float32))
    return rank_items(
        scores,
        np.ones(300, dtype=bool),
        k,
        vectors=vectors,
        genres=genre_shares(genres),
        target_mix=np.array([0.5, 0.5], dtype=np.float32),
        options=taste,
    )


def test_without_knobs_the_scores_decide() -> None:
    assert ranked(PLAIN).tolist() == list(range(10))


def test_calibration_gives_each_genre_its_share() -> None:
    second = (ranked(RankingOptions(calibration=0.5)) >= 150).sum()
    assert 3 <= second <= 5
    assert (ranked(PLAIN) >= 150).sum() == 0


def test_diversity_spreads_the_list() -> None:
    assert (ranked(RankingOptions(diversity=0.5, calibration=0.0)) >= 150).any()
    assert (ranked(RankingOptions(diversity=0.05, calibration=0.0)) >= 150).sum() <= 1


def test_the_same_seed_gives_the_same_list_and_another_seed_another() -> None:
    one, again, other = (ranked(RankingOptions(seed=seed)).tolist() for seed in (1, 1, 2))
    assert one == again != other


def test_a_list_is_never_shorter_than_the_candidates_allow() -> None:
    allowed = np.array([True, False, True])
    found = rank_items(
        np.zeros(3, np.float32),
        allowed,
        5,
        vectors=as_csr(np.eye(3)),
        genres=np.zeros((3, 2), np.float32),
        target_mix=np.array([1.0, 0.0], np.float32),
        options=RankingOptions(diversity=0.3),
    )
    assert sorted(found.tolist()) == [0, 2]


def test_one_director_does_not_fill_the_list_of_somebody_who_likes_others_too() -> None:
    makers = np.repeat([0, 1, 2, -1], 10)

    def listed(liked: list[int], k: int = 12) -> list[int]:
        found = rank_items(
            -np.arange(40, dtype=np.float32),
            np.ones(40, dtype=bool),
            k,
            vectors=as_csr(np.eye(40)),
            genres=np.zeros((40, 2), np.float32),
            target_mix=None,
            options=PLAIN,
            directors=makers,
            liked=np.array(liked, dtype=np.int64),
        )
        return makers[found].tolist()

    assert listed([]) == [0] * 3 + [1] * 3 + [2] * 3 + [-1] * 3
    assert listed([0, 10]) == [0] * 6 + [1] * 6
    assert listed([0, 1]) == [0] * 10 + [1] * 2
    # Nothing is left out where nothing else is there.
    assert len(listed([], 40)) == 40


def test_own_mix_of_genres() -> None:
    genres = genre_shares(np.array([[1, 1], [0, 1], [0, 0]], dtype=bool))
    films = np.array([0, 1, 2])
    mix = genre_mix(genres, films, np.array([1.0, 1.0, 1.0], np.float32))
    assert mix is not None
    assert mix.tolist() == pytest.approx([0.25, 0.75])
    assert genre_mix(genres, films, np.array([-1.0, 0.0, 1.0], np.float32)) is None


def test_a_list_in_the_wanted_mix_is_not_miscalibrated() -> None:
    wanted = np.array([0.25, 0.75], dtype=np.float32)
    found = miscalibration(wanted, np.array([[1.0, 3.0], [3.0, 1.0]], dtype=np.float32))
    assert found[0] == pytest.approx(0, abs=1e-6)
    assert found[1] > 0.5


@pytest.mark.parametrize(
    "taste",
    [
        RankingOptions(0.3, 0.1),
        RankingOptions(0.0, 0.6),
        RankingOptions(0.8, 0.3),
        RankingOptions(0.3, 0.0),
        RankingOptions(0.5, 1.0),
    ],
)
def test_each_film_is_the_best_one_to_stand_at_the_end_of_the_list(taste: RankingOptions) -> None:
    """By the definition, which looks at every list anew; some films have no genre, or one that is not wanted."""
    random = np.random.default_rng(4)
    relevance = np.sort(random.random(40).astype(np.float32))[::-1].copy()
    genres = genre_shares(random.random((40, 4)) < 0.35)
    wanted = np.array([0.6, 0.3, 0.1, 0.0], dtype=np.float32)
    angles = random.random(40)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    mix = wanted if taste.calibration > 0 else None
    of_films = (
        (1 - taste.calibration) / RankingSettings().items_per_calibration if taste.calibration > 0 else 1.0
    )
    chosen = _rerank(relevance, 12, as_csr(vectors), genres, mix, taste).tolist()
    for place, film in enumerate(chosen):
        likeness = vectors @ vectors[chosen[:place]].T
        value = (1 - taste.diversity) * relevance - taste.diversity * likeness.max(axis=1, initial=0.0)
        counts = genres + genres[chosen[:place]].sum(axis=0)
        value = of_films * value - taste.calibration * miscalibration(wanted, counts)
        value[chosen[:place]] = -np.inf
        assert value[film] == pytest.approx(value.max(), abs=1e-5)
