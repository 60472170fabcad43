"""The content scorer: a profile of facts with quality and popularity; it needs no community."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Floats, Ints, SparseRows, csr_rows
from movierec.recommender.engine.blend import z_scores
from movierec.recommender.engine.features import Features, build_features, normalise_rows
from movierec.recommender.engine.movie_columns import MovieColumns
from movierec.recommender.engine.rating_matrix import shrunk_user_mean
from movierec.recommender.engine.settings import DEFAULT_NOVELTY, ContentSettings, FeatureSettings

# Relative difference below which two floats count as equal.
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class ContentProfile:
    """One history as a profile of facts, and the score by facts of every item.

    `similarity` has a mean of 0 and a standard deviation of `ContentSettings.similarity_weight`; `prior` is the same
    for everybody; the score by facts is their sum. `coherence` is the mean cosine between the liked items, 0 for
    fewer than two; `detail_share` the share of the items of which more is known than genres and years.
    """

    rows: SparseRows  # facts of the history's items
    weights: Floats
    vector: Floats
    scale: np.float32
    similarity: Floats
    prior: Floats
    coherence: float
    detail_share: float
    features: Features

    @property
    def scores(self) -> Floats:
        """The score of every item by facts."""
        total: Floats = self.similarity + self.prior
        return total

    @property
    def has_likes(self) -> bool:
        """True if something is liked that items can be compared with: a dislike's opposite is not a preference."""
        return bool((self.weights > 0).any())

    def contributions(self, targets: Ints) -> Floats:
        """Return history × targets: the part of each target's score that each item of the history adds.

        The rest of the score is quality, popularity and centring.
        """
        rows = csr_rows(self.features.rows, targets)
        facts, column = np.unique(rows.columns, return_inverse=True)
        target_facts = np.zeros((len(targets), len(facts)), dtype=np.float32)
        target_facts[np.repeat(np.arange(len(targets)), rows.lengths), column] = rows.values
        column_of = np.full(self.features.rows.shape[1], -1)
        column_of[facts] = np.arange(len(facts))
        own = column_of[self.rows.columns]
        shared = own >= 0
        items = np.repeat(np.arange(len(self.weights)), self.rows.lengths)
        history_facts = np.zeros((len(self.weights), len(facts)), dtype=np.float32)
        history_facts[items[shared], own[shared]] = self.rows.values[shared]
        similarity: Floats = history_facts @ target_facts.T
        return similarity * (self.weights * self.scale)[:, None]


