"""Recommending to users of the database: their history read on each request, scored by what is in memory.

Between rows and arrays, beside it: `opinions`, `catalogue`, `serving`, `shown`, `feedback` and `community`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from movierec.recommender.engine import explanations, onboarding_grid, ranking
from movierec.recommender.engine.arrays import Ints
from movierec.recommender.engine.blend import DEFAULT_NOVELTY
from movierec.recommender.engine.candidates import CandidateFilters, candidate_mask
from movierec.recommender.engine.cold_start import Preference, boost_preferred
from movierec.recommender.engine.hybrid import Contribution, ScoredHistory, ScoreExplanation
from movierec.recommender.engine.weights import serving_weights
from movierec.recommender.serving.movie_index import MovieIndex
from movierec.recommender.serving.state import ModelState
from movierec.recommender.serving.user_signals import UserSignals, load_signals, load_watchlist

REASONS = 3
# A disliked film is mentioned if it says this much of what the named liked ones say.
WEIGHTY = 0.2
# One of so many best films is picked for tonight.
TONIGHT = 5


@dataclass(frozen=True, slots=True)
class RecommendRequest:
    """What somebody asks for. `novelty` and `diversity` run from 0 to 1; None leaves the usual."""

    limit: int = 20
    filters: CandidateFilters = field(default_factory=CandidateFilters)
    novelty: float | None = None
    diversity: float | None = None
    include_seen: bool = False
    seed: int | None = None
    # Only films that the user means to see.
    watchlist: bool = False
    # One film for tonight: any of the best, as the seed has it.
    pick: bool = False
    # What the profile says; it counts until there is a history, which says more.
    preference: Preference = field(default_factory=Preference)


class Reason(NamedTuple):
    """One of the user's own films that speaks for a recommendation; `contribution` is its share, 0–1.

    `stars` is None where it was liked without a rating.
    """

    movie_id: int
    title: str
    stars: float | None
    contribution: float


@dataclass(frozen=True, slots=True)
class RecommendedMovie:
    """A film for a user, and why. `kind` is community, content or popular.

    `predicted_rating` is what the user would give it, to one decimal; None where that is not known.
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
    """A film's score taken apart: `score = baseline + the sum of the contributions`."""

    score: float
    baseline: float
    predicted_rating: float | None
    reason: str
    contributions: tuple[Reason, ...]
    model: str


@dataclass(frozen=True, slots=True)
class SimilarMovie:
    """A film like another: `similarity` is 0–1 and comparable within one list only."""

    movie_id: int
    similarity: float
    reason: str


def recommend_for(serving: ModelState, user_id: int, wish: RecommendRequest) -> list[RecommendedMovie]:
    """The films a user would probably love, best first, out of those that pass the filters."""
    opinions = load_signals(user_id)
    watchlist = load_watchlist(user_id) if wish.watchlist else None
    serving = serving.with_movies([*opinions.movie_ids, *(watchlist or ())])
    sources = (opinions, watchlist, wish)
    found: list[RecommendedMovie] | None = serving.results.get(user_id, sources)
    if found is None:
        found = serving.results.put(user_id, sources, _recommend(serving, opinions, watchlist, wish))
    return found


def _recommend(
    serving: ModelState, opinions: UserSignals, watchlist: Sequence[int] | None, wish: RecommendRequest
) -> list[RecommendedMovie]:
    catalogue = serving.catalogue
    seen = opinions.history_in(catalogue)
    scored = serving.scorer.score(seen, DEFAULT_NOVELTY if wish.novelty is None else wish.novelty)
    if not len(seen):
        scored = dataclasses.replace(
            scored, scores=boost_preferred(scored.scores, catalogue.traits, wish.preference)
        )
    excluded = opinions.excluded_in(catalogue, include_seen=wish.include_seen)
    only = catalogue.known_items(watchlist) if watchlist is not None else None
    allowed = candidate_mask(catalogue.traits, wish.filters, excluded, only)
    weights = serving_weights(seen.stars)
    taste = ranking.RankingOptions(diversity=wish.diversity or 0.0, seed=None if wish.pick else wish.seed)
    films = ranking.rank_items(
        scored.scores,
        allowed,
        TONIGHT if wish.pick else wish.limit,
        likeness=catalogue.content.features.rows,
        genres=catalogue.genres,
        wanted=ranking.genre_mix(catalogue.genres, seen.films, weights) if len(seen) else None,
        taste=taste,
        makers=catalogue.director_columns,
        liked=seen.films[weights > 0],
    )
    if wish.pick and len(films):
        films = films[[np.random.default_rng(wish.seed).integers(len(films))]]
    reasons = scored.because(films, REASONS)
    facts = scored.shared_facts(films)
    stars = _expected_stars(serving, opinions, films)
    return [
        _recommended(serving, scored, *told)
        for told in zip(films.tolist(), reasons, facts, stars, strict=True)
    ]


