"""The scorer that is served: every item of the catalogue, by the community where it has ratings, else by facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask, csr_rows, stack_rows
from movierec.recommender.engine.blend import Blend, FoldIn
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
from movierec.recommender.engine.settings import DEFAULT_NOVELTY, ExplanationSettings, HybridSettings


class Contribution(NamedTuple):
    """The part of a score that one of the user's own items adds, and its share of everything that supports it.

    `stars` is None where the item was liked or disliked without a rating.
    """

    item: int
    stars: float | None
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class ScoreExplanation:
    """A score taken apart: `score = baseline + sum of contributions`, largest contribution first.

    `supporting` are the liked items that add most, `opposing` is the disliked one that takes most away.
    """

    item: int
    score: float
    baseline: float
    contributions: tuple[Contribution, ...]
    supporting: tuple[Contribution, ...]
    opposing: Contribution | None
    shared_facts: str


class CommunityModel:
    """A collaborative model over the items of a catalogue.

    `catalogue_items` is the catalogue number of each item of the model, −1 if the catalogue has lost it;
    `model_items` is the reverse. `transfer` is the matrix of `catalogue_transfer_matrix`; it takes seconds to compute
    where it is not given.
    """

    def __init__(
        self,
        blend: Blend,
        catalogue_items: Ints,
        content: ContentScorer,
        transfer: Csr | None = None,
        rating_model: RatingModel | None = None,
        settings: HybridSettings | None = None,
    ) -> None:
        self.settings = settings or HybridSettings()
        self.blend, self.catalogue_items, self.rating_model = blend, catalogue_items, rating_model
        present = np.flatnonzero(catalogue_items >= 0)
        self.model_items = np.full(len(content), -1, dtype=np.int64)
        self.model_items[catalogue_items[present]] = present
        raters = blend.raters[present]
        # n / (n + 30) for an item of n raters.
        self.rater_confidence = np.zeros(len(content), dtype=np.float32)
        self.rater_confidence[catalogue_items[present]] = raters / (
            raters + self.settings.half_confidence_raters
        )
        self.popularity = np.zeros(len(content), dtype=np.float32)
        self.popularity[catalogue_items[present]] = _scale_to_one(np.log1p(raters.astype(np.float32)))
        if transfer is None:
            transfer = catalogue_transfer_matrix(content.features, blend.raters, catalogue_items)
        self.transfer = transfer

    def for_catalogue(
        self, content: ContentScorer, catalogue_items: Ints, take: Ints, fresh: Mask
    ) -> CommunityModel:
        """Return the same model over a changed catalogue: `take` of the old rows and then the `fresh` ones."""
        narrow = catalogue_transfer_matrix(content.features, self.blend.raters, catalogue_items, fresh)
        transfer = stack_rows(self.transfer, narrow[np.flatnonzero(fresh)], take)
        return CommunityModel(
            self.blend, catalogue_items, content, transfer, self.rating_model, self.settings
        )

    def fold_in_ratings(self, items: Ints, stars: Floats) -> UserPosterior | None:
        """Fold a user into the model of predicted ratings; None without that model or with too few known items."""
        model_items = self.model_items[items]
        in_model = model_items >= 0
        if self.rating_model is None:
            return None
        return self.rating_model.fold_in(model_items[in_model], stars[in_model])

    def predict_stars(self, user: UserPosterior | None, items: Ints) -> list[float | None]:
        """Predict a user's stars for items of the catalogue; None where an item has too few raters."""
        if user is None or self.rating_model is None:
            return [None] * len(items)
        model_items = self.model_items[items]
        rated = model_items >= 0
        rated[rated] = self.rating_model.raters[model_items[rated]] >= MIN_ITEM_RATERS
        stars = np.clip(user.expected_stars(np.where(rated, model_items, 0)), LOWEST_STARS, HIGHEST_STARS)
        return [round(float(value), 1) if shown else None for value, shown in zip(stars, rated, strict=True)]

    def predict_left_out(self, items: Ints, stars: Floats, limit: int) -> tuple[Ints, Floats]:
        """Predict each of a user's first `limit` ratings from all the others.

        Returns indices into `items` of the ratings that can be predicted, and their predicted stars.
        """
        model_items = self.model_items[items]
        in_model = np.flatnonzero(model_items >= 0)
        nothing = in_model[:0], stars[:0]
        if self.rating_model is None:
            return nothing
        enough = self.rating_model.raters[model_items[in_model]] >= MIN_ITEM_RATERS
        predictable = np.flatnonzero(enough)[:limit]
        expected = self.rating_model.predict_left_out(model_items[in_model], stars[in_model], predictable)
        return nothing if expected is None else (in_model[predictable], expected)

    def fold_in(self, history: History, novelty: float) -> FoldIn:
        """Score the model's items for the part of a history that the model knows."""
        model_items = self.model_items[history.items]
        in_model = model_items >= 0
        return self.blend.fold_in(model_items[in_model], history.stars[in_model], novelty)


