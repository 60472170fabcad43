"""Recommendations for users of the database: signals read on each request, scored against arrays in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from movierec.recommender.engine import explanations, onboarding_grid, ranking
from movierec.recommender.engine.arrays import Ints
from movierec.recommender.engine.candidates import CandidateFilters, candidate_mask
from movierec.recommender.engine.cold_start import Preference, boost_preferred
from movierec.recommender.engine.hybrid import Contribution, ScoredHistory, ScoreExplanation
from movierec.recommender.engine.settings import DEFAULT_NOVELTY, ExplanationSettings
from movierec.recommender.engine.weights import serving_weights
from movierec.recommender.serving.movie_index import MovieIndex
from movierec.recommender.serving.state import ModelState
from movierec.recommender.serving.user_signals import (
    ItemSignals,
    UserSignals,
    load_signals,
    load_watchlist,
)

# Reasons of a recommendation.
MAX_REASONS = ExplanationSettings().max_reasons
# A disliked movie is mentioned if it takes away more than this share of what the named liked ones add.
MIN_OPPOSING_SHARE = ExplanationSettings().min_opposing_share
# `pick` chooses one of this many best movies.
PICK_FROM = 5


@dataclass(frozen=True, slots=True)
class RecommendRequest:
    """Options of one list of recommendations. `novelty` and `diversity` run from 0 to 1; None is the default."""

    limit: int = 20
    filters: CandidateFilters = field(default_factory=CandidateFilters)
    novelty: float | None = None
    diversity: float | None = None
    include_seen: bool = False
    seed: int | None = None
    # Restrict the list to the user's watchlist.
    watchlist: bool = False
    # Return one movie for tonight, drawn from the best with `seed`.
    pick: bool = False
    # Preferences of the profile, used only while the user has no history.
    preference: Preference = field(default_factory=Preference)


class Reason(NamedTuple):
    """One of the user's own movies that contributes to a recommendation; `contribution` is its share, 0–1.

    `stars` is None for a movie that was liked without a rating.
    """

    movie_id: int
    title: str
    stars: float | None
    contribution: float


@dataclass(frozen=True, slots=True)
class RecommendedMovie:
    """A movie for a user, and the reasons. `kind` is community, content or popular.

    `predicted_rating` is in stars, rounded to one decimal; None where the model cannot predict it.
    """

    movie_id: int
    score: float
    predicted_rating: float | None
    kind: str
    reason: str
    because: tuple[Reason, ...]
    model: str


@dataclass(frozen=True, slots=True)
class MovieExplanation:
    """The parts of a movie's score: `score = baseline + sum of contributions`."""

    score: float
    baseline: float
    predicted_rating: float | None
    reason: str
    contributions: tuple[Reason, ...]
    model: str


@dataclass(frozen=True, slots=True)
class SimilarMovie:
    """A movie similar to another one: `similarity` is 0–1 and comparable within one list only."""

    movie_id: int
    similarity: float
    reason: str


def recommend_for(state: ModelState, user_id: int, request: RecommendRequest) -> list[RecommendedMovie]:
    """Return the movies that pass the filters, best first for the user."""
    signals = load_signals(user_id)
    watchlist = load_watchlist(user_id) if request.watchlist else None
    state, own, listed = _locate(state, signals, watchlist or ())
    sources = (signals, watchlist, request)
    recommended: list[RecommendedMovie] | None = state.results.get(user_id, sources)
    if recommended is None:
        only = listed[listed >= 0] if watchlist is not None else None
        recommended = state.results.put(user_id, sources, _recommend(state, own, only, request))
    return recommended


def _locate(
    state: ModelState, signals: UserSignals, movie_ids: Sequence[int]
) -> tuple[ModelState, ItemSignals, Ints]:
    """Map the user's movies and `movie_ids` to items, all at once; return the state that has most of them."""
    required = [*movie_ids, *signals.judged_ids]
    state, items = state.locate(required, signals.watched)
    return state, ItemSignals(signals, items[len(movie_ids) :]), items[: len(movie_ids)]


def _recommend(
    state: ModelState, signals: ItemSignals, only: Ints | None, request: RecommendRequest
) -> list[RecommendedMovie]:
    catalogue = state.catalogue
    history = signals.history()
    scored = state.scorer.score(history, DEFAULT_NOVELTY if request.novelty is None else request.novelty)
    if not len(history):
        scores = boost_preferred(scored.scores, catalogue.filter_columns, request.preference)
        scored = dataclasses.replace(scored, scores=scores)
    excluded = signals.excluded(include_seen=request.include_seen)
    weights = serving_weights(history.stars)
    items = ranking.rank_items(
        scored.scores,
        candidate_mask(catalogue.filter_columns, request.filters, excluded, only),
        PICK_FROM if request.pick else request.limit,
        vectors=catalogue.content.features.rows,
        genres=catalogue.genres,
        target_mix=ranking.genre_mix(catalogue.genres, history.items, weights) if len(history) else None,
        options=ranking.RankingOptions(
            diversity=request.diversity or 0.0, seed=None if request.pick else request.seed
        ),
        directors=catalogue.director_columns,
        liked=history.items[weights > 0],
    )
    if request.pick and len(items):
        items = items[[np.random.default_rng(request.seed).integers(len(items))]]
    reasons = scored.top_contributions(items, MAX_REASONS)
    facts = scored.shared_facts(items)
    stars = _predicted_stars(state, signals, items)
    return [
        _recommended_movie(state, scored, *each)
        for each in zip(items.tolist(), reasons, facts, stars, strict=True)
    ]


