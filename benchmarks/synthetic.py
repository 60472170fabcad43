"""Generator of synthetic community ratings of any size, with long tails of movies and raters and planted groups.

Movies and raters belong to one of twenty groups. Raters mostly see movies of their own group, and like those better:
a recommender should find the groups. The same seed gives the same ratings.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from movierec.community.blocks import Ratings
from movierec.recommender.engine.arrays import Ints

GROUPS = 20
OWN_GROUP = 0.65
RATERS_PER_BLOCK = 5_000
MIN_RATINGS = 15


def generate_ratings(
    total: int, movies: int, *, raters: int | None = None, seed: int = 42
) -> Iterator[Ratings]:
    """Yield about `total` ratings of movies 1..`movies`, in blocks of whole raters.

    By default there are 140 ratings a rater.
    """
    rng = np.random.default_rng(seed)
    raters = raters or max(1, total // 140)
    popularity = rng.permutation(1 / (np.arange(movies) + 40.0) ** 0.85)
    group_of, quality = rng.integers(0, GROUPS, movies), rng.normal(3.4, 0.45, movies)
    members_of_groups = [np.flatnonzero(group_of == group) for group in range(GROUPS)]
    lengths = _lengths(rng, raters, total, movies)
    for start in range(0, raters, RATERS_PER_BLOCK):
        stop = min(start + RATERS_PER_BLOCK, raters)
        count = lengths[start:stop]
        rater = np.repeat(np.arange(start, stop), count)
        own = np.repeat(rng.integers(0, GROUPS, stop - start), count)
        movie = _draw(rng, np.arange(movies), popularity, len(rater))
        in_own_group = rng.random(len(rater)) < OWN_GROUP
        for group, members in enumerate(members_of_groups):
            here = in_own_group & (own == group)
            movie[here] = _draw(rng, members, popularity, int(here.sum()))
        _, first = np.unique(rater * movies + movie, return_index=True)
        rater, movie, own = rater[first], movie[first], own[first]
        opinion = (
            quality[movie] + np.where(group_of[movie] == own, 0.6, -0.3) + rng.normal(0, 0.8, len(movie))
        )
        steps = np.clip(np.rint(opinion * 2), 1, 10).astype(np.uint8)
        yield Ratings(rater + 1, movie + 1, steps, 1_000_000_000 + rng.integers(0, 10**8, len(movie)))


def _lengths(rng: np.random.Generator, raters: int, total: int, movies: int) -> Ints:
    """Draw the length of each history: most have few ratings, some thousands.

    A sixth is added for ratings that are drawn twice and count once.
    """
    draws = rng.lognormal(0, 1.1, raters)
    lengths = np.rint(draws * (1.2 * total / draws.sum())).astype(np.int64)
    return np.clip(lengths, MIN_RATINGS, max(MIN_RATINGS, movies // 3)).astype(np.int64)


def _draw(rng: np.random.Generator, members: Ints, popularity: npt.NDArray[np.float64], count: int) -> Ints:
    """Draw `count` of the members by popularity, with repetitions."""
    ends = np.cumsum(popularity[members])
    return members[np.searchsorted(ends, rng.random(count) * ends[-1])]
