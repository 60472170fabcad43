import numpy as np
import pytest
from scipy import sparse

from movierec.recommender import fit
from movierec.recommender.engine.arrays import Csr
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.history import History, build_history
from movierec.recommender.engine.hybrid import CommunityModel, HybridScorer
from movierec.recommender.engine.movie_columns import build_movie_columns
from tests.recommender import films

# Films 0–19 are horror, 20–39 comedies; 40 and 41 are one of each that nobody has rated.
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
    [(film, 4.0) for film in range(15)],
    [(1, 1.0), (2, 0.5)],
    [(HORROR, 5.0)],  # unknown to the community
    [(HORROR, 5.0), (1, 4.0), (30, 2.0)],  # partly known
    [],
]


@pytest.mark.parametrize("ratings", HISTORIES)
def test_account_adds_up_to_the_score(
    scorer: HybridScorer, facts_only: HybridScorer, ratings: list[tuple[int, float]]
) -> None:
    for each in (scorer, facts_only):
        scored = each.score(build_history(ratings))
        for film in (5, 25, HORROR):
            account = scored.explain(film)
            assert account.score == pytest.approx(
                account.baseline + sum(because.value for because in account.contributions), abs=1e-5
            )
            assert len(account.contributions) == len(ratings)


@pytest.mark.parametrize("ratings", HISTORIES)
def test_every_film_of_the_catalogue_has_a_score(
    scorer: HybridScorer, ratings: list[tuple[int, float]]
) -> None:
    scores = scorer.score(build_history(ratings)).scores
    assert scores.shape == (42,)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_films_without_raters_are_scored_through_their_kin(scorer: HybridScorer) -> None:
    scores = scorer.score(build_history([(1, 5.0), (2, 4.5), (3, 5.0)])).scores
    assert scores[HORROR] > scores[COMEDY]


def test_who_likes_one_kind_gets_more_of_it_than_who_likes_all(scorer: HybridScorer) -> None:
    one_kind = scorer.score(build_history([(1, 5.0), (2, 5.0), (3, 4.5)]))
    all_kinds = scorer.score(build_history([(1, 5.0), (22, 5.0), (3, 4.5)]))
    assert min(one_kind.community_weight, all_kinds.community_weight) > 0.8
    assert one_kind.content_weight > all_kinds.content_weight > 0


def test_what_few_have_rated_is_left_to_facts(content: ContentScorer, community: Csr) -> None:
    trust = []
    for raters in (20, 40, 120):
        model = fit(community[:raters])
        scored = HybridScorer(content, CommunityModel(model.blend, model.items, content)).score(
            build_history([(1, 5.0)])
        )
        known = model.blend.raters[model.items == 1]
        assert scored.community_weight == pytest.approx(float(known[0] / (known[0] + 4)))
        trust.append(scored.community_weight)
    assert 0.5 < trust[0] < trust[1] < trust[2]


def test_genres_and_years_alone_count_for_nothing_beside_the_community(community: Csr) -> None:
    model, content = fit(community), ContentScorer(build_movie_columns(GENRES, [1950 + i for i in range(42)]))
    scorer = HybridScorer(content, CommunityModel(model.blend, model.items, content))
    assert scorer.score(build_history([(1, 5.0), (2, 5.0)])).content_weight == 0.0


def test_a_dislike_is_no_taste_for_the_opposite(scorer: HybridScorer) -> None:
    assert scorer.score(build_history([(1, 1.0), (2, 0.5)])).content_weight == 0.0


def test_a_history_the_community_does_not_know_is_scored_by_facts(scorer: HybridScorer) -> None:
    scores = scorer.score(build_history([(HORROR, 5.0)])).scores
    assert scores[:20].mean() > scores[20:40].mean()


def test_reasons_are_the_users_own_liked_films(scorer: HybridScorer) -> None:
    scored = scorer.score(build_history([(1, 5.0), (2, 4.5), (3, 4.0), (4, 4.0), (30, 1.0)]))
    for reasons in scored.top_contributions(np.array([6, HORROR])):
        assert 1 <= len(reasons) <= 3
        assert {because.item for because in reasons} <= {1, 2, 3, 4}
        assert all(0 < because.share <= 1 for because in reasons)
        assert [because.share for because in reasons] == sorted((b.share for b in reasons), reverse=True)