def _expected_stars(serving: ModelState, opinions: UserSignals, films: Ints) -> list[float | None]:
    community = serving.scorer.community
    if community is None:
        return [None] * len(films)
    return community.expected_stars(opinions.taste_in(serving.catalogue, community), films)


def predict_rating(serving: ModelState, user_id: int, movie_id: int) -> float | None:
    """What a user would give a film; None where that is not known."""
    if serving.scorer.community is None:
        return None
    opinions = load_signals(user_id)
    serving = serving.with_movies([*opinions.movie_ids, movie_id])
    film = serving.catalogue.item_of(movie_id)
    if film is None:
        return None
    return _expected_stars(serving, opinions, np.array([film]))[0]


def explain(serving: ModelState, user_id: int, movie_id: int) -> MovieExplanation | None:
    """The whole account of a film's score for a user; None for a film the recommender does not know yet."""
    opinions = load_signals(user_id)
    serving = serving.with_movies([*opinions.movie_ids, movie_id])
    catalogue = serving.catalogue
    film = catalogue.item_of(movie_id)
    if film is None:
        return None
    scored = serving.scorer.score(opinions.history_in(catalogue))
    account = scored.explain(film)
    against = account.against if _is_weighty(account) else None
    return MovieExplanation(
        score=account.score,
        baseline=account.baseline,
        predicted_rating=_expected_stars(serving, opinions, np.array([film]))[0],
        reason=explanations.reason_sentence(
            [_named(catalogue, item) for item in account.speaking],
            account.facts,
            _named(catalogue, against) if against else None,
        ),
        contributions=tuple(
            _reason(catalogue, item, item.contribution) for item in account.contributions if item.contribution
        ),
        model=serving.version,
    )


def _is_weighty(account: ScoreExplanation) -> bool:
    """Whether a disliked film says enough against a recommendation to be mentioned beside what speaks for it."""
    speaking = sum(item.contribution for item in account.speaking)
    return account.against is not None and -account.against.contribution > WEIGHTY * speaking


def quickstart_for(
    serving: ModelState, user_id: int, limit: int, *, seed: int | None = None, adult: bool = False
) -> list[int]:
    """Ids of well-known films of many kinds that a user has not said anything of yet.

    The same seed (usually the user's id) gives the same films, answered ones left out.
    """
    catalogue = serving.catalogue
    answered = load_signals(user_id).excluded_in(catalogue, include_seen=False)
    films = onboarding_grid.sample_grid(
        serving.scorer.fame,
        candidate_mask(catalogue.traits, CandidateFilters(adult=adult), np.zeros(0, dtype=np.int64)),
        catalogue.traits.genres,
        catalogue.traits.years,
        limit + len(answered),
        user_id if seed is None else seed,
    )
    chosen = films[~np.isin(films, answered)][:limit]
    return [int(movie_id) for movie_id in catalogue.movie_ids[chosen]]


def similar_movies(serving: ModelState, movie_id: int, limit: int) -> list[SimilarMovie] | None:
    """Films like one film; None where the recommender does not know it yet."""
    serving = serving.with_movies([movie_id])
    catalogue = serving.catalogue
    film = catalogue.item_of(movie_id)
    if film is None:
        return None
    allowed = (
        ~catalogue.traits.adult if not catalogue.traits.adult[film] else np.ones(len(catalogue), dtype=bool)
    )
    found = serving.scorer.similar(film, limit, allowed)
    others = np.array([other for other, _ in found], dtype=np.int64)
    return [
        SimilarMovie(int(catalogue.movie_ids[other]), round(likeness, 4), explanations.capitalise(facts))
        for (other, likeness), facts in zip(found, serving.scorer.common_facts(film, others), strict=True)
    ]


def _recommended(
    serving: ModelState,
    scored: ScoredHistory,
    film: int,
    because: Sequence[Contribution],
    facts: str,
    stars: float | None,
) -> RecommendedMovie:
    catalogue = serving.catalogue
    return RecommendedMovie(
        movie_id=int(catalogue.movie_ids[film]),
        score=round(float(scored.scores[film]), 4),
        predicted_rating=stars,
        kind=_kind(scored, because),
        reason=explanations.reason_sentence([_named(catalogue, item) for item in because], facts),
        because=tuple(_reason(catalogue, item, item.share) for item in because),
        model=serving.version,
    )


def _kind(scored: ScoredHistory, because: Sequence[Contribution]) -> str:
    if not because:
        return "popular"
    return "community" if scored.trust >= 0.5 else "content"


def _reason(catalogue: MovieIndex, item: Contribution, contribution: float) -> Reason:
    return Reason(
        int(catalogue.movie_ids[item.film]), catalogue.titles[item.film], item.stars, round(contribution, 6)
    )


def _named(catalogue: MovieIndex, item: Contribution) -> explanations.TitleAndStars:
    return catalogue.titles[item.film], item.stars