def _predicted_stars(state: ModelState, signals: ItemSignals, items: Ints) -> list[float | None]:
    community = state.scorer.community
    if community is None:
        return [None] * len(items)
    return community.predict_stars(signals.posterior(community), items)


def predict_rating(state: ModelState, user_id: int, movie_id: int) -> float | None:
    """Return the stars that a user would give a movie; None where the model cannot predict them."""
    if state.scorer.community is None:
        return None
    state, signals, items = _locate(state, load_signals(user_id), [movie_id])
    if items[0] < 0:
        return None
    return _predicted_stars(state, signals, items)[0]


def explain(state: ModelState, user_id: int, movie_id: int) -> MovieExplanation | None:
    """Return the parts of a movie's score for a user; None for a movie that is not in the index yet."""
    state, signals, items = _locate(state, load_signals(user_id), [movie_id])
    if items[0] < 0:
        return None
    catalogue = state.catalogue
    explanation = state.scorer.score(signals.history()).explain(int(items[0]))
    opposing = explanation.opposing if _is_opposing_worth_mentioning(explanation) else None
    return MovieExplanation(
        score=explanation.score,
        baseline=explanation.baseline,
        predicted_rating=_predicted_stars(state, signals, items)[0],
        reason=explanations.reason_sentence(
            [_title_and_stars(catalogue, part) for part in explanation.supporting],
            explanation.shared_facts,
            _title_and_stars(catalogue, opposing) if opposing else None,
        ),
        contributions=tuple(
            _reason(catalogue, part, part.value) for part in explanation.contributions if part.value
        ),
        model=state.version,
    )


def _is_opposing_worth_mentioning(explanation: ScoreExplanation) -> bool:
    """Return True if a disliked movie takes away enough to be mentioned beside what speaks for the movie."""
    supporting = sum(part.value for part in explanation.supporting)
    opposing = explanation.opposing
    return opposing is not None and -opposing.value > MIN_OPPOSING_SHARE * supporting


def quickstart_for(
    state: ModelState, user_id: int, limit: int, *, seed: int | None = None, adult: bool = False
) -> list[int]:
    """Return ids of well-known movies of many kinds for which the user has given no signal yet.

    The same seed (by default the user's id) gives the same movies, without those answered since.
    """
    catalogue, signals = state.catalogue, load_signals(user_id)
    own = ItemSignals(signals, catalogue.items_of(signals.movie_ids))
    answered = own.excluded(include_seen=False)
    items = onboarding_grid.sample_grid(
        state.scorer.popularity,
        candidate_mask(catalogue.filter_columns, CandidateFilters(adult=adult), np.zeros(0, dtype=np.int64)),
        catalogue.filter_columns.genres,
        catalogue.filter_columns.years,
        limit + len(answered),
        user_id if seed is None else seed,
    )
    chosen = items[~np.isin(items, answered)][:limit]
    return [int(movie_id) for movie_id in catalogue.movie_ids[chosen]]


def similar_movies(state: ModelState, movie_id: int, limit: int) -> list[SimilarMovie] | None:
    """Return the movies most similar to one; None for a movie that is not in the index yet."""
    state, items = state.locate([movie_id])
    item = int(items[0])
    if item < 0:
        return None
    catalogue = state.catalogue
    is_adult = catalogue.filter_columns.adult
    allowed = ~is_adult if not is_adult[item] else np.ones(len(catalogue), dtype=bool)
    similar = state.scorer.similar(item, limit, allowed)
    others = np.array([other for other, _ in similar], dtype=np.int64)
    return [
        SimilarMovie(int(catalogue.movie_ids[other]), round(similarity, 4), explanations.capitalise(facts))
        for (other, similarity), facts in zip(similar, state.scorer.common_facts(item, others), strict=True)
    ]


def _recommended_movie(
    state: ModelState,
    scored: ScoredHistory,
    item: int,
    contributions: Sequence[Contribution],
    facts: str,
    stars: float | None,
) -> RecommendedMovie:
    catalogue = state.catalogue
    return RecommendedMovie(
        movie_id=int(catalogue.movie_ids[item]),
        score=round(float(scored.scores[item]), 4),
        predicted_rating=stars,
        kind=_kind(scored, contributions),
        reason=explanations.reason_sentence(
            [_title_and_stars(catalogue, part) for part in contributions], facts
        ),
        because=tuple(_reason(catalogue, part, part.share) for part in contributions),
        model=state.version,
    )


def _kind(scored: ScoredHistory, contributions: Sequence[Contribution]) -> str:
    if not contributions:
        return "popular"
    return "community" if scored.community_weight >= 0.5 else "content"


def _reason(catalogue: MovieIndex, part: Contribution, contribution: float) -> Reason:
    return Reason(
        int(catalogue.movie_ids[part.item]), catalogue.titles[part.item], part.stars, round(contribution, 6)
    )


def _title_and_stars(catalogue: MovieIndex, part: Contribution) -> explanations.TitleAndStars:
    return catalogue.titles[part.item], part.stars
