"""Fixtures: a small invented community, and MovieLens if the test data has it."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, as_csr
from movierec.recommender.engine.movie_columns import MovieColumns, build_movie_columns
from movierec.recommender.engine.rating_matrix import RatingMatrix, build_rating_matrix


@pytest.fixture(scope="session")
def community() -> Csr:
    """120 users, 40 films: even users like films 0–19 and rate some of 20–39 low, odd users the reverse."""
    rng = np.random.default_rng(7)
    stars = np.zeros((120, 40), dtype=np.float32)
    for user in range(120):
        liked = np.arange(20) + 20 * (user % 2)
        stars[user, rng.choice(liked, 10, replace=False)] = rng.choice([4.0, 4.5, 5.0], 10)
        stars[user, rng.choice((liked + 20) % 40, 2, replace=False)] = rng.choice([0.5, 1.0, 2.0], 2)
    return as_csr(sparse.csr_array(stars))


@pytest.fixture(scope="session")
def movielens_ratings(movielens: Path) -> RatingMatrix:
    """The ratings of MovieLens latest-small."""
    columns = np.loadtxt(movielens / "ratings.csv", delimiter=",", skiprows=1)
    return build_rating_matrix(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3])


@pytest.fixture(scope="session")
def movielens_facts(movielens: Path, movielens_ratings: RatingMatrix) -> MovieColumns:
    """Genres and years of the rated movies in MovieLens, in the order of the columns."""
    with (movielens / "movies.csv").open(encoding="utf-8", newline="") as file:
        lines = {int(line["movieId"]): line for line in csv.DictReader(file)}
    movies = [lines[movie_id] for movie_id in movielens_ratings.item_ids.tolist()]
    years = [re.search(r"\((\d{4})\)\s*$", movie["title"]) for movie in movies]
    return build_movie_columns(
        [[genre for genre in movie["genres"].split("|") if not genre.startswith("(")] for movie in movies],
        [int(year[1]) if year else 0 for year in years],
    )


def row(stars: dict[int, float], columns: int = 40) -> Csr:
    """Return one history as a sparse row."""
    indices = list(stars)
    return as_csr(([stars[item] for item in indices], ([0] * len(indices), indices)), (1, columns))