def catalogue_transfer_matrix(
    features: Features, raters: Ints, catalogue_items: Ints, only: Mask | None = None
) -> Csr:
    """Return `cold_items.transfer_matrix` for a model of which the catalogue may have lost some items."""
    present = np.flatnonzero(catalogue_items >= 0)
    narrow = transfer_matrix(features, catalogue_items[present], raters[present], only)
    if len(present) == len(catalogue_items):
        return narrow
    return type(narrow)(
        (narrow.data, present[narrow.indices], narrow.indptr), shape=(narrow.shape[0], len(catalogue_items))
    )


@dataclass(frozen=True)
class ScoredHistory:
    """The scores of the whole catalogue for one history, with what explains them."""

    history: History
    scores: Floats
    content: ContentScorer
    community: CommunityModel | None
    folded: FoldIn | None
    profile: ContentProfile
    # t and f of the formula in `HybridScorer`.
    community_weight: float
    content_weight: float
    settings: ExplanationSettings = field(default_factory=ExplanationSettings)

    def contributions(self, targets: Ints) -> Floats:
        """Return history × targets: the part of each target's score that each of the user's items adds."""
        if not len(self.history):
            return np.zeros((0, len(targets)), dtype=np.float32)
        total = self.profile.contributions(targets) * np.float32(self.content_weight)
        if self.folded is not None and self.community is not None and self.folded.matrices:
            rows = csr_rows(self.community.transfer, targets)
            sources, column = np.unique(rows.columns, return_inverse=True)
            shares = np.zeros((len(sources), len(targets)), dtype=np.float32)
            shares[column, np.repeat(np.arange(len(targets)), rows.lengths)] = rows.values
            parts = self.folded.contributions(sources.astype(np.int64))
            in_model = np.flatnonzero(self.community.model_items[self.history.items] >= 0)
            total[in_model] += parts @ shares * np.float32(self.community_weight)
        return total

    def top_contributions(self, targets: Ints, items: int = 3) -> list[list[Contribution]]:
        """Return for each target up to `items` of the user's liked items that add most to its score."""
        parts = self.contributions(targets)
        supporting = np.maximum(parts, 0).sum(axis=0)
        liked = np.where(self._is_liked()[:, None], parts, 0)
        best = np.argsort(-liked, axis=0, kind="stable")[:items]
        values = np.take_along_axis(liked, best, axis=0)
        return [
            [self._contribution(index, value, total) for index, value in zip(*each, strict=True) if value > 0]
            for *each, total in zip(best.T.tolist(), values.T.tolist(), supporting.tolist(), strict=True)
        ]

    def explain(self, item: int, items: int = 3) -> ScoreExplanation:
        """Take one score apart, with up to `items` of the liked items that add most."""
        parts = self.contributions(np.array([item]))[:, 0]
        order = np.argsort(-parts, kind="stable")
        total = float(parts[parts > 0].sum())
        contributions = tuple(
            self._contribution(index, float(parts[index]), total) for index in order.tolist()
        )
        liked = self._is_liked()[order].tolist()
        supporting = [
            each for each, good in zip(contributions, liked, strict=True) if good and each.value > 0
        ]
        opposing = [
            each for each, good in zip(contributions, liked, strict=True) if not good and each.value < 0
        ]
        return ScoreExplanation(
            item,
            score=float(self.scores[item]),
            baseline=float(self.scores[item]) - float(parts.sum()),
            contributions=contributions,
            supporting=tuple(supporting[:items]),
            opposing=opposing[-1] if opposing else None,
            shared_facts=self.shared_facts(np.array([item]))[0],
        )

    def _is_liked(self) -> Mask:
        """Return True for items of the history that the user liked enough to be named as a reason."""
        stars = self.history.stars
        mean = float(stars.mean()) if len(stars) else self.settings.liked_stars
        liked: Mask = stars >= max(self.settings.min_liked_stars, min(self.settings.liked_stars, mean))
        return liked

    def shared_facts(self, items: Ints) -> list[str]:
        """Describe the facts that each item shares with the user's profile; empty where nothing is known."""
        return [
            describe_shared_facts(facts)
            for facts in self.content.features.ranked_facts(items, self.profile.vector)
        ]

    def _contribution(self, index: int, value: float, supporting: float) -> Contribution:
        """Return the contribution at `index` of the history; `supporting` is the sum of all that add to the score."""
        history = self.history
        stars = float(history.stars[index]) if history.rated[index] else None
        return Contribution(int(history.items[index]), stars, value, max(0.0, value) / (supporting or 1.0))


