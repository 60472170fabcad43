"""The grid a newcomer taps on: well-known films of many kinds, sampled rather than ranked."""

import numpy as np
import numpy.typing as npt

from movierec.recommender.engine.arrays import Floats, Ints, Mask
from movierec.recommender.engine.ranking import top_k

# Answers about films that everybody has seen say little, and nobody knows the unknown ones.
BEST_KNOWN = 500


def sample_grid(
    known: Floats, allowed: Mask, genres: Mask, years: npt.NDArray[np.int32], n: int, seed: int
) -> Ints:
    """`n` films out of the 500 best known (by `known`: votes or raters), spread over genres and decades.

    A kind of film is its rarest genre in its decade; large kinds give more films than small ones, by the
    root of their size. The same seed gives the same grid.
    """
    pool = top_k(known, allowed, max(BEST_KNOWN, n))
    films = pool[np.random.default_rng(seed).permutation(len(pool))]
    kinds = _kinds(genres[films], years[films])
    turn = np.empty(len(films))
    for kind in np.unique(kinds):
        members = np.flatnonzero(kinds == kind)
        turn[members] = (np.arange(len(members)) + 0.5) / np.sqrt(len(members))
    return films[np.argsort(turn, kind="stable")[:n]]


def _kinds(genres: Mask, years: npt.NDArray[np.int32]) -> Ints:
    """A number for each film's rarest genre and decade."""
    rarity = np.where(genres, genres.sum(axis=0), len(genres) + 1)
    rarest = rarity.argmin(axis=1) if genres.shape[1] else np.zeros(len(genres), dtype=np.int64)
    return np.asarray(rarest * 1_000 + years // 10, dtype=np.int64)
