"""A MovieLens dataset as arrays, csv or dat with `::`, and the facts that MovieLens itself has."""

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
    """Ratings, and of each of its films (in the order of its columns) genres and year, 0 where unknown."""

    ratings: RatingMatrix
    genres: list[list[str]]
    years: npt.NDArray[np.int32]

    def films(self) -> ItemContent:
        """What MovieLens knows of its films."""
        return ItemContent(
            ContentScorer(build_movie_columns(self.genres, self.years.tolist())), np.arange(len(self.years))
        )

    def genre_mask(self) -> Mask:
        """Films × genres."""
        names = sorted({name for found in self.genres for name in found})
        return np.array([[name in found for name in names] for found in self.genres])


def default_folder() -> Path | None:
    found = os.environ.get("MOVIEREC_TEST_DATA")
    return Path(found) / "ml-latest-small" if found else None


def read_movielens(folder: Path) -> MovieLens:
    """The dataset in a folder, of either layout."""
    old = (folder / "ratings.dat").exists()
    columns = _old_ratings(folder) if old else _ratings(folder)
    ratings = build_rating_matrix(columns[:, 0], columns[:, 1], columns[:, 2])
    found = _old_movies(folder) if old else _movies(folder)
    films = [found[film] for film in ratings.item_ids.tolist()]
    years = [re.search(r"\((\d{4})\)\s*$", title) for title, _ in films]
    genres = [[name for name in names.split("|") if not name.startswith("(")] for _, names in films]
    return MovieLens(
        ratings, genres, np.array([int(year[1]) if year else 0 for year in years], dtype=np.int32)
    )


def _ratings(folder: Path) -> npt.NDArray[np.float64]:
    return np.loadtxt(folder / "ratings.csv", delimiter=",", skiprows=1, ndmin=2)


def _old_ratings(folder: Path) -> npt.NDArray[np.float64]:
    """`userId::movieId::rating::timestamp`, without a header."""
    text = (folder / "ratings.dat").read_bytes().replace(b"::", b" ")
    return np.fromstring(text.decode("ascii"), dtype=np.float64, sep=" ").reshape(-1, 4)


def _movies(folder: Path) -> dict[int, tuple[str, str]]:
    with (folder / "movies.csv").open(encoding="utf-8", newline="") as file:
        return {int(line["movieId"]): (line["title"], line["genres"]) for line in csv.DictReader(file)}


def _old_movies(folder: Path) -> dict[int, tuple[str, str]]:
    """`movieId::title::genres` in Latin-1, without a header."""
    lines = (folder / "movies.dat").read_text(encoding="latin-1").splitlines()
    rows = [line.split("::") for line in lines if line]
    return {int(film): (title, genres) for film, title, genres in rows}