class HybridScorer:
    """Scores, reasons and similar items over a catalogue, with a community's model or without.

    `score(j) = t·Σₖ T(j, k)·s(k) + f·similarity(j) + (1 − t)·prior(j)`, `f = 1 − t + t·b`

    - s: scores of the model's items (`blend.Blend`); T: their transfer to every item (`cold_items.transfer_matrix`)
    - similarity and prior: the score by facts (`content.ContentProfile`)
    - t: the weight of the community. `t₀ = Σ n / (n + 4) / h` over the h items of the history that have n raters,
      or their number / h where nothing is liked: facts have nothing to set against a dislike. `t = 1 − (1 − t₀)·d`
    - b: the weight of facts beside a trusted community, `d·min(1.5, 0.16 + 8·max(0, coherence − 0.25))`, 0 where
      nothing is liked
    - d: the share of the history of which more is known than genres and years: these alone say no more than the rows
      of facts that the community's model was fitted with

    The constants are those of `HybridSettings`. A weighted hybrid after Burke, “Hybrid Recommender Systems” (2002).
    """

    def __init__(
        self,
        content: ContentScorer,
        community: CommunityModel | None = None,
        settings: HybridSettings | None = None,
        explanations: ExplanationSettings | None = None,
    ) -> None:
        self.content, self.community = content, community
        self.settings = settings or HybridSettings()
        self.explanations = explanations or ExplanationSettings()
        popularity = _scale_to_one(np.log1p(content.votes))
        if community is not None:
            # Raters here say more of who knows an item than votes or reviews elsewhere.
            outside = np.float32(self.settings.outside_popularity_share)
            popularity = outside * popularity + (1 - outside) * community.popularity
        slope, offset = np.float32(self.settings.quality_slope), np.float32(self.settings.quality_offset)
        quality = np.clip(content.quality * slope + offset, 0, 1)
        # 0–1 for every item.
        self.popularity: Floats = popularity
        share = self.settings.similar_prior_share
        self._prior: Floats = (1 - share) + np.float32(share / 2) * (popularity + quality)

    def score(self, history: History, novelty: float = DEFAULT_NOVELTY) -> ScoredHistory:
        """Score the whole catalogue for one history; nothing is masked."""
        community = self.community
        folded = community.fold_in(history, novelty) if community else None
        profile = self.content.fold_in(history.items, history.stars, novelty)
        weight = self._community_weight(history, folded, profile)
        content_weight = 1.0 - weight + weight * self._content_weight(profile)
        scores = profile.similarity * np.float32(content_weight) + profile.prior * np.float32(1.0 - weight)
        if community is not None and folded is not None and weight > 0:
            scores += (community.transfer @ folded.scores) * np.float32(weight)
        return ScoredHistory(
            history,
            scores,
            self.content,
            community,
            folded,
            profile,
            weight,
            content_weight,
            self.explanations,
        )

    def _community_weight(self, history: History, folded: FoldIn | None, profile: ContentProfile) -> float:
        """Return t, the weight of the community."""
        if self.community is None or folded is None:
            return 0.0
        if not len(history):
            return 1.0
        raters = self.community.blend.raters[folded.items]
        trusted = (raters / (raters + self.settings.half_trusted_raters)).sum()
        weight = float(trusted if profile.has_likes else len(raters)) / len(history)
        return 1.0 - (1.0 - weight) * profile.detail_share

    def _content_weight(self, profile: ContentProfile) -> float:
        """Return b, the weight of facts beside a trusted community."""
        if not profile.has_likes:
            return 0.0
        settings = self.settings
        coherence = max(0.0, profile.coherence - settings.usual_coherence)
        weight = settings.content_weight + settings.coherence_gain * coherence
        return profile.detail_share * min(settings.max_content_weight, weight)

    def similarity(self, item: int) -> Floats:
        """Return the similarity 0–1 of every item to one.

        `c·partial correlation + (1 − ½)·cosine·prior`, each scaled to 1, where
        `c = ½ · n_i / (n_i + 30) · n_j / (n_j + 30)` for items of n raters. The prior is `½ + ¼·(popularity +
        quality)`: of items with the same facts the better known and better liked comes first.
        """
        by_facts = _scale_to_one(self.content.similarity(item) * self._prior)
        community = self.community
        if community is None or community.model_items[item] < 0:
            return by_facts
        similarity = community.blend.similarity(int(community.model_items[item]))
        present = community.catalogue_items >= 0
        by_raters = np.zeros_like(by_facts)
        by_raters[community.catalogue_items[present]] = np.maximum(similarity[present], 0)
        rater_share = self.settings.max_rater_share
        share = np.float32(rater_share * community.rater_confidence[item]) * community.rater_confidence
        total: Floats = _scale_to_one(by_raters) * share + by_facts * np.float32(1 - rater_share)
        return total

    def similar(self, item: int, n: int, allowed: Mask | None = None) -> list[tuple[int, float]]:
        """Return the `n` items most similar to one, with their similarity."""
        similarity = self.similarity(item)
        candidates = similarity > 0 if allowed is None else allowed & (similarity > 0)
        candidates[item] = False
        return [(int(i), float(similarity[i])) for i in top_k(similarity, candidates, n)]

    def common_facts(self, item: int, others: Ints) -> list[str]:
        """Describe the facts that an item shares with each of the others."""
        features = self.content.features
        columns, values = features.row(item)
        vector = np.zeros(features.rows.shape[1], dtype=np.float32)
        vector[columns] = values
        same_decade = features.years[others] // 10 == features.years[item] // 10
        return [
            describe_shared_facts(fact for fact in facts if near or fact[0] != "decade")
            for facts, near in zip(features.ranked_facts(others, vector), same_decade, strict=True)
        ]


def _scale_to_one(values: Floats) -> Floats:
    """Divide by the largest value, if it is positive."""
    top = float(values.max(initial=0.0))
    return values / np.float32(top) if top > 0 else values
