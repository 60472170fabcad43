"""The content scorer: taste as a profile of facts, with quality and popularity; needs no community."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Floats, Ints, SparseRows, csr_rows
from movierec.recommender.engine.blend import DEFAULT_NOVELTY, z_scores
from movierec.recommender.engine.features import Features, build_features, normalise_rows
from movierec.recommender.engine.movie_columns import MovieColumns
from movierec.recommender.engine.rating_matrix import shrunk_user_mean

# In standard deviations: what a film's facts, its quality and its popularity count for.
FACTS, QUALITY, POPULARITY = 1.25, 0.5, 0.45
# How much a broad fact of one liked film among few loses against what they have in common.
AGREEMENT, FEW = 1.0, 4
BROAD = ("genre", "mix", "decade", "language", "country")
# How much more a telling fact counts that all liked films share: who loves three films in Hindi means Hindi.
UNITING, TELLING, UNANIMOUS = ("genre", "mix", "language", "country"), 2.0, np.float32(1.5)
# The share of a similarity that films of another genre lose: a director's war film is not much like their western.
SAME_GENRE, UNKNOWN_GENRE = np.float32(0.2), np.float32(0.5)
# What a star below the own mean counts for against one above it.
DISLIKE = np.float32(0.3)
# The most that quality can be, in standard deviations.
BEST = np.float32(3.0)
# What two floats of one value may be apart, as a share of it.
ROUNDING = 1e-6
# Without a history quality matters as much as fame.
COLD_QUALITY, COLD_POPULARITY = 0.5, 0.8


@dataclass(frozen=True, slots=True)
class ContentProfile:
    """One history as taste, for the whole catalogue: how like it films are by facts, and how they stand anyway.

    `likeness` has a mean of 0 and a standard deviation of FACTS; the score by facts is the sum of both.
    `coherence` is the mean cosine between the liked films, 0 for fewer than two; `told` the share of the films
    of which more is known than genres and years.
    """

    rows: SparseRows  # the films' facts
    weights: Floats
    taste: Floats
    scale: np.float32
    likeness: Floats
    standing: Floats
    coherence: float
    told: float
    features: Features

    @property
    def scores(self) -> Floats:
        """The score of every film by facts."""
        total: Floats = self.likeness + self.standing
        return total

    @property
    def knows_likes(self) -> bool:
        """Whether there is something liked to compare with: the opposite of a dislike is no taste."""
        return bool((self.weights > 0).any())

    def contributions(self, targets: Ints) -> Floats:
        """History × targets: what each rated film adds; the rest is quality, popularity and centring."""
        theirs = csr_rows(self.features.rows, targets)
        facts, place = np.unique(theirs.columns, return_inverse=True)
        wanted = np.zeros((len(targets), len(facts)), dtype=np.float32)
        wanted[np.repeat(np.arange(len(targets)), theirs.lengths), place] = theirs.values
        place_of = np.full(self.features.rows.shape[1], -1)
        place_of[facts] = np.arange(len(facts))
        own = place_of[self.rows.columns]
        shared = own >= 0
        films = np.repeat(np.arange(len(self.weights)), self.rows.lengths)
        having = np.zeros((len(self.weights), len(facts)), dtype=np.float32)
        having[films[shared], own[shared]] = self.rows.values[shared]
        likeness: Floats = having @ wanted.T
        return likeness * (self.weights * self.scale)[:, None]


class ContentScorer:
    """Scores by facts over the whole catalogue."""

    def __init__(self, facts: MovieColumns) -> None:
        self._set(build_features(facts), facts.rating, facts.votes)

    def updated(self, fresh: MovieColumns, take: Ints) -> ContentScorer:
        """This of a changed catalogue: its films are those of here and then of `fresh`, in the order `take`."""
        changed = ContentScorer.__new__(ContentScorer)
        rating, votes = np.r_[self.rating, fresh.rating][take], np.r_[self.votes, fresh.votes][take]
        changed._set(self.features.updated(fresh, take), rating, votes)
        return changed

    def _set(self, features: Features, rating: Floats, votes: Floats) -> None:
        self.features, self.rating, self.votes = features, rating, votes
        self._broad = np.isin(features.kinds, BROAD)
        self._uniting = np.isin(features.kinds, UNITING) & (features.rarity >= TELLING)
        kinds = np.array(features.kinds)
        self._genres = normalise_rows(features.rows[:, np.flatnonzero(kinds == "genre")])
        self._told = np.diff(features.rows[:, np.flatnonzero(kinds == "director")].indptr) > 0
        self.popularity = z_scores(np.log1p(votes))
        # Masterpieces are no reason to leave one's taste behind.
        self.quality = np.clip(z_scores(bayesian_quality(rating, votes)), -BEST, BEST)

    def __len__(self) -> int:
        return int(self.features.rows.shape[0])

    def fold_in(self, films: Ints, stars: Floats, novelty: float = DEFAULT_NOVELTY) -> ContentProfile:
        """Score every film for one history; dislikes push their kin away."""
        quality, popularity = (QUALITY, POPULARITY) if len(films) else (COLD_QUALITY, COLD_POPULARITY)
        fame = np.float32(2.0 * (1.0 - novelty) * popularity)
        standing = self.quality * np.float32(quality) + self.popularity * fame
        weights, rows = preference_weights(stars), self._agreed(films, stars)
        taste = self._sum(rows, weights)
        likeness: Floats = self.features.rows @ taste
        count = max(1, len(likeness))
        mean = likeness.sum() / np.float32(count)
        likeness -= mean
        spread = math.sqrt(float(likeness @ likeness) / count)
        # Of films that are all alike only rounding is left, which must not be stretched.
        scale = np.float32(FACTS / (spread if spread > ROUNDING * abs(float(mean)) else 1.0))
        likeness *= scale
        coherence = self._coherence(films[weights > 0])
        told = float(self._told[films].mean()) if len(films) else 0.0
        return ContentProfile(rows, weights, taste, scale, likeness, standing, coherence, told, self.features)

    def _coherence(self, films: Ints) -> float:
        """The mean cosine between two of these films: about 0.2 for anybody's, above 0.3 for lovers of one kind."""
        if len(films) < 2:
            return 0.0
        rows = csr_rows(self.features.rows, films)
        total = np.bincount(rows.columns, rows.values)
        return float(total @ total - rows.values @ rows.values) / (len(films) * (len(films) - 1))

    def _sum(self, rows: SparseRows, weights: Floats) -> Floats:
        """The weighted sum of some films' facts."""
        values = rows.values * np.repeat(weights, rows.lengths)
        total = np.bincount(rows.columns, values, minlength=self.features.rows.shape[1])
        return total.astype(np.float32)

    def _agreed(self, films: Ints, stars: Floats) -> SparseRows:
        """The films' facts, those stressed that the liked films have in common: horror, not a mere decade."""
        rows = csr_rows(self.features.rows, films)
        likes = preference_weights(stars) > 0
        liked = np.repeat(likes, rows.lengths)
        having = np.bincount(rows.columns[liked], minlength=self.features.rows.shape[1])
        stressed = np.flatnonzero(liked & self._broad[rows.columns])
        share = having[rows.columns[stressed]] / max(1, int(having.max(initial=0)))
        rows.values[stressed] *= share ** min(AGREEMENT, AGREEMENT * FEW / max(1, len(films)))
        if likes.sum() > 1:
            united = self._uniting & (having == likes.sum())
            rows.values[liked & united[rows.columns]] *= UNANIMOUS
        return rows

    def similarity(self, film: int) -> Floats:
        """Cosine of every film's facts with one film's, less where they are of another genre; itself 0."""
        columns, values = self.features.of(film)
        wanted = np.zeros(self.features.rows.shape[1], dtype=np.float32)
        wanted[columns] = values
        likeness: Floats = self.features.rows @ wanted
        likeness *= (1 - SAME_GENRE) + SAME_GENRE * self._genre_likeness(film)
        likeness[film] = 0.0
        return likeness

    def _genre_likeness(self, film: int) -> Floats:
        """Cosine of every film's genres with one film's; where those of either are unknown, as if half alike."""
        if self._genres.indptr[film] == self._genres.indptr[film + 1]:
            return np.full(len(self), UNKNOWN_GENRE, dtype=np.float32)
        likeness: Floats = self._genres @ self._genres[[film]].toarray()[0]
        likeness[np.diff(self._genres.indptr) == 0] = UNKNOWN_GENRE
        return likeness


def preference_weights(stars: Floats) -> Floats:
    """Stars above the user's own, shrunk mean; a film of exactly the mean still says a little.

    A dislike counts for less than a like: who rates a film at all has some interest in its kind.
    """
    above = stars - np.float32(min(shrunk_user_mean(stars), 3.5)) + np.float32(0.1)
    return np.where(above < 0, above * DISLIKE, above)


def bayesian_quality(rating: Floats, votes: Floats) -> Floats:
    """Bayesian mean: a rating counts as much as its votes against the usual film's number of votes."""
    known = np.isfinite(rating) & (votes > 0)
    if not known.any():
        return np.zeros(len(rating), dtype=np.float32)
    usual = np.float32(np.median(votes[known]))
    mean = np.float32(rating[known].mean())
    heard = np.where(known, votes, 0).astype(np.float32)
    return (np.where(known, rating, mean) * heard + mean * usual) / (heard + usual)