def test_a_disliked_film_speaks_against_and_is_no_reason(
    scorer: HybridScorer, facts_only: HybridScorer
) -> None:
    for each in (scorer, facts_only):
        scored = each.score(
            build_history([(1, 5.0), (2, 4.0), (30, 0.5), (31, 2.0)], liked=[3], disliked=[32])
        )
        for film in (5, 25, HORROR, COMEDY):
            account = scored.explain(film)
            assert {item.item for item in account.supporting} <= {1, 2, 3}
            assert account.opposing is None or account.opposing.item in {30, 31, 32}
        against = scored.explain(COMEDY).opposing
        assert against is not None
        assert against.value < 0


def test_a_film_that_was_not_liked_is_no_reason_even_where_it_speaks_for_one(scorer: HybridScorer) -> None:
    scored = scorer.score(build_history([(1, 5.0), (2, 3.0)]))
    assert scored.contributions(np.array([6]))[1] > 0
    (reasons,) = scored.top_contributions(np.array([6]))
    assert [item.item for item in reasons] == [1]
    # It has its share of what speaks all the same.
    assert 0 < reasons[0].share < 1


def test_what_was_never_rated_is_not_said_to_have_been(scorer: HybridScorer) -> None:
    account = scorer.score(build_history([(1, 5.0)], liked=[2])).explain(5)
    assert {item.item: item.stars for item in account.contributions} == {1: 5.0, 2: None}


def test_who_rates_low_gets_reasons_from_what_they_liked_best(scorer: HybridScorer) -> None:
    scored = scorer.score(build_history([(1, 3.0), (2, 2.0), (3, 1.5), (4, 2.0)]))
    (reasons,) = scored.top_contributions(np.array([6]))
    assert {item.item for item in reasons} <= {1}


def test_shared_facts_are_in_words(scorer: HybridScorer) -> None:
    assert "horror" in scorer.score(build_history([(1, 5.0)])).shared_facts(np.array([HORROR]))[0]
    assert scorer.score(build_history([])).shared_facts(np.array([HORROR])) == [""]


def test_films_the_catalogue_has_lost_are_skipped(content: ContentScorer, community: Csr) -> None:
    model = fit(community)
    positions = model.items.copy()
    positions[[3, 7]] = -1
    scorer = HybridScorer(content, CommunityModel(model.blend, positions, content))
    scored = scorer.score(build_history([(1, 5.0), (3, 4.0)]))
    assert np.isfinite(scored.scores).all()
    assert np.isfinite(scored.contributions(np.arange(42))).all()
    assert len(scorer.similar(3, 5)) == 5


def test_similar_films_are_of_the_same_kind(scorer: HybridScorer, facts_only: HybridScorer) -> None:
    for each in (scorer, facts_only):
        found = each.similar(5, 5)
        assert all(film < 20 or film == HORROR for film, _ in found)
        assert 5 not in dict(found)
    assert "horror" in scorer.common_facts(5, np.array([6]))[0]


def test_similar_films_can_be_restricted(scorer: HybridScorer) -> None:
    allowed = np.zeros(42, dtype=bool)
    allowed[[5, 8, 9]] = True
    assert {film for film, _ in scorer.similar(5, 5, allowed)} == {8, 9}


def test_no_ratings_of_anybody_are_a_fine_state(content: ContentScorer) -> None:
    empty = fit(sparse.csr_array((0, 42), dtype=np.float32))
    scorer = HybridScorer(content, CommunityModel(empty.blend, empty.items, content))
    scores = scorer.score(build_history([(1, 5.0)])).scores
    assert scores[:20].mean() > scores[20:40].mean()


def test_likes_and_dislikes_count_where_there_is_no_rating() -> None:
    found = build_history([(1, 3.0), (2, 5.0)], liked=[1, 4], disliked=[4, 5])
    assert dict(zip(found.items.tolist(), found.stars.tolist(), strict=True)) == {
        1: 3.0,
        2: 5.0,
        4: 1.5,
        5: 1.5,
    }
    assert isinstance(build_history([]), History)


def test_the_oldest_ratings_of_a_long_history_are_left_out() -> None:
    assert build_history([(film, 4.0) for film in range(9)], at_most=3).items.tolist() == [0, 1, 2]


def test_common_facts_are_of_both_films() -> None:
    scorer = HybridScorer(ContentScorer(films.twelve_films()))
    # Years near each other are alike, but only one decade's films are of that decade.
    assert scorer.common_facts(films.BLADE_RUNNER, np.array([films.THE_THING]))[0].endswith("of the 1980s")
    assert "0s" not in scorer.common_facts(films.ALIEN, np.array([films.BLADE_RUNNER]))[0]
    assert "Sigourney" not in scorer.common_facts(films.ALIEN, np.array([films.PROMETHEUS]))[0]
    assert scorer.common_facts(films.PERSONA, np.array([films.NEMO]))[0] == ""
