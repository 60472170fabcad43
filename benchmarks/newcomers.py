"""Quality of a newcomer's first list, after naming loved movies or after answering the quickstart grid.

`python -m benchmarks.newcomers [FOLDER]`: users held out of a MovieLens dataset, NDCG@100 beside popularity.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks.movielens import default_folder, read_movielens
from movierec.recommender.engine import evaluation, rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask, as_csr
from movierec.recommender.engine.onboarding_grid import sample_grid
from movierec.recommender.engine.reference_models import popularity

GRID, ANSWERS = 100, 10
# The first ratings of one user, from items and stars of the whole history and the user's number.
KnownRatings = Callable[[Ints, Floats, int], tuple[Ints, Floats]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path, nargs="?")
    folder = arguments.parse_args().folder or default_folder()
    if folder is None:
        print("No dataset: name a folder, or set MOVIEREC_TEST_DATA to one that holds ml-latest-small.")
        return
    data = read_movielens(folder)
    served, genres = evaluation.served_model(data.item_content()), data.genre_mask()
    ndcg: dict[str, list[float]] = {}
    for seed in evaluation.SEEDS:
        split = evaluation.split_users(data.ratings.ratings, seed)
        scores = served(split.train)
        raters = rating_matrix.rater_counts(split.train).astype(np.float32)
        starts: dict[str, KnownRatings] = {
            f"{count} loved films named": loved_movies(count, raters) for count in (1, 3, 5, 10)
        }
        starts[f"grid of {GRID}, {ANSWERS} answers at most"] = grid_answers(raters, genres, data.years)
        for name, first_ratings in starts.items():
            ndcg.setdefault(name, []).append(measure(scores, split, first_ratings))
        baseline = measure(popularity(split.train), split, loved_movies(0, raters))
        ndcg.setdefault("popularity", []).append(baseline)
    baseline = float(np.mean(ndcg["popularity"]))
    for name, values in ndcg.items():
        print(f"{name:<34}{np.mean(values):>8.3f}{np.mean(values) / baseline:>8.2f} x popularity")


def measure(
    scores: Callable[[Csr], Floats], split: evaluation.UserSplit, first_ratings: KnownRatings
) -> float:
    """Return NDCG@100 of lists made from the first ratings of every test user."""
    histories = [first_ratings(items, stars, user) for user, (items, stars) in enumerate(split.histories)]
    ends = np.cumsum([0, *(len(items) for items, _ in histories)])
    items = np.concatenate([items for items, _ in histories])
    stars = np.concatenate([stars for _, stars in histories])
    shape = (len(histories), split.train.shape[1])
    rows = as_csr(sparse.csr_array((stars, items, ends), shape=shape))
    return evaluation.measure_ranking(scores(rows), split).ndcg_100


def loved_movies(count: int, raters: Floats) -> KnownRatings:
    """Simulate naming loved movies: the best rated ones, the best known first, at five stars."""

    def first_ratings(items: Ints, stars: Floats, user: int) -> tuple[Ints, Floats]:
        order = np.lexsort((-raters[items], -stars))[:count]
        return items[order], np.full(len(order), 5.0, dtype=np.float32)

    return first_ratings


def grid_answers(raters: Floats, genres: Mask, years: npt.NDArray[np.int32]) -> KnownRatings:
    """Simulate answering the grid: its movies that the user has rated, with their stars."""
    everything = np.ones(len(raters), dtype=bool)

    def first_ratings(items: Ints, stars: Floats, user: int) -> tuple[Ints, Floats]:
        grid = sample_grid(raters, everything, genres, years, GRID, seed=user)
        order_in_grid = {item: order for order, item in enumerate(grid.tolist())}
        rated = [index for index, item in enumerate(items.tolist()) if item in order_in_grid]
        rated.sort(key=lambda index: order_in_grid[int(items[index])])
        return items[rated[:ANSWERS]], stars[rated[:ANSWERS]]

    return first_ratings


if __name__ == "__main__":
    main()
