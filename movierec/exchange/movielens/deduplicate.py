"""Deduplication of ratings of any number and order in bounded memory, partitioned on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from movierec.exchange.movielens.ratings import RATING_DTYPE, Ratings

RATINGS_PER_PART = 250_000
MAXIMUM_PARTS = 256


class UniqueRatings:
    """Accepts ratings in any order and returns them by rater, for each movie only the latest.

    Raters are partitioned into anonymous temporary files, which disappear with the process. Each fits into memory.
    `expected` is an estimate.
    """

    def __init__(self, scratch: Path, expected: int) -> None:
        parts = min(max(1, expected // RATINGS_PER_PART), MAXIMUM_PARTS)
        # Closed by __exit__, all of them.
        self._files = [tempfile.TemporaryFile(dir=scratch) for _ in range(parts)]  # noqa: SIM115
        self._is_unique = False

    def __enter__(self) -> UniqueRatings:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()

    def add(self, ratings: Ratings) -> None:
        if len(self._files) == 1:
            self._files[0].write(ratings.tobytes())
            return
        part = ratings["rater"] % len(self._files)
        order = np.argsort(part, kind="stable")
        ends = np.searchsorted(part[order], np.arange(len(self._files) + 1))
        ordered = ratings[order]
        for file, start, stop in zip(self._files, ends, ends[1:], strict=False):
            file.write(ordered[start:stop].tobytes())

    def parts(self) -> Iterator[Ratings]:
        """Yield the unique ratings, sorted by rater and movie within a part; no rater is in two parts.

        Can be read to the end any number of times; nothing can be added afterwards.
        """
        for file in self._files:
            file.seek(0)
            ratings = np.frombuffer(file.read(), dtype=RATING_DTYPE)
            if not self._is_unique:
                ratings = _unique(ratings)
                file.seek(0)
                file.truncate()
                file.write(ratings.tobytes())
            yield ratings
        self._is_unique = True


def _unique(ratings: Ratings) -> Ratings:
    """Keep the latest rating of each rater and movie; among equal times the last one added (the sort is stable)."""
    order = np.lexsort((ratings["rated_at"], ratings["item"], ratings["rater"]))
    ordered = ratings[order]
    pair = ordered["rater"].astype(np.int64) << 32 | ordered["item"]
    last = np.ones(len(pair), dtype=bool)
    last[:-1] = pair[1:] != pair[:-1]
    return ordered[last]
