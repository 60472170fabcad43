"""The grid that newcomers rate first: well-known items of many kinds, sampled rather than ranked."""

import numpy as np
import numpy.typing as npt

from movierec.recommender.engine.arrays import Floats, Ints, Mask
from movierec.recommender.engine.ranking import top_k
from movierec.recommender.engine.settings import GridSettings


def sample_grid(
    popularity: Floats,
    allowed: Mask,
    genres: Mask,
    years: npt.NDArray[np.int32],
    n: int,
    seed: int,
    settings: GridSettings = GridSettings(),
) -> Ints:
    """Sample `n` items out of the 500 best known (by `popularity`: votes or raters), spread over genres and decades.

    A stratum is the rarest genre of an item in its decade; large strata give more items than small ones, by the
    root of their size. The same seed gives the same grid.
    """
    pool = top_k(popularity, allowed, max(settings.best_known, n))
    items = pool[np.random.default_rng(seed).permutation(len(pool))]
    strata = _strata(genres[items], years[items])
    turn = np.empty(len(items))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        turn[members] = (np.arange(len(members)) + 0.5) / np.sqrt(len(members))
    return items[np.argsort(turn, kind="stable")[:n]]


def _strata(genres: Mask, years: npt.NDArray[np.int32]) -> Ints:
    """Return a number for each item's rarest genre and decade."""
    rarity = np.where(genres, genres.sum(axis=0), len(genres) + 1)
    rarest = rarity.argmin(axis=1) if genres.shape[1] else np.zeros(len(genres), dtype=np.int64)
    return np.asarray(rarest * 1_000 + years // 10, dtype=np.int64)
