import warnings

import numpy as np
import pytest

from movierec.recommender.engine.content import ContentScorer, bayesian_quality, preference_weights
from movierec.recommender.engine.history import build_history
from movierec.recommender.engine.movie_columns import build_movie_columns
from movierec.recommender.engine.settings import ContentSettings
from tests.recommender import films
from tests.recommender.films import ALIEN, BLADE_RUNNER, NEMO, PERSONA, STRAWBERRIES, THE_THING, TOY_STORY


@pytest.fixture(scope="module")
def content() -> ContentScorer:
    return ContentScorer(films.twelve_films())


def ranked(content: ContentScorer, ratings: list[tuple[int, float]]) -> list[str]:
    rated = build_history(ratings)
    scores = content.fold_in(rated.items, rated.stars).scores.copy()
    scores[rated.items] = -np.inf
    return [films.TITLES[film] for film in np.argsort(-scores, kind="stable")]


def test_one_rating_is_enough(content: ContentScorer) -> None:
    assert ranked(content, [(PERSONA, 5.0)])[0] == "Wild Strawberries"
    assert set(ranked(content, [(TOY_STORY, 4.5)])[:2]) == {"Finding Nemo", "Monsters, Inc."}


def test_kind_of_film_counts_for_more_than_a_shared_actor(content: ContentScorer) -> None:
    found = ranked(content, [(ALIEN, 5.0), (BLADE_RUNNER, 5.0), (THE_THING, 4.5)])
    assert set(found[:2]) == {"Prometheus", "The Terminator"}
    assert found.index("Working Girl") > found.index("The Terminator")


def test_a_dislike_pushes_its_kin_to_the_end(content: ContentScorer) -> None:
    found = ranked(content, [(TOY_STORY, 0.5)])
    assert set(found[-3:-1]) == {"Finding Nemo", "Monsters, Inc."}


def test_of_equals_the_better_known_and_the_better_liked_comes_first() -> None:
    known = ContentScorer(
        build_movie_columns([["Drama"]] * 4, [1990] * 4, rating=[7, 7, 9, 7], votes=[10, 1000, 10, 10])
    )
    scores = known.fold_in(np.array([0]), np.array([5.0], dtype=np.float32)).scores
    assert scores[1] > scores[3] < scores[2]


def test_a_single_vote_says_little_about_quality() -> None:
    rating = np.array([10, 9, np.nan, 5], dtype=np.float32)
    quality = bayesian_quality(rating, np.array([1, 900, 0, 50], dtype=np.float32))
    assert quality[1] > quality[0] > quality[3]
    # Nobody has said anything: as good as the usual film.
    assert quality[2] == pytest.approx(8.0)


def test_same_stars_for_every_film_still_say_what_is_liked() -> None:
    assert (preference_weights(np.full(40, 4.0, np.float32)) > 0).all()


@pytest.mark.parametrize("ratings", [[(ALIEN, 5.0)], [(ALIEN, 5.0), (PERSONA, 1.0)], [(TOY_STORY, 0.5)]])
def test_likeness_is_in_standard_deviations(content: ContentScorer, ratings: list[tuple[int, float]]) -> None:
    rated = build_history(ratings)
    likeness = content.fold_in(rated.items, rated.stars).similarity
    assert likeness.dtype == np.float32
    assert (likeness.mean(), likeness.std()) == pytest.approx(
        (0, ContentSettings().similarity_weight), abs=1e-6
    )


def test_films_that_are_all_alike_differ_by_nothing() -> None:
    alike = ContentScorer(build_movie_columns([["Drama", "War"]] * 15, [1990] * 15))
    profile = alike.fold_in(np.array([0, 1]), np.array([5.0, 3.5], dtype=np.float32))
    assert profile.similarity == pytest.approx(np.zeros(15), abs=1e-6)
    assert np.abs(profile.contributions(np.arange(15))).max() < 5


def test_a_catalogue_without_films_is_no_trouble() -> None:
    empty = ContentScorer(build_movie_columns([], []))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        profile = empty.fold_in(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    assert profile.scores.shape == (0,)


def test_contributions_are_the_part_of_the_score_that_is_the_users(content: ContentScorer) -> None:
    rated = build_history([(ALIEN, 5.0), (PERSONA, 1.0), (NEMO, 3.5)])
    profile = content.fold_in(rated.items, rated.stars)
    parts = profile.contributions(np.arange(len(content))).sum(axis=0)
    rest = profile.scores - parts
    # Every film here has the same quality and popularity.
    np.testing.assert_allclose(rest, rest[0], atol=1e-4)


def test_coherence_tells_one_kind_of_film_from_many(content: ContentScorer) -> None:
    def coherence(*liked: int) -> float:
        return content.fold_in(np.array(liked), np.full(len(liked), 5, dtype=np.float32)).coherence

    assert coherence(PERSONA, STRAWBERRIES) > 0.5 > coherence(PERSONA, TOY_STORY, ALIEN)
    assert coherence(PERSONA) == 0.0


def test_films_without_facts_do_no_harm() -> None:
    content = ContentScorer(build_movie_columns([[], ["Drama"], []], [0, 1990, 0]))
    scores = content.fold_in(np.array([0]), np.array([5.0], dtype=np.float32)).scores
    assert np.isfinite(scores).all()
    assert not content.similarity(0).any()


def test_similar_films_by_facts(content: ContentScorer) -> None:
    likeness = content.similarity(PERSONA)
    assert likeness.argmax() == STRAWBERRIES
    assert likeness[PERSONA] == 0


def test_films_of_another_genre_are_less_alike() -> None:
    content = ContentScorer(
        build_movie_columns(
            [["War"], ["War"], ["Western"], []], [1990] * 4, directors=[["One"], ["Other"], ["One"], ["One"]]
        )
    )
    columns = content.features.rows
    cosine = (columns @ columns.T).toarray()[0]
    found = content.similarity(0)
    assert found[1] / cosine[1] > found[3] / cosine[3] > found[2] / cosine[2]


def test_what_all_liked_films_share_counts_most() -> None:
    genres = [["Horror", "Crime"], ["Horror"], ["Horror"], ["Crime"], *([["Drama"]] * 30)]
    content = ContentScorer(build_movie_columns(genres, [1990] * 34))
    scores = content.fold_in(np.array([0, 1]), np.array([5, 5], dtype=np.float32)).scores
    assert scores[2] >= scores[0] > scores[3]
