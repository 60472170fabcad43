"""The scorer that is served: every film of the catalogue, by the community where it speaks, else by facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask, csr_rows, stack_rows
from movierec.recommender.engine.blend import DEFAULT_NOVELTY, Blend, FoldIn
from movierec.recommender.engine.cold_items import transfer_matrix
from movierec.recommender.engine.content import ContentProfile, ContentScorer
from movierec.recommender.engine.explanations import describe_shared_facts
from movierec.recommender.engine.features import Features
from movierec.recommender.engine.history import History
from movierec.recommender.engine.ranking import top_k
from movierec.recommender.engine.rating_prediction import (
    HIGHEST_STARS,
    LOWEST_STARS,
    MIN_ITEM_RATERS,
    RatingModel,
    UserPosterior,
)

# In "similar films": the most that ratings count for, the number of raters at which they count for half
# of that, and how much a film's fame and quality count where facts are compared.
RATERS_SHARE, HALF_HEARD, STANDING = 0.5, 30.0, 0.5
# What likeness by facts counts for beside a community that knows the whole history, and how much more of it
# with each step of coherence above the usual: most people like this and that, but who names three films by
# Hitchcock wants Hitchcock, whatever others who saw these have seen besides.
BESIDE, COHERENT, USUAL, MOST = 0.16, 8.0, 0.25, 1.5
# Of a film that so many have rated a community knows half of what there is to know: what six people have seen
# besides says little of who loves Persona.
HALF_TRUSTED = 4.0
# The share of a film's fame that comes from outside a community.
HEARSAY = np.float32(0.35)
# "Because you gave …" names only films that the user gave this, or the own mean where that is lower.
RATED_WELL, LEAST_WELL = 3.5, 3.0


class Contribution(NamedTuple):
    """One of the user's own films and its share of everything that speaks for a recommendation.

    `stars` is None where the film was liked or disliked without a rating.
    """

    film: int
    stars: float | None
    contribution: float
    share: float


@dataclass(frozen=True, slots=True)
class ScoreExplanation:
    """A score taken apart: `score = baseline + sum of contributions`, largest contribution first.

    `speaking` are the liked films that speak for it most, `against` the disliked one that speaks against it most.
    """

    film: int
    score: float
    baseline: float
    contributions: tuple[Contribution, ...]
    speaking: tuple[Contribution, ...]
    against: Contribution | None
    facts: str


class CommunityModel:
    """A collaborative model laid over the catalogue.

    `positions` says which film of the catalogue each film of the model is; −1 if it is there no more.
    `spread_matrix` is `spread_over` of them, made anew where it is not given: that takes seconds.
    """

    def __init__(
        self,
        blend: Blend,
        positions: Ints,
        content: ContentScorer,
        spread_matrix: Csr | None = None,
        ratings: RatingModel | None = None,
    ) -> None:
        self.blend, self.positions, self.ratings = blend, positions, ratings
        present = np.flatnonzero(positions >= 0)
        self.place = np.full(len(content), -1, dtype=np.int64)
        self.place[positions[present]] = present
        raters = blend.raters[present]
        self.heard = np.zeros(len(content), dtype=np.float32)
        self.heard[positions[present]] = raters / (raters + HALF_HEARD)
        self.fame = np.zeros(len(content), dtype=np.float32)
        self.fame[positions[present]] = _to_one(np.log1p(raters.astype(np.float32)))
        if spread_matrix is None:
            spread_matrix = catalogue_transfer_matrix(content.features, blend.raters, positions)
        self.spread = spread_matrix

    def over(self, content: ContentScorer, positions: Ints, take: Ints, fresh: Mask) -> CommunityModel:
        """The same model over a changed catalogue; see `renewal.Renewed` for `take` and `fresh`."""
        narrow = catalogue_transfer_matrix(content.features, self.blend.raters, positions, fresh)
        spread_matrix = stack_rows(self.spread, narrow[np.flatnonzero(fresh)], take)
        return CommunityModel(self.blend, positions, content, spread_matrix, self.ratings)

    def taste(self, films: Ints, stars: Floats) -> UserPosterior | None:
        """What predicts a user's stars; None where that model is missing or knows too few of the films."""
        place = self.place[films]
        known = place >= 0
        return self.ratings.fold_in(place[known], stars[known]) if self.ratings is not None else None

    def expected_stars(self, taste: UserPosterior | None, films: Ints) -> list[float | None]:
        """For each film of the catalogue what a user would give it; None where nothing can be said."""
        if taste is None or self.ratings is None:
            return [None] * len(films)
        place = self.place[films]
        known = place >= 0
        known[known] = self.ratings.raters[place[known]] >= MIN_ITEM_RATERS
        stars = np.clip(taste.expected(np.where(known, place, 0)), LOWEST_STARS, HIGHEST_STARS)
        return [round(float(value), 1) if sure else None for value, sure in zip(stars, known, strict=True)]

    def foreseen(self, films: Ints, stars: Floats, limit: int) -> tuple[Ints, Floats]:
        """Of the first `limit` films that a user rated, the positions of those whose stars can be said from
        all the other ratings, and these stars."""
        place = self.place[films]
        known = np.flatnonzero(place >= 0)
        if self.ratings is None:
            return known[:0], stars[:0]
        told = np.flatnonzero(self.ratings.raters[place[known]] >= MIN_ITEM_RATERS)[:limit]
        expected = self.ratings.expected_without(place[known], stars[known], told)
        return (known[told], expected) if expected is not None else (known[:0], stars[:0])

    def fold_in(self, history: History, novelty: float) -> FoldIn:
        """The known part of a history, scored over the model's films."""
        place = self.place[history.films]
        known = place >= 0
        return self.blend.fold_in(place[known], history.stars[known], novelty)


