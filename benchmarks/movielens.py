"""Reader of MovieLens datasets as arrays, in the layouts `.csv` and `.dat`, with MovieLens's own movie facts."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from movierec.recommender.engine.arrays import Mask
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.evaluation import ItemContent
from movierec.recommender.engine.movie_columns import build_movie_columns
from movierec.recommender.engine.rating_matrix import RatingMatrix, build_rating_matrix


@dataclass(frozen=True)
class MovieLens:
    """Ratings, and the genres and year (0: unknown) of each movie, in the order of the columns."""

    ratings: RatingMatrix
    genres: list[list[str]]
    years: npt.NDArray[np.int32]

    def item_content(self) -> ItemContent:
        """Return the content features of the movies from MovieLens's genres and years."""
        return ItemContent(
            ContentScorer(build_movie_columns(self.genres, self.years.tolist())), np.arange(len(self.years))
        )

    def genre_mask(self) -> Mask:
        """Return a matrix of movies × genres."""
        names = sorted({name for movie_genres in self.genres for name in movie_genres})
        return np.array([[name in movie_genres for name in names] for movie_genres in self.genres])


def default_folder() -> Path | None:
    folder = os.environ.get("MOVIEREC_TEST_DATA")
    return Path(folder) / "ml-latest-small" if folder else None


def read_movielens(folder: Path) -> MovieLens:
    """Read the dataset in a folder, of either layout."""
    old = (folder / "ratings.dat").exists()
    columns = _old_ratings(folder) if old else _ratings(folder)
    ratings = build_rating_matrix(columns[:, 0], columns[:, 1], columns[:, 2])
    movies = _old_movies(folder) if old else _movies(folder)
    titles_and_genres = [movies[movie_id] for movie_id in ratings.item_ids.tolist()]
    years = [re.search(r"\((\d{4})\)\s*$", title) for title, _ in titles_and_genres]
    genres = [
        [name for name in names.split("|") if not name.startswith("(")] for _, names in titles_and_genres
    ]
    return MovieLens(
        ratings, genres, np.array([int(year[1]) if year else 0 for year in years], dtype=np.int32)
    )


def _ratings(folder: Path) -> npt.NDArray[np.float64]:
    return np.loadtxt(folder / "ratings.csv", delimiter=",", skiprows=1, ndmin=2)


def _old_ratings(folder: Path) -> npt.NDArray[np.float64]:
    """Read lines of `userId::movieId::rating::timestamp`, without a header."""
    text = (folder / "ratings.dat").read_bytes().replace(b"::", b" ")
    return np.fromstring(text.decode("ascii"), dtype=np.float64, sep=" ").reshape(-1, 4)


def _movies(folder: Path) -> dict[int, tuple[str, str]]:
    with (folder / "movies.csv").open(encoding="utf-8", newline="") as file:
        return {int(line["movieId"]): (line["title"], line["genres"]) for line in csv.DictReader(file)}


def _old_movies(folder: Path) -> dict[int, tuple[str, str]]:
    """Read lines of `movieId::title::genres` in Latin-1, without a header."""
    lines = (folder / "movies.dat").read_text(encoding="latin-1").splitlines()
    rows = [line.split("::") for line in lines if line]
    return {int(film): (title, genres) for film, title, genres in rows}
