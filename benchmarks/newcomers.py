"""How good the first list is by how a newcomer begins: naming loved films, or tapping the quickstart's grid.

`python -m benchmarks.newcomers [FOLDER]`: users held out of a MovieLens dataset, NDCG@100 beside popularity.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import sparse

from benchmarks.movielens import default_folder, read_movielens
from movierec.recommender.engine import evaluation, rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask, as_csr
from movierec.recommender.engine.onboarding_grid import sample_grid
from movierec.recommender.engine.reference_models import popularity

GRID, ANSWERS = 100, 10
# What is known of one user: from films, stars and the user's number to the films and stars that are told.
KnownRatings = Callable[[Ints, Floats, int], tuple[Ints, Floats]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path, nargs="?")
    folder = arguments.parse_args().folder or default_folder()
    if folder is None:
        print("No dataset: name a folder, or set MOVIEREC_TEST_DATA to one that holds ml-latest-small.")
        return
    data = read_movielens(folder)
    served, genres = evaluation.served_model(data.films()), data.genre_mask()
    found: dict[str, list[float]] = {}
    for seed in evaluation.SEEDS:
        parts = evaluation.split_users(data.ratings.ratings, seed)
        scores = served(parts.train)
        known = rating_matrix.rater_counts(parts.train).astype(np.float32)
        ways: dict[str, KnownRatings] = {f"{n} loved films named": named(n, known) for n in (1, 3, 5, 10)}
        ways[f"grid of {GRID}, {ANSWERS} answers at most"] = tapped(known, genres, data.years)
        for name, told in ways.items():
            found.setdefault(name, []).append(measured(scores, parts, told))
        found.setdefault("popularity", []).append(measured(popularity(parts.train), parts, named(0, known)))
    usual = float(np.mean(found["popularity"]))
    for name, values in found.items():
        print(f"{name:<34}{np.mean(values):>8.3f}{np.mean(values) / usual:>8.2f} x popularity")


def measured(scores: Callable[[Csr], Floats], parts: evaluation.UserSplit, told: KnownRatings) -> float:
    histories = [told(films, stars, user) for user, (films, stars) in enumerate(parts.histories)]
    ends = np.cumsum([0, *(len(films) for films, _ in histories)])
    films = np.concatenate([films for films, _ in histories])
    stars = np.concatenate([stars for _, stars in histories])
    shape = (len(histories), parts.train.shape[1])
    rows = as_csr(sparse.csr_array((stars, films, ends), shape=shape))
    return evaluation.measure_ranking(scores(rows), parts).ndcg_100


def named(count: int, known: Floats) -> KnownRatings:
    """The best liked ones come to mind, of those the best known."""

    def told(films: Ints, stars: Floats, user: int) -> tuple[Ints, Floats]:
        order = np.lexsort((-known[films], -stars))[:count]
        return films[order], np.full(len(order), 5.0, dtype=np.float32)

    return told


def tapped(known: Floats, genres: Mask, years: Ints) -> KnownRatings:
    """Those of the grid that the user has rated, with their stars."""
    everything = np.ones(len(known), dtype=bool)

    def told(films: Ints, stars: Floats, user: int) -> tuple[Ints, Floats]:
        shown = sample_grid(known, everything, genres, years, GRID, seed=user)
        place = {film: number for number, film in enumerate(shown.tolist())}
        seen = [i for i, film in enumerate(films.tolist()) if film in place]
        seen.sort(key=lambda i: place[int(films[i])])
        return films[seen[:ANSWERS]], stars[seen[:ANSWERS]]

    return told


if __name__ == "__main__":
    main()