def catalogue_transfer_matrix(
    features: Features, raters: Ints, positions: Ints, only: Mask | None = None
) -> Csr:
    """The matrix from a model's films, some of which the catalogue may have lost, to all of its films."""
    present = np.flatnonzero(positions >= 0)
    narrow = transfer_matrix(features, positions[present], raters[present], only)
    if len(present) == len(positions):
        return narrow
    return type(narrow)(
        (narrow.data, present[narrow.indices], narrow.indptr), shape=(narrow.shape[0], len(positions))
    )


@dataclass(frozen=True)
class ScoredHistory:
    """One history, scored: `scores[film]` for the whole catalogue, and the account of each score."""

    history: History
    scores: Floats
    content: ContentScorer
    community: CommunityModel | None
    folded: FoldIn | None
    profile: ContentProfile
    trust: float
    # What likeness by facts counts for.
    by_facts: float

    def contributions(self, targets: Ints) -> Floats:
        """History × targets: what each of the user's films adds to each target's score."""
        if not len(self.history):
            return np.zeros((0, len(targets)), dtype=np.float32)
        total = self.profile.contributions(targets) * np.float32(self.by_facts)
        if self.folded is not None and self.community is not None and self.folded.parts:
            spread_rows = csr_rows(self.community.spread, targets)
            sources, place = np.unique(spread_rows.columns, return_inverse=True)
            shares = np.zeros((len(sources), len(targets)), dtype=np.float32)
            shares[place, np.repeat(np.arange(len(targets)), spread_rows.lengths)] = spread_rows.values
            parts = self.folded.contributions(sources.astype(np.int64))
            known = np.flatnonzero(self.community.place[self.history.films] >= 0)
            total[known] += parts @ shares * np.float32(self.trust)
        return total

    def because(self, targets: Ints, films: int = 3) -> list[list[Contribution]]:
        """For each target up to `films` of the user's own films that speak for it most."""
        parts = self.contributions(targets)
        speaking = np.maximum(parts, 0).sum(axis=0)
        told = np.where(self._well()[:, None], parts, 0)
        best = np.argsort(-told, axis=0, kind="stable")[:films]
        worth = np.take_along_axis(told, best, axis=0)
        return [
            [self._account(place, part, total) for place, part in zip(*each, strict=True) if part > 0]
            for *each, total in zip(best.T.tolist(), worth.T.tolist(), speaking.tolist(), strict=True)
        ]

    def explain(self, film: int, films: int = 3) -> ScoreExplanation:
        """The whole account of one score, up to `films` of those that speak for it by themselves."""
        parts = self.contributions(np.array([film]))[:, 0]
        order = np.argsort(-parts, kind="stable")
        total = float(parts[parts > 0].sum())
        accounts = tuple(self._account(place, float(parts[place]), total) for place in order.tolist())
        well = self._well()[order].tolist()
        speaking = [item for item, good in zip(accounts, well, strict=True) if good and item.contribution > 0]
        against = [
            item for item, good in zip(accounts, well, strict=True) if not good and item.contribution < 0
        ]
        return ScoreExplanation(
            film,
            score=float(self.scores[film]),
            baseline=float(self.scores[film]) - float(parts.sum()),
            contributions=accounts,
            speaking=tuple(speaking[:films]),
            against=against[-1] if against else None,
            facts=self.shared_facts(np.array([film]))[0],
        )

    def _well(self) -> Mask:
        """Which films of the history the user liked enough to be named as a reason."""
        stars = self.history.stars
        usual = float(stars.mean()) if len(stars) else RATED_WELL
        well: Mask = stars >= max(LEAST_WELL, min(RATED_WELL, usual))
        return well

    def shared_facts(self, films: Ints) -> list[str]:
        """What each film has in common with the user's taste, in words; empty where nothing is known."""
        return [
            describe_shared_facts(facts) for facts in self.content.features.worth(films, self.profile.taste)
        ]

    def _account(self, place: int, part: float, speaking: float) -> Contribution:
        """What the film at `place` of the history adds; `speaking` is the sum of all that speaks for the target."""
        history = self.history
        stars = float(history.stars[place]) if history.given[place] else None
        return Contribution(int(history.films[place]), stars, part, max(0.0, part) / (speaking or 1.0))


