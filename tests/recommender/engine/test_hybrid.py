import numpy as np
import pytest
from scipy import sparse

from movierec.recommender import fit
from movierec.recommender.engine.arrays import Csr
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.history import History, build_history
from movierec.recommender.engine.hybrid import CommunityModel, HybridScorer
from movierec.recommender.engine.movie_columns import build_movie_columns
from tests.recommender.sample_movies import (
    ALIEN,
    BLADE_RUNNER,
    NEMO,
    PERSONA,
    PROMETHEUS,
    THE_THING,
    twelve_movies,
)

# Items 0–19 are horror, 20–39 comedies; 40 and 41 are one of each without raters.
GENRES = [["Horror"]] * 20 + [["Comedy"]] * 20 + [["Horror"], ["Comedy"]]
HORROR, COMEDY = 40, 41


@pytest.fixture(scope="module")
def content() -> ContentScorer:
    directors = [[f"Director {i // 4}"] for i in range(42)]
    return ContentScorer(build_movie_columns(GENRES, [1950 + i for i in range(42)], directors=directors))


@pytest.fixture(scope="module")
def scorer(content: ContentScorer, community: Csr) -> HybridScorer:
    model = fit(community)
    return HybridScorer(content, CommunityModel(model.blend, model.items, content))


@pytest.fixture(scope="module")
def facts_only(content: ContentScorer) -> HybridScorer:
    return HybridScorer(content)


HISTORIES = [
    [(1, 5.0)],
    [(1, 5.0), (2, 4.5), (30, 1.0)],
    [(item, 4.0) for item in range(15)],
    [(1, 1.0), (2, 0.5)],
    [(HORROR, 5.0)],  # outside the model
    [(HORROR, 5.0), (1, 4.0), (30, 2.0)],  # partly raters_of_item
    [],
]


@pytest.mark.parametrize("ratings", HISTORIES)
def test_contributions_add_up_to_the_score(
    scorer: HybridScorer, facts_only: HybridScorer, ratings: list[tuple[int, float]]
) -> None:
    for each in (scorer, facts_only):
        scored = each.score(build_history(ratings))
        for item in (5, 25, HORROR):
            explanation = scored.explain(item)
            assert explanation.score == pytest.approx(
                explanation.baseline + sum(part.value for part in explanation.contributions), abs=1e-5
            )
            assert len(explanation.contributions) == len(ratings)


@pytest.mark.parametrize("ratings", HISTORIES)
def test_every_item_of_the_catalogue_has_a_score(
    scorer: HybridScorer, ratings: list[tuple[int, float]]
) -> None:
    scores = scorer.score(build_history(ratings)).scores
    assert scores.shape == (42,)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_items_without_raters_are_scored_by_their_neighbours(scorer: HybridScorer) -> None:
    scores = scorer.score(build_history([(1, 5.0), (2, 4.5), (3, 5.0)])).scores
    assert scores[HORROR] > scores[COMEDY]


def test_coherent_history_raises_the_weight_of_facts(scorer: HybridScorer) -> None:
    one_kind = scorer.score(build_history([(1, 5.0), (2, 5.0), (3, 4.5)]))
    all_kinds = scorer.score(build_history([(1, 5.0), (22, 5.0), (3, 4.5)]))
    assert min(one_kind.community_weight, all_kinds.community_weight) > 0.8
    assert one_kind.content_weight > all_kinds.content_weight > 0


def test_community_weight_grows_with_raters(content: ContentScorer, community: Csr) -> None:
    weights = []
    for raters in (20, 40, 120):
        model = fit(community[:raters])
        scored = HybridScorer(content, CommunityModel(model.blend, model.items, content)).score(
            build_history([(1, 5.0)])
        )
        raters_of_item = model.blend.raters[model.items == 1]
        assert scored.community_weight == pytest.approx(float(raters_of_item[0] / (raters_of_item[0] + 4)))
        weights.append(scored.community_weight)
    assert 0.5 < weights[0] < weights[1] < weights[2]


def test_genres_and_years_alone_have_no_weight_beside_the_community(community: Csr) -> None:
    model, content = fit(community), ContentScorer(build_movie_columns(GENRES, [1950 + i for i in range(42)]))
    scorer = HybridScorer(content, CommunityModel(model.blend, model.items, content))
    assert scorer.score(build_history([(1, 5.0), (2, 5.0)])).content_weight == 0.0


def test_dislikes_alone_give_facts_no_weight(scorer: HybridScorer) -> None:
    assert scorer.score(build_history([(1, 1.0), (2, 0.5)])).content_weight == 0.0


def test_history_outside_the_model_is_scored_by_facts(scorer: HybridScorer) -> None:
    scores = scorer.score(build_history([(HORROR, 5.0)])).scores
    assert scores[:20].mean() > scores[20:40].mean()


def test_reasons_are_the_users_liked_items(scorer: HybridScorer) -> None:
    scored = scorer.score(build_history([(1, 5.0), (2, 4.5), (3, 4.0), (4, 4.0), (30, 1.0)]))
    for reasons in scored.top_contributions(np.array([6, HORROR])):
        assert 1 <= len(reasons) <= 3
        assert {part.item for part in reasons} <= {1, 2, 3, 4}
        assert all(0 < part.share <= 1 for part in reasons)
        assert [part.share for part in reasons] == sorted((b.share for b in reasons), reverse=True)


