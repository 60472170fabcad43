"""Made-up community ratings of any size: few films have most raters, few raters most ratings, and tastes differ.

Films and raters belong to one of twenty groups. People mostly see films of their own group, and like those better;
what a recommender should find is planted, and the same seed gives the same ratings.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from movierec.community.blocks import Ratings
from movierec.recommender.engine.arrays import Ints

GROUPS = 20
OWN_GROUP = 0.65
RATERS_A_BLOCK = 5_000
SHORTEST = 15


def generate_ratings(
    total: int, films: int, *, raters: int | None = None, seed: int = 42
) -> Iterator[Ratings]:
    """About `total` ratings of films 1..`films`, in blocks of whole raters; by default 140 ratings a rater."""
    rng = np.random.default_rng(seed)
    raters = raters or max(1, total // 140)
    popularity = rng.permutation(1 / (np.arange(films) + 40.0) ** 0.85)
    group_of, quality = rng.integers(0, GROUPS, films), rng.normal(3.4, 0.45, films)
    shelves = [np.flatnonzero(group_of == group) for group in range(GROUPS)]
    lengths = _lengths(rng, raters, total, films)
    for start in range(0, raters, RATERS_A_BLOCK):
        stop = min(start + RATERS_A_BLOCK, raters)
        count = lengths[start:stop]
        rater = np.repeat(np.arange(start, stop), count)
        own = np.repeat(rng.integers(0, GROUPS, stop - start), count)
        film = _drawn(rng, np.arange(films), popularity, len(rater))
        loyal = rng.random(len(rater)) < OWN_GROUP
        for group, shelf in enumerate(shelves):
            here = loyal & (own == group)
            film[here] = _drawn(rng, shelf, popularity, int(here.sum()))
        _, first = np.unique(rater * films + film, return_index=True)
        rater, film, own = rater[first], film[first], own[first]
        liking = quality[film] + np.where(group_of[film] == own, 0.6, -0.3) + rng.normal(0, 0.8, len(film))
        steps = np.clip(np.rint(liking * 2), 1, 10).astype(np.uint8)
        yield Ratings(rater + 1, film + 1, steps, 1_000_000_000 + rng.integers(0, 10**8, len(film)))


def _lengths(rng: np.random.Generator, raters: int, total: int, films: int) -> Ints:
    """Numbers of ratings: most people have few, some have thousands. A sixth of what is drawn falls on one film."""
    drawn = rng.lognormal(0, 1.1, raters)
    lengths = np.rint(drawn * (1.2 * total / drawn.sum())).astype(np.int64)
    return np.clip(lengths, SHORTEST, max(SHORTEST, films // 3))


def _drawn(rng: np.random.Generator, shelf: Ints, popularity: npt.NDArray[np.float64], count: int) -> Ints:
    """So many films of a shelf, by popularity."""
    ends = np.cumsum(popularity[shelf])
    return shelf[np.searchsorted(ends, rng.random(count) * ends[-1])]