class HybridScorer:
    """Scores, reasons and similar films over a catalogue, with a community's model or without."""

    def __init__(self, content: ContentScorer, community: CommunityModel | None = None) -> None:
        self.content, self.community = content, community
        fame = _to_one(np.log1p(content.votes))
        if community is not None:
            # What the community has rated says more of who knows a film than votes or reviews elsewhere.
            fame = HEARSAY * fame + (1 - HEARSAY) * community.fame
        merit = np.clip(content.quality * np.float32(0.25) + np.float32(0.5), 0, 1)
        # 0–1 for every film.
        self.fame: Floats = fame
        self._standing: Floats = (1 - STANDING) + np.float32(STANDING / 2) * (fame + merit)

    def score(self, history: History, novelty: float = DEFAULT_NOVELTY) -> ScoredHistory:
        """Score the whole catalogue for one history; nothing is masked.

        The community is trusted as far as it knows the films of the history, a film of `n` raters by
        `n / (n + HALF_TRUSTED)`; facts speak for the rest, and beside a trusted community too: the more, the
        more alike the liked films are.
        """
        community = self.community
        folded = community.fold_in(history, novelty) if community else None
        profile = self.content.fold_in(history.films, history.stars, novelty)
        trust = 0.0
        if community is not None and folded is not None:
            raters = community.blend.raters[folded.films]
            # Where nothing is liked facts have nothing to set against it.
            known = (raters / (raters + HALF_TRUSTED)).sum() if profile.knows_likes else len(raters)
            trust = float(known) / len(history) if len(history) else 1.0
            # Of films that nobody knows anything of, facts cannot speak either.
            trust = 1.0 - (1.0 - trust) * profile.told
        by_facts = 1.0 - trust + trust * _beside(profile)
        scores = profile.likeness * np.float32(by_facts) + profile.standing * np.float32(1.0 - trust)
        if community is not None and folded is not None and trust > 0:
            scores += (community.spread @ folded.scores) * np.float32(trust)
        return ScoredHistory(history, scores, self.content, community, folded, profile, trust, by_facts)

    def similarity(self, film: int) -> Floats:
        """0–1 for every film: who rates both counts where enough people did, shared facts everywhere.

        Of films with the same facts the better known and better liked comes first.
        """
        by_facts = _to_one(self.content.similarity(film) * self._standing)
        community = self.community
        if community is None or community.place[film] < 0:
            return by_facts
        likeness = community.blend.similarity(int(community.place[film]))
        known = community.positions >= 0
        by_raters = np.zeros_like(by_facts)
        by_raters[community.positions[known]] = np.maximum(likeness[known], 0)
        share = np.float32(RATERS_SHARE * community.heard[film]) * community.heard
        total: Floats = _to_one(by_raters) * share + by_facts * np.float32(1 - RATERS_SHARE)
        return total

    def similar(self, film: int, n: int, allowed: Mask | None = None) -> list[tuple[int, float]]:
        """The `n` films most similar to one, with their similarity."""
        likeness = self.similarity(film)
        wanted = likeness > 0 if allowed is None else allowed & (likeness > 0)
        wanted[film] = False
        return [(int(i), float(likeness[i])) for i in top_k(likeness, wanted, n)]

    def common_facts(self, film: int, others: Ints) -> list[str]:
        """What a film has in common with each of the others, in words."""
        features = self.content.features
        columns, values = features.of(film)
        theirs = np.zeros(features.rows.shape[1], dtype=np.float32)
        theirs[columns] = values
        of_one_decade = features.years[others] // 10 == features.years[film] // 10
        return [
            describe_shared_facts(fact for fact in facts if near or fact[0] != "decade")
            for facts, near in zip(features.worth(others, theirs), of_one_decade, strict=True)
        ]


def _beside(profile: ContentProfile) -> float:
    """What likeness by facts counts for beside a trusted community.

    Genres and years alone say no more than the rows of facts that the community's model was fitted with.
    """
    if not profile.knows_likes:
        return 0.0
    return profile.told * min(MOST, BESIDE + COHERENT * max(0.0, profile.coherence - USUAL))


def _to_one(values: Floats) -> Floats:
    top = float(values.max(initial=0.0))
    return values / np.float32(top) if top > 0 else values