def test_disliked_item_is_opposing_and_no_reason(scorer: HybridScorer, facts_only: HybridScorer) -> None:
    for each in (scorer, facts_only):
        scored = each.score(
            build_history([(1, 5.0), (2, 4.0), (30, 0.5), (31, 2.0)], liked=[3], disliked=[32])
        )
        for item in (5, 25, HORROR, COMEDY):
            explanation = scored.explain(item)
            assert {part.item for part in explanation.supporting} <= {1, 2, 3}
            assert explanation.opposing is None or explanation.opposing.item in {30, 31, 32}
        against = scored.explain(COMEDY).opposing
        assert against is not None
        assert against.value < 0


def test_item_below_the_threshold_is_no_reason(scorer: HybridScorer) -> None:
    scored = scorer.score(build_history([(1, 5.0), (2, 3.0)]))
    assert scored.contributions(np.array([6]))[1] > 0
    (reasons,) = scored.top_contributions(np.array([6]))
    assert [part.item for part in reasons] == [1]
    # Its share of the support counts all the same.
    assert 0 < reasons[0].share < 1


def test_unrated_signal_has_no_stars(scorer: HybridScorer) -> None:
    explanation = scorer.score(build_history([(1, 5.0)], liked=[2])).explain(5)
    assert {part.item: part.stars for part in explanation.contributions} == {1: 5.0, 2: None}


def test_low_raters_get_reasons_from_their_best_items(scorer: HybridScorer) -> None:
    scored = scorer.score(build_history([(1, 3.0), (2, 2.0), (3, 1.5), (4, 2.0)]))
    (reasons,) = scored.top_contributions(np.array([6]))
    assert {part.item for part in reasons} <= {1}


def test_shared_facts_are_phrases(scorer: HybridScorer) -> None:
    assert "horror" in scorer.score(build_history([(1, 5.0)])).shared_facts(np.array([HORROR]))[0]
    assert scorer.score(build_history([])).shared_facts(np.array([HORROR])) == [""]


def test_items_lost_from_the_catalogue_are_skipped(content: ContentScorer, community: Csr) -> None:
    model = fit(community)
    catalogue_items = model.items.copy()
    catalogue_items[[3, 7]] = -1
    scorer = HybridScorer(content, CommunityModel(model.blend, catalogue_items, content))
    scored = scorer.score(build_history([(1, 5.0), (3, 4.0)]))
    assert np.isfinite(scored.scores).all()
    assert np.isfinite(scored.contributions(np.arange(42))).all()
    assert len(scorer.similar(3, 5)) == 5


def test_similar_items_are_of_the_same_genre(scorer: HybridScorer, facts_only: HybridScorer) -> None:
    for each in (scorer, facts_only):
        similar = each.similar(5, 5)
        assert all(item < 20 or item == HORROR for item, _ in similar)
        assert 5 not in dict(similar)
    assert "horror" in scorer.common_facts(5, np.array([6]))[0]


def test_similar_items_can_be_restricted(scorer: HybridScorer) -> None:
    allowed = np.zeros(42, dtype=bool)
    allowed[[5, 8, 9]] = True
    assert {item for item, _ in scorer.similar(5, 5, allowed)} == {8, 9}


def test_empty_model_leaves_scores_to_facts(content: ContentScorer) -> None:
    empty = fit(sparse.csr_array((0, 42), dtype=np.float32))
    scorer = HybridScorer(content, CommunityModel(empty.blend, empty.items, content))
    scores = scorer.score(build_history([(1, 5.0)])).scores
    assert scores[:20].mean() > scores[20:40].mean()


def test_rating_outweighs_dislike_and_dislike_outweighs_like() -> None:
    history = build_history([(1, 3.0), (2, 5.0)], liked=[1, 4], disliked=[4, 5])
    assert dict(zip(history.items.tolist(), history.stars.tolist(), strict=True)) == {
        1: 3.0,
        2: 5.0,
        4: 1.5,
        5: 1.5,
    }
    assert isinstance(build_history([]), History)


def test_long_history_loses_its_oldest_ratings() -> None:
    assert build_history([(item, 4.0) for item in range(9)], at_most=3).items.tolist() == [0, 1, 2]


def test_common_facts_belong_to_both_items() -> None:
    scorer = HybridScorer(ContentScorer(twelve_movies()))
    # Years near each other are alike, but only one decade's movies are of that decade.
    assert scorer.common_facts(BLADE_RUNNER, np.array([THE_THING]))[0].endswith("of the 1980s")
    assert "0s" not in scorer.common_facts(ALIEN, np.array([BLADE_RUNNER]))[0]
    assert "Sigourney" not in scorer.common_facts(ALIEN, np.array([PROMETHEUS]))[0]
    assert scorer.common_facts(PERSONA, np.array([NEMO]))[0] == ""
