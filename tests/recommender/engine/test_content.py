import warnings

import numpy as np
import pytest

from movierec.recommender.engine.content import ContentScorer, bayesian_quality, preference_weights
from movierec.recommender.engine.history import build_history
from movierec.recommender.engine.movie_columns import build_movie_columns
from movierec.recommender.engine.settings import ContentSettings
from tests.recommender import sample_movies
from tests.recommender.sample_movies import (
    ALIEN,
    BLADE_RUNNER,
    NEMO,
    PERSONA,
    STRAWBERRIES,
    THE_THING,
    TOY_STORY,
)


@pytest.fixture(scope="module")
def content() -> ContentScorer:
    return ContentScorer(sample_movies.twelve_movies())


def ranked(content: ContentScorer, ratings: list[tuple[int, float]]) -> list[str]:
    rated = build_history(ratings)
    scores = content.fold_in(rated.items, rated.stars).scores.copy()
    scores[rated.items] = -np.inf
    return [sample_movies.TITLES[item] for item in np.argsort(-scores, kind="stable")]


def test_one_rating_is_enough(content: ContentScorer) -> None:
    assert ranked(content, [(PERSONA, 5.0)])[0] == "Wild Strawberries"
    assert set(ranked(content, [(TOY_STORY, 4.5)])[:2]) == {"Finding Nemo", "Monsters, Inc."}


def test_genre_counts_for_more_than_a_shared_actor(content: ContentScorer) -> None:
    titles = ranked(content, [(ALIEN, 5.0), (BLADE_RUNNER, 5.0), (THE_THING, 4.5)])
    assert set(titles[:2]) == {"Prometheus", "The Terminator"}
    assert titles.index("Working Girl") > titles.index("The Terminator")


def test_dislike_pushes_similar_items_to_the_end(content: ContentScorer) -> None:
    titles = ranked(content, [(TOY_STORY, 0.5)])
    assert set(titles[-3:-1]) == {"Finding Nemo", "Monsters, Inc."}


def test_popularity_and_quality_decide_between_equal_items() -> None:
    scorer = ContentScorer(
        build_movie_columns([["Drama"]] * 4, [1990] * 4, rating=[7, 7, 9, 7], votes=[10, 1000, 10, 10])
    )
    scores = scorer.fold_in(np.array([0]), np.array([5.0], dtype=np.float32)).scores
    assert scores[1] > scores[3] < scores[2]


def test_quality_of_a_single_vote_is_damped() -> None:
    rating = np.array([10, 9, np.nan, 5], dtype=np.float32)
    quality = bayesian_quality(rating, np.array([1, 900, 0, 50], dtype=np.float32))
    assert quality[1] > quality[0] > quality[3]
    # Without votes it is the mean.
    assert quality[2] == pytest.approx(8.0)


def test_equal_stars_for_all_items_have_positive_weights() -> None:
    assert (preference_weights(np.full(40, 4.0, np.float32)) > 0).all()


@pytest.mark.parametrize("ratings", [[(ALIEN, 5.0)], [(ALIEN, 5.0), (PERSONA, 1.0)], [(TOY_STORY, 0.5)]])
def test_similarity_is_in_standard_deviations(
    content: ContentScorer, ratings: list[tuple[int, float]]
) -> None:
    rated = build_history(ratings)
    similarity = content.fold_in(rated.items, rated.stars).similarity
    assert similarity.dtype == np.float32
    assert (similarity.mean(), similarity.std()) == pytest.approx(
        (0, ContentSettings().similarity_weight), abs=1e-6
    )


def test_equal_items_have_equal_scores() -> None:
    alike = ContentScorer(build_movie_columns([["Drama", "War"]] * 15, [1990] * 15))
    profile = alike.fold_in(np.array([0, 1]), np.array([5.0, 3.5], dtype=np.float32))
    assert profile.similarity == pytest.approx(np.zeros(15), abs=1e-6)
    assert np.abs(profile.contributions(np.arange(15))).max() < 5


def test_empty_catalogue_is_scored() -> None:
    empty = ContentScorer(build_movie_columns([], []))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        profile = empty.fold_in(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    assert profile.scores.shape == (0,)


def test_contributions_are_the_personal_part_of_the_score(content: ContentScorer) -> None:
    rated = build_history([(ALIEN, 5.0), (PERSONA, 1.0), (NEMO, 3.5)])
    profile = content.fold_in(rated.items, rated.stars)
    parts = profile.contributions(np.arange(len(content))).sum(axis=0)
    rest = profile.scores - parts
    # Every item here has the same quality and popularity.
    np.testing.assert_allclose(rest, rest[0], atol=1e-4)


def test_coherence_is_higher_for_items_of_one_kind(content: ContentScorer) -> None:
    def coherence(*liked: int) -> float:
        return content.fold_in(np.array(liked), np.full(len(liked), 5, dtype=np.float32)).coherence

    assert coherence(PERSONA, STRAWBERRIES) > 0.5 > coherence(PERSONA, TOY_STORY, ALIEN)
    assert coherence(PERSONA) == 0.0


def test_items_without_facts_have_finite_scores() -> None:
    content = ContentScorer(build_movie_columns([[], ["Drama"], []], [0, 1990, 0]))
    scores = content.fold_in(np.array([0]), np.array([5.0], dtype=np.float32)).scores
    assert np.isfinite(scores).all()
    assert not content.similarity(0).any()


def test_similarity_by_facts(content: ContentScorer) -> None:
    similarity = content.similarity(PERSONA)
    assert similarity.argmax() == STRAWBERRIES
    assert similarity[PERSONA] == 0


def test_items_of_another_genre_are_less_similar() -> None:
    content = ContentScorer(
        build_movie_columns(
            [["War"], ["War"], ["Western"], []], [1990] * 4, directors=[["One"], ["Other"], ["One"], ["One"]]
        )
    )
    columns = content.features.rows
    cosine = (columns @ columns.T).toarray()[0]
    similarity = content.similarity(0)
    assert similarity[1] / cosine[1] > similarity[3] / cosine[3] > similarity[2] / cosine[2]


def test_fact_shared_by_all_liked_items_counts_most() -> None:
    genres = [["Horror", "Crime"], ["Horror"], ["Horror"], ["Crime"], *([["Drama"]] * 30)]
    content = ContentScorer(build_movie_columns(genres, [1990] * 34))
    scores = content.fold_in(np.array([0, 1]), np.array([5, 5], dtype=np.float32)).scores
    assert scores[2] >= scores[0] > scores[3]
