"""From scores to a list: exact top k, diversity (MMR), calibrated genres; deterministic."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask
from movierec.recommender.engine.settings import RankingSettings

# Size of the sample that gives the threshold of `top_k`.
SAMPLE = 512


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """Knobs of a request. `diversity` and `calibration` run from 0 (scores alone) to 1."""

    diversity: float = 0.0
    calibration: float = 0.1
    seed: int | None = None


def top_k(scores: Floats, allowed: Mask, k: int) -> Ints:
    """Return the `k` best allowed items, best first, ties by item number. Exact.

    A sample of the scores gives a threshold that few items pass; only those are sorted.
    """
    items = np.flatnonzero(allowed)
    values = scores[items]
    if len(items) > 4 * max(k, SAMPLE):
        sample = np.sort(values[:: len(items) // SAMPLE])
        beyond = int(2 * k * len(sample) / len(items)) + 4  # at most half of the sample, and 4
        survivors = np.flatnonzero(values >= sample[-beyond])
        if k <= len(survivors):
            items, values = items[survivors], values[survivors]
    order = np.argsort(-values, kind="stable")[:k]
    return items[order]


def rank_items(
    scores: Floats,
    allowed: Mask,
    k: int,
    *,
    vectors: Csr,
    genres: Floats,
    target_mix: Floats | None,
    options: RankingOptions,
    directors: Ints | None = None,
    liked: Ints | None = None,
    settings: RankingSettings = RankingSettings(),
) -> Ints:
    """Return the list of `k` items for one user.

    1. The pool: the best 200 allowed items. A seed adds Gumbel noise to their scores.
    2. No more than a quarter of the list by one director, unless more of what the user likes is theirs.
    3. Greedily the next item of the list is the one with the largest

       `(1 − c)/10 · ((1 − d)·relevance(i) − d·max cos(i, list)) − c·KL(target ‖ genres of list + i)`

       with diversity d, calibration c and relevance the score scaled to 0–1 over the pool. Without diversity the
       chosen items are then listed in order of their scores.

    Maximal marginal relevance: Carbonell and Goldstein 1998; calibration: Steck, “Calibrated recommendations” (2018).

    `vectors` holds unit vectors of items (their cosine is their similarity), `genres` each item's shares of genres
    (items × genres) and `target_mix` the user's own mix of them; None leaves genres as they come. `directors` numbers
    each item's director (−1 unknown), `liked` are the items the user likes.
    """
    pool = top_k(scores, allowed, max(settings.pool, k))
    relevance = scores[pool]
    if options.seed is not None:
        noise = np.random.default_rng(options.seed).gumbel(size=len(pool))
        scale = np.float32(settings.exploration * float(relevance.std()))
        relevance = relevance + scale * noise.astype(np.float32)
        order = np.argsort(-relevance, kind="stable")
        pool, relevance = pool[order], relevance[order]
    length = max(k, settings.calibrated_length)
    if directors is not None:
        own = directors[liked] if liked is not None else directors[:0]
        kept = _limit_directors(directors[pool], own, length, settings)
        pool, relevance = pool[kept], relevance[kept]
    if options.diversity <= 0 and (options.calibration <= 0 or target_mix is None):
        return pool[:k]
    pool_vectors = vectors[pool] if options.diversity > 0 else None
    mix = target_mix if options.calibration > 0 else None
    chosen = _rerank(_scale_to_range(relevance), length, pool_vectors, genres[pool], mix, options, settings)
    # Calibration decides which items the list holds; the best one still comes first. Diversity counts from the top
    # of the list on.
    return pool[(np.sort(chosen) if options.diversity <= 0 else chosen)[:k]]


def genre_mix(genres: Floats, items: Ints, weights: Floats) -> Floats | None:
    """Return a history's mix of genres, shares that add up to 1; None if it likes no item with a known genre."""
    mix: Floats = np.maximum(weights, 0) @ genres[items]
    total = float(mix.sum())
    return mix / np.float32(total) if total > 0 else None


def genre_shares(genres: Mask) -> Floats:
    """Return each item's genres as shares that add up to 1 (all 0 where none is known)."""
    count = genres.sum(axis=1, keepdims=True)
    shares: Floats = (genres / np.maximum(count, 1)).astype(np.float32)
    return shares