class ContentScorer:
    """Scores by facts over the whole catalogue.

    `score = a·z(X·p) + b·quality + c·popularity`, with `p = Σ wᵢ·x'ᵢ` over the history

    - X: feature vectors of all items (`Features`); xᵢ that of a rated item
    - wᵢ: stars above the user's mean, `rᵢ − min(mean, 3.5) + 0.1`, times 0.3 where negative (`preference_weights`);
      the mean is shrunk towards 3.5 as if that had been given three times
    - x'ᵢ: xᵢ with agreement: a broad fact (genre, decade, language, country) that n of the liked items have is
      multiplied by `(n / max n) ** min(1, 4 / h)` for h ratings, a rare one that all have by 1.5
    - z: centred, and scaled to a standard deviation of 1
    - quality: z-score of the Bayesian mean rating, clipped at ±3 (`bayesian_quality`)
    - popularity: z-score of ln(1 + votes), times `2·(1 − novelty)`
    - a, b, c: `similarity_weight`, `quality_weight`, `popularity_weight`; the cold ones without a history

    Content-based filtering by a TF-IDF profile (Lops, de Gemmis and Semeraro, “Content-based Recommender Systems”,
    2011).
    """

    def __init__(
        self,
        movies: MovieColumns,
        settings: ContentSettings | None = None,
        features: FeatureSettings | None = None,
    ) -> None:
        self.settings = settings or ContentSettings()
        self._set(build_features(movies, features), movies.rating, movies.votes)

    def with_changes(self, fresh: MovieColumns, take: Ints) -> ContentScorer:
        """Return the scorer of a changed catalogue: the items `take` of these followed by those of `fresh`."""
        changed = ContentScorer.__new__(ContentScorer)
        changed.settings = self.settings
        rating, votes = np.r_[self.rating, fresh.rating][take], np.r_[self.votes, fresh.votes][take]
        changed._set(self.features.with_changes(fresh, take), rating, votes)
        return changed

    def _set(self, features: Features, rating: Floats, votes: Floats) -> None:
        self.features, self.rating, self.votes = features, rating, votes
        self._is_broad = np.isin(features.kinds, self.settings.broad_kinds)
        can_unite = np.isin(features.kinds, self.settings.uniting_kinds)
        self._is_uniting = can_unite & (features.rarity >= self.settings.uniting_rarity)
        kinds = np.array(features.kinds)
        self._genres = normalise_rows(features.rows[:, np.flatnonzero(kinds == "genre")])
        self._has_details = np.diff(features.rows[:, np.flatnonzero(kinds == "director")].indptr) > 0
        self.popularity = z_scores(np.log1p(votes))
        most = np.float32(self.settings.max_quality)
        self.quality = np.clip(z_scores(bayesian_quality(rating, votes)), -most, most)

    def __len__(self) -> int:
        return int(self.features.rows.shape[0])

    def fold_in(self, items: Ints, stars: Floats, novelty: float = DEFAULT_NOVELTY) -> ContentProfile:
        """Score every item for one history; dislikes push similar items away."""
        settings = self.settings
        quality = settings.quality_weight if len(items) else settings.cold_quality_weight
        popularity = settings.popularity_weight if len(items) else settings.cold_popularity_weight
        fame = np.float32(2.0 * (1.0 - novelty) * popularity)
        prior = self.quality * np.float32(quality) + self.popularity * fame
        weights, rows = preference_weights(stars, settings), self._agreed_facts(items, stars)
        vector = self._sum(rows, weights)
        similarity: Floats = self.features.rows @ vector
        count = max(1, len(similarity))
        mean = similarity.sum() / np.float32(count)
        similarity -= mean
        deviation = math.sqrt(float(similarity @ similarity) / count)
        # Where all items are alike only rounding is left, which must not be stretched.
        differ = deviation > ROUNDING * abs(float(mean))
        scale = np.float32(settings.similarity_weight / (deviation if differ else 1.0))
        similarity *= scale
        coherence = self._coherence(items[weights > 0])
        detail_share = float(self._has_details[items].mean()) if len(items) else 0.0
        return ContentProfile(
            rows, weights, vector, scale, similarity, prior, coherence, detail_share, self.features
        )

    def _coherence(self, items: Ints) -> float:
        """Return the mean cosine between two items: about 0.2 for anybody's, above 0.3 for lovers of one kind."""
        if len(items) < 2:
            return 0.0
        rows = csr_rows(self.features.rows, items)
        total = np.bincount(rows.columns, rows.values)
        return float(total @ total - rows.values @ rows.values) / (len(items) * (len(items) - 1))

    def _sum(self, rows: SparseRows, weights: Floats) -> Floats:
        """Return the weighted sum of items' facts."""
        values = rows.values * np.repeat(weights, rows.lengths)
        total = np.bincount(rows.columns, values, minlength=self.features.rows.shape[1])
        return total.astype(np.float32)

    def _agreed_facts(self, items: Ints, stars: Floats) -> SparseRows:
        """Return the items' facts with those stressed that the liked items share: horror, not a mere decade."""
        settings = self.settings
        rows = csr_rows(self.features.rows, items)
        likes = preference_weights(stars, settings) > 0
        liked = np.repeat(likes, rows.lengths)
        having = np.bincount(rows.columns[liked], minlength=self.features.rows.shape[1])
        broad = np.flatnonzero(liked & self._is_broad[rows.columns])
        share = having[rows.columns[broad]] / max(1, int(having.max(initial=0)))
        agreement = settings.agreement
        rows.values[broad] *= share ** min(
            agreement, agreement * settings.agreement_history / max(1, len(items))
        )
        if likes.sum() > 1:
            united = self._is_uniting & (having == likes.sum())
            rows.values[liked & united[rows.columns]] *= np.float32(settings.uniting_factor)
        return rows

    def similarity(self, item: int) -> Floats:
        """Return the cosine of every item's facts with one item's, less where genres differ; itself 0."""
        columns, values = self.features.row(item)
        vector = np.zeros(self.features.rows.shape[1], dtype=np.float32)
        vector[columns] = values
        similarity: Floats = self.features.rows @ vector
        loss = np.float32(self.settings.other_genre_loss)
        similarity *= (1 - loss) + loss * self._genre_similarity(item)
        similarity[item] = 0.0
        return similarity

    def _genre_similarity(self, item: int) -> Floats:
        """Return the cosine of every item's genres with one item's; a fixed value where either's are unknown."""
        unknown = np.float32(self.settings.unknown_genre_similarity)
        if self._genres.indptr[item] == self._genres.indptr[item + 1]:
            return np.full(len(self), unknown, dtype=np.float32)
        similarity: Floats = self._genres @ self._genres[[item]].toarray()[0]
        similarity[np.diff(self._genres.indptr) == 0] = unknown
        return similarity


def preference_weights(stars: Floats, settings: ContentSettings = ContentSettings()) -> Floats:
    """Return stars above the user's own, shrunk mean; an item of exactly the mean still says a little.

    A dislike counts for less than a like: who rates a movie at all has some interest in its kind.
    """
    mean = min(shrunk_user_mean(stars, settings), settings.max_mean)
    above = stars - np.float32(mean) + np.float32(settings.mean_offset)
    return np.where(above < 0, above * np.float32(settings.dislike_weight), above)


def bayesian_quality(rating: Floats, votes: Floats) -> Floats:
    """Return the Bayesian mean rating: a rating counts as much as its votes against the median number of votes."""
    rated = np.isfinite(rating) & (votes > 0)
    if not rated.any():
        return np.zeros(len(rating), dtype=np.float32)
    usual = np.float32(np.median(votes[rated]))
    mean = np.float32(rating[rated].mean())
    counted = np.where(rated, votes, 0).astype(np.float32)
    return (np.where(rated, rating, mean) * counted + mean * usual) / (counted + usual)
