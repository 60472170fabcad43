"""Latency of scoring in memory, without database or HTTP.

`python -m benchmarks.serving [--films 20000] [--rated 5 20 100 500]`. The model is random, memory-mapped from files
as in a daemon. `top 20` is the least work of one list: the community's scores for the whole model, filters, the best
twenty. `list` is the served work: facts for what the community does not know, calibrated genres, and the reasons of
all twenty.
"""

from __future__ import annotations

import os

# Set as in the daemon; OpenBLAS reads it when it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from movierec.recommender.engine import ranking
from movierec.recommender.engine.blend import Blend
from movierec.recommender.engine.candidates import CandidateFilters, FilterColumns, candidate_mask
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.edlae import ItemMatrix
from movierec.recommender.engine.history import build_history
from movierec.recommender.engine.hybrid import CommunityModel, HybridScorer
from movierec.recommender.engine.movie_columns import build_movie_columns
from movierec.recommender.engine.settings import ModelSettings

GENRES = (
    "Action",
    "Comedy",
    "Documentary",
    "Drama",
    "Horror",
    "Romance",
    "Science Fiction",
    "War",
    "Western",
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--films", type=int, default=20_000)
    arguments.add_argument("--rated", type=int, nargs="+", default=[5, 20, 100, 500])
    arguments.add_argument("--times", type=int, default=300)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scorer = BenchmarkScorer(given.films, Path(folder))
        print(f"{'films':>7}{'rated':>7}  {'':<10}{'median ms':>10}{'p95 ms':>9}{'p99 ms':>9}")
        for rated in given.rated:
            for name, work in {"top 20": scorer.rank_top, "list": scorer.recommend}.items():
                report(given.films, rated, name, work, given.times)


class BenchmarkScorer:
    """A scorer over a model of random numbers, which take as long to multiply as any others."""

    def __init__(self, items: int, folder: Path) -> None:
        self.rng = np.random.default_rng(42)
        self.items = items
        raters = np.sort(self.rng.integers(5, 50_000, items))[::-1].copy()
        long, short = (random_matrix(self.rng, items, folder / f"{name}.npy") for name in ("long", "short"))
        self.blend = Blend(long, short, raters, np.sqrt(raters).astype(np.float32), ModelSettings())
        genres = [tuple(self.rng.choice(GENRES, 2, replace=False)) for _ in range(items)]
        years = self.rng.integers(1930, 2025, items).astype(np.int32)
        people = [[f"Director {number}"] for number in self.rng.integers(0, items // 4, items).tolist()]
        content = ContentScorer(build_movie_columns(genres, years.tolist(), directors=people, votes=raters))
        self.columns = FilterColumns(
            genres=np.array([[name in names for name in GENRES] for names in genres]),
            genre_names=GENRES,
            years=years,
            runtimes=np.full(items, 100, dtype=np.int32),
            votes=raters.astype(np.float32),
            adult=np.zeros(items, dtype=bool),
            languages=[frozenset({"en"})] * items,
        )
        self.genres = ranking.genre_shares(self.columns.genres)
        self.vectors = content.features.rows
        self.scorer = HybridScorer(content, CommunityModel(self.blend, np.arange(items), content))

    def rank_top(self, rated: int) -> None:
        items, stars = self._history(rated)
        scores = self.blend.fold_in(items, stars).scores
        allowed = candidate_mask(
            self.columns, CandidateFilters(exclude_genres=("War",), year_min=1950, min_votes=50), items
        )
        ranking.top_k(scores, allowed, 20)

    def recommend(self, rated: int) -> None:
        items, stars = self._history(rated)
        history = build_history(list(zip(items.tolist(), stars.tolist(), strict=True)))
        scored = self.scorer.score(history)
        best = ranking.rank_items(
            scored.scores,
            candidate_mask(self.columns, CandidateFilters(), items),
            20,
            vectors=self.vectors,
            genres=self.genres,
            target_mix=ranking.genre_mix(self.genres, items, stars),
            options=ranking.RankingOptions(),
        )
        scored.top_contributions(best, 3)
        scored.shared_facts(best)

    def _history(self, rated: int) -> tuple[np.ndarray, np.ndarray]:
        items = self.rng.choice(self.items, rated, replace=False)
        return items, (self.rng.integers(1, 11, rated) / 2).astype(np.float32)


def random_matrix(rng: np.random.Generator, items: int, path: Path) -> ItemMatrix:
    """Return a random matrix, memory-mapped from a file as a model's are."""
    values = np.lib.format.open_memmap(path, "w+", np.int8, (items, items))
    for start in range(0, items, 1_000):
        values[start : start + 1_000] = rng.integers(-4, 5, values[start : start + 1_000].shape)
    values.flush()
    ones = np.ones(items, dtype=np.float32)
    return ItemMatrix(np.asarray(np.load(path, mmap_mode="r")), ones, ones)


def report(items: int, rated: int, name: str, work: Callable[[int], None], times: int) -> None:
    milliseconds = []
    for _ in range(times + 20):
        started = time.perf_counter()
        work(rated)
        milliseconds.append((time.perf_counter() - started) * 1000)
    ordered = sorted(milliseconds[20:])
    p95, p99 = (ordered[int(len(ordered) * share)] for share in (0.95, 0.99))
    print(
        f"{items:>7,}{rated:>7}  {name:<10}{statistics.median(ordered):>10.2f}{p95:>9.2f}{p99:>9.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
