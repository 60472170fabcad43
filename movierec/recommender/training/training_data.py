"""Training data: the community's ratings as sparse histories over the catalogue, block by block."""

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
from movierec.recommender.engine.settings import ModelSettings
from movierec.recommender.serving.movie_index import MovieIndex

RATINGS_PER_BLOCK = 4_000_000
# Up to this number ratings stay in memory, 8 bytes each; more are read again whenever they are needed.
MAX_RATINGS_IN_MEMORY = 8_000_000


class RatingSource(Protocol):
    """A source of ratings for training. `ratings` and `raters` are known once `statistics` has run."""

    ratings: int
    raters: int

    def statistics(self, chosen: ModelSettings, progress: ProgressCallback) -> TrainingStatistics: ...

    def sample(self, items: Ints, ratings: int, seed: int) -> Csr: ...


class TrainingRatings:
    """All community ratings of movies in a catalogue; columns are the catalogue's items.

    `ratings` and `raters` count what the last complete read found. Each rater contributes at most the newest
    `history` ratings.
    """

    def __init__(self, catalogue: MovieIndex, history: int) -> None:
        self.catalogue, self.history = catalogue, history
        self.ratings = self.raters = 0
        self._in_memory: list[Csr] | None = None

    def blocks(self) -> Iterator[Csr]:
        """Yield stars (raters × items), whole histories, in blocks that fit into memory."""
        if self._in_memory is not None:
            yield from self._in_memory
            return
        ratings = raters = 0
        in_memory: list[Csr] = []
        for block in community.histories(RATINGS_PER_BLOCK):
            # Movies may have been deleted from the catalogue since the import.
            items = self.catalogue.items_of(block.movie_ids)
            is_present = items >= 0
            if not is_present.any():
                continue
            stars = self._stars(block, items, is_present)
            ratings += int(is_present.sum())
            raters += stars.shape[0]
            if ratings <= MAX_RATINGS_IN_MEMORY:
                in_memory.append(stars)
            else:
                in_memory.clear()
            yield stars
        self.ratings, self.raters = ratings, raters
        self._in_memory = in_memory if ratings <= MAX_RATINGS_IN_MEMORY else None

    def statistics(self, chosen: ModelSettings, progress: ProgressCallback) -> TrainingStatistics:
        return accumulate_statistics(self.blocks, len(self.catalogue), chosen, progress)

    def matrix(self) -> Csr:
        """Return all ratings in one matrix, for algorithms that cannot work block by block."""
        blocks = list(self.blocks())
        return as_csr(sparse.vstack(blocks, format="csr")) if blocks else self._empty()

    def sample(self, items: Ints, ratings: int, seed: int) -> Csr:
        """Return histories over some items, of all raters or of a random part with about `ratings` ratings."""
        rng = np.random.default_rng(seed)
        share = ratings / max(self.ratings, 1)
        chosen = []
        for stars in self.blocks():
            columns = as_csr(stars[:, items])
            chosen.append(columns if share >= 1 else columns[rng.random(columns.shape[0]) < share])
        return as_csr(sparse.vstack(chosen, format="csr")) if chosen else as_csr(self._empty()[:, items])

    def _stars(self, block: Ratings, items: Ints, is_present: Mask) -> Csr:
        raters = block.raters[is_present]
        # The ratings of one rater are adjacent.
        rows = np.cumsum(np.r_[False, raters[1:] != raters[:-1]])
        shape = (int(rows[-1]) + 1, len(self.catalogue))
        return rating_matrix.rating_rows(
            rows,
            items[is_present],
            block.stars[is_present],
            block.rated_at[is_present],
            shape,
            self.history,
        )

    def _empty(self) -> Csr:
        return as_csr(sparse.csr_array((0, len(self.catalogue)), dtype=np.float32))
