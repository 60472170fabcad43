"""From scores to a list: exact top k, diversity (MMR), calibrated genres; deterministic."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask

POOL = 200
SAMPLE = 512
# A mix of genres means nothing in a list of three: shorter lists are the top of one of this length.
CALIBRATED = 10
# Smooths the list's own genres, so that a missing genre costs much but not everything (Steck 2018).
SMOOTHING = 0.01
# A list's divergence weighs as much as the relevance of its films divided by this: λ = 0.1 then takes a
# quarter of the miscalibration away for 1 % of recall.
FILMS_A_CALIBRATION = 10.0
# No more than this share of a list is by one director, unless more of what the user likes is.
OF_ONE_MAKER = 0.25
# Spread of the noise that a seed adds, in standard deviations of the pool's scores.
EXPLORATION = 0.25


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """Knobs of the ranking. `diversity` and `calibration` run from 0 (scores alone) to 1."""

    diversity: float = 0.0
    calibration: float = 0.1
    seed: int | None = None


def top_k(scores: Floats, allowed: Mask, k: int) -> Ints:
    """The `k` best allowed films, best first, ties by film number. Exact.

    A sample of the scores gives a threshold that few films pass; only those are sorted.
    """
    films = np.flatnonzero(allowed)
    values = scores[films]
    if len(films) > 4 * max(k, SAMPLE):
        sample = np.sort(values[:: len(films) // SAMPLE])
        beyond = int(2 * k * len(sample) / len(films)) + 4
        if beyond < len(sample):
            survivors = np.flatnonzero(values >= sample[-beyond])
            if k <= len(survivors):
                films, values = films[survivors], values[survivors]
    order = np.argsort(-values, kind="stable")[:k]
    return films[order]


def rank_items(
    scores: Floats,
    allowed: Mask,
    k: int,
    *,
    likeness: Csr,
    genres: Floats,
    wanted: Floats | None,
    taste: RankingOptions,
    makers: Ints | None = None,
    liked: Ints | None = None,
) -> Ints:
    """The list of `k` films for one user.

    `likeness` holds unit vectors of films (their cosine is their similarity), `genres` each film's shares
    of genres (F × genres) and `wanted` the user's own mix of them; None leaves genres as they come. `makers`
    numbers each film's director (−1 unknown), `liked` are the films the user likes: they say how many films
    of one director may stand in the list while there are others.
    """
    pool = top_k(scores, allowed, max(POOL, k))
    relevance = scores[pool]
    if taste.seed is not None:
        noise = np.random.default_rng(taste.seed).gumbel(size=len(pool))
        relevance = relevance + np.float32(EXPLORATION * float(relevance.std())) * noise.astype(np.float32)
        order = np.argsort(-relevance, kind="stable")
        pool, relevance = pool[order], relevance[order]
    if makers is not None:
        length = max(k, CALIBRATED)
        kept = _spread_over_makers(makers[pool], makers[liked] if liked is not None else makers[:0], length)
        pool, relevance = pool[kept], relevance[kept]
    if taste.diversity <= 0 and (taste.calibration <= 0 or wanted is None):
        return pool[:k]
    vectors = likeness[pool] if taste.diversity > 0 else None
    mix = wanted if taste.calibration > 0 else None
    chosen = _rerank(_to_one(relevance), max(k, CALIBRATED), vectors, genres[pool], mix, taste)
    # Calibration decides which films stand in the list; among these the best one still comes first. Who asks
    # for diversity wants it from the top of the list on.
    return pool[(np.sort(chosen) if taste.diversity <= 0 else chosen)[:k]]


def genre_mix(genres: Floats, films: Ints, weights: Floats) -> Floats | None:
    """A history's mix of genres: shares that add up to 1; None if it likes no film with a known genre."""
    mix: Floats = np.maximum(weights, 0) @ genres[films]
    total = float(mix.sum())
    return mix / np.float32(total) if total > 0 else None


