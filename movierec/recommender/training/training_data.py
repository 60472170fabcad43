"""The community's ratings as training sees them: histories over the catalogue's films, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from scipy import sparse

from movierec import community
from movierec.community.blocks import Ratings
from movierec.recommender.engine import rating_matrix
from movierec.recommender.engine.arrays import Csr, Ints, Mask, as_csr
from movierec.recommender.engine.model import ProgressCallback, TrainingStatistics, accumulate_statistics
from movierec.recommender.engine.settings import Settings
from movierec.recommender.serving.movie_index import MovieIndex

RATINGS_PER_BLOCK = 4_000_000
# So many are kept in memory, 8 bytes each; more are read again whenever they are needed.
MAX_RATINGS_IN_MEMORY = 8_000_000


class RatingSource(Protocol):
    """Where training takes its ratings from. `ratings` and `raters` are known once the statistics are."""

    ratings: int
    raters: int

    def statistics(self, chosen: Settings, progress: ProgressCallback) -> TrainingStatistics: ...

    def sample(self, films: Ints, ratings: int, seed: int) -> Csr: ...


class TrainingRatings:
    """All community ratings of films of a catalogue; columns are the films' numbers there.

    `ratings` and `raters` tell how many were found the last time that all were read. Of one rater only the
    newest `history` ratings are given.
    """

    def __init__(self, catalogue: MovieIndex, history: int) -> None:
        self.catalogue, self.history = catalogue, history
        self.ratings = self.raters = 0
        self._kept: list[Csr] | None = None

    def blocks(self) -> Iterator[Csr]:
        """Stars (raters × films), whole histories, in blocks that fit into memory whatever their number."""
        if self._kept is not None:
            yield from self._kept
            return
        ratings = raters = 0
        kept: list[Csr] = []
        for found in community.histories(RATINGS_PER_BLOCK):
            # A film may have left the catalogue since.
            films = self.catalogue.items_of(found.movie_ids)
            known = films >= 0
            if not known.any():
                continue
            stars = self._stars(found, films, known)
            ratings += int(known.sum())
            raters += stars.shape[0]
            if ratings <= MAX_RATINGS_IN_MEMORY:
                kept.append(stars)
            else:
                kept.clear()
            yield stars
        self.ratings, self.raters = ratings, raters
        self._kept = kept if ratings <= MAX_RATINGS_IN_MEMORY else None

    def statistics(self, chosen: Settings, progress: ProgressCallback) -> TrainingStatistics:
        return accumulate_statistics(self.blocks, len(self.catalogue), chosen, progress)

    def matrix(self) -> Csr:
        """All of it in one, for what cannot do with less."""
        found = list(self.blocks())
        return as_csr(sparse.vstack(found, format="csr")) if found else self._nothing()

    def sample(self, films: Ints, ratings: int, seed: int) -> Csr:
        """Histories over some films of all raters, or of so many of them that about `ratings` are left."""
        rng = np.random.default_rng(seed)
        share = ratings / max(self.ratings, 1)
        chosen = []
        for stars in self.blocks():
            columns = as_csr(stars[:, films])
            chosen.append(columns if share >= 1 else columns[rng.random(columns.shape[0]) < share])
        return as_csr(sparse.vstack(chosen, format="csr")) if chosen else as_csr(self._nothing()[:, films])

    def _stars(self, found: Ratings, films: Ints, known: Mask) -> Csr:
        raters = found.raters[known]
        # A rater's ratings stand together.
        rows = np.cumsum(np.r_[False, raters[1:] != raters[:-1]])
        shape = (int(rows[-1]) + 1, len(self.catalogue))
        return rating_matrix.rating_rows(
            rows, films[known], found.stars[known], found.rated_at[known], shape, self.history
        )

    def _nothing(self) -> Csr:
        return as_csr(sparse.csr_array((0, len(self.catalogue)), dtype=np.float32))