def miscalibration(
    target_mix: Floats, genres: Floats, settings: RankingSettings = RankingSettings()
) -> Floats:
    """Return the KL divergence of each row of (unscaled) genre counts from the target mix; 0 is a perfect match."""
    present = target_mix > 0
    divergence = _Divergence(target_mix[present], settings.smoothing)
    return divergence(genres[:, present].T, genres.sum(axis=1))


class _Divergence:
    """KL divergence `Σ p·ln(p / q)` from a target mix p of the smoothed mix q = (1 − α)·counts / mass + α·p.

    Counts are genres × lists, of genres in the target alone; `mass` counts the other genres too. A genre's counts
    stand side by side: there are more lists than genres.
    """

    def __init__(self, target_mix: Floats, smoothing: float) -> None:
        self.target_mix = target_mix
        self._floor = (np.float32(smoothing) * target_mix)[:, None]
        self._weight = np.float32(1 - smoothing)
        self._entropy = np.float32(target_mix @ np.log(target_mix))

    def __call__(self, genres: Floats, mass: Floats, scratch: Floats | None = None) -> Floats:
        share = self._weight / np.maximum(mass, np.float32(1e-9))
        smooth = np.multiply(genres, share, out=scratch)
        smooth += self._floor
        divergence: Floats = self._entropy - self.target_mix @ np.log(smooth, out=smooth)
        return divergence


def _scale_to_range(relevance: Floats) -> Floats:
    """Scale to 0–1 from the least to the largest value; all 1 where they do not differ."""
    span = float(relevance.max() - relevance.min()) if len(relevance) else 0.0
    return (relevance - relevance.min()) / np.float32(span) if span > 0 else np.ones_like(relevance)


def _limit_directors(directors: Ints, own: Ints, k: int, settings: RankingSettings) -> Ints:
    """Return indices into the pool that may stand in a list of `k`, best first; all of it where that is too few."""
    usual = math.ceil(settings.director_share * k)
    room_for = {
        director: max(usual, math.ceil(k * count / len(own)))
        for director, count in Counter(own.tolist()).items()
    }
    kept: list[int] = []
    later: list[int] = []
    for index, director in enumerate(directors.tolist()):
        room = room_for.get(director, usual)
        (kept if room > 0 or director < 0 else later).append(index)
        room_for[director] = room - 1
    return np.array(kept if len(kept) >= k else kept + later, dtype=np.int64)


def _rerank(
    relevance: Floats,
    k: int,
    vectors: Csr | None,
    genres: Floats,
    target_mix: Floats | None,
    options: RankingOptions,
    settings: RankingSettings = RankingSettings(),
) -> Ints:
    """Choose greedily the item with the largest relevance less the costs of diversity and calibration."""
    chosen: list[int] = []
    present = np.flatnonzero(target_mix) if target_mix is not None else np.zeros(0, dtype=np.int64)
    divergence = _Divergence(target_mix[present], settings.smoothing) if target_mix is not None else None
    share = (1 - options.calibration) / settings.items_per_calibration if divergence is not None else 1.0
    gain = relevance * np.float32(share * (1 - options.diversity))
    similarity = (
        (vectors @ vectors.T).toarray() * np.float32(share * options.diversity)
        if vectors is not None
        else None
    )
    nearest = np.zeros_like(relevance)
    own, own_mass = np.ascontiguousarray(genres[:, present].T), genres.sum(axis=1)
    # Genres of the list so far with each item at its end.
    counts, mass, scratch = own.copy(), own_mass.copy(), np.empty_like(own)
    for _ in range(min(k, len(relevance))):
        value = gain if similarity is None else gain - nearest
        if divergence is not None:
            value = value - np.float32(options.calibration) * divergence(counts, mass, scratch)
        best = int(value.argmax())
        chosen.append(best)
        gain[best] = -np.inf
        counts += own[:, best : best + 1]
        mass += own_mass[best]
        if similarity is not None:
            nearest = np.maximum(nearest, similarity[best])
    return np.array(chosen, dtype=np.int64)