def genre_shares(genres: Mask) -> Floats:
    """Each film's genres as shares that add up to 1 (all 0 where none is known)."""
    count = genres.sum(axis=1, keepdims=True)
    shares: Floats = (genres / np.maximum(count, 1)).astype(np.float32)
    return shares


def miscalibration(wanted: Floats, genres: Floats) -> Floats:
    """KL divergence of each row of (unscaled) genre counts from the wanted mix; 0 is a perfect match."""
    present = wanted > 0
    return _Divergence(wanted[present])(genres[:, present].T, genres.sum(axis=1))


class _Divergence:
    """The same of genres × lists, for genres that are all wanted; `mass` counts the unwanted ones too.

    A genre's counts stand side by side: there are more lists than genres.
    """

    def __init__(self, wanted: Floats) -> None:
        self.wanted = wanted
        self._floor = (np.float32(SMOOTHING) * wanted)[:, None]
        self._own = np.float32(wanted @ np.log(wanted))

    def __call__(self, genres: Floats, mass: Floats, scratch: Floats | None = None) -> Floats:
        share = np.float32(1 - SMOOTHING) / np.maximum(mass, np.float32(1e-9))
        smooth = np.multiply(genres, share, out=scratch)
        smooth += self._floor
        divergence: Floats = self._own - self.wanted @ np.log(smooth, out=smooth)
        return divergence


def _to_one(relevance: Floats) -> Floats:
    span = float(relevance.max() - relevance.min()) if len(relevance) else 0.0
    return (relevance - relevance.min()) / np.float32(span) if span > 0 else np.ones_like(relevance)


def _spread_over_makers(makers: Ints, own: Ints, k: int) -> Ints:
    """Places of the pool that may stand in a list of `k`, best first; all of it where that is too few."""
    usual = math.ceil(OF_ONE_MAKER * k)
    left = {
        maker: max(usual, math.ceil(k * count / len(own))) for maker, count in Counter(own.tolist()).items()
    }
    kept: list[int] = []
    later: list[int] = []
    for place, maker in enumerate(makers.tolist()):
        room = left.get(maker, usual)
        (kept if room > 0 or maker < 0 else later).append(place)
        left[maker] = room - 1
    return np.array(kept if len(kept) >= k else kept + later, dtype=np.int64)


def _rerank(
    relevance: Floats,
    k: int,
    vectors: Csr | None,
    genres: Floats,
    wanted: Floats | None,
    taste: RankingOptions,
) -> Ints:
    """Greedy: the next film is the one with the best of relevance − diversity − calibration costs."""
    chosen: list[int] = []
    present = np.flatnonzero(wanted) if wanted is not None else np.zeros(0, dtype=np.int64)
    divergence = _Divergence(wanted[present]) if wanted is not None else None
    share = (1 - taste.calibration) / FILMS_A_CALIBRATION if divergence is not None else 1.0
    left = relevance * np.float32(share * (1 - taste.diversity))
    likeness = (
        (vectors @ vectors.T).toarray() * np.float32(share * taste.diversity) if vectors is not None else None
    )
    nearest = np.zeros_like(relevance)
    own, own_mass = np.ascontiguousarray(genres[:, present].T), genres.sum(axis=1)
    # The genres of the list so far with each film at its end.
    counts, mass, scratch = own.copy(), own_mass.copy(), np.empty_like(own)
    for _ in range(min(k, len(relevance))):
        value = left if likeness is None else left - nearest
        if divergence is not None:
            value = value - np.float32(taste.calibration) * divergence(counts, mass, scratch)
        best = int(value.argmax())
        chosen.append(best)
        left[best] = -np.inf
        counts += own[:, best : best + 1]
        mass += own_mass[best]
        if likeness is not None:
            nearest = np.maximum(nearest, likeness[best])
    return np.array(chosen, dtype=np.int64)
