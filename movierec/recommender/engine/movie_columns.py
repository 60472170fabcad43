"""Facts of the catalogue as plain columns, one entry for each item: the input of the content scorer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NameLists = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class MovieColumns:
    """Facts of items 0..n−1, in catalogue order. Empty lists and zeros where nothing is known.

    `rating` is the mean vote or the critics' score on a scale of 0–10 (NaN if none), `votes` the number of votes or
    reviews behind it, in whatever unit: only their order of size matters.
    """

    genres: NameLists
    years: npt.NDArray[np.int32]
    languages: NameLists
    countries: NameLists
    directors: NameLists
    writers: NameLists
    cast: NameLists
    keywords: NameLists
    series: NameLists
    rating: npt.NDArray[np.float32]
    votes: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.years)


def build_movie_columns(
    genres: NameLists,
    years: Sequence[int],
    *,
    languages: NameLists | None = None,
    countries: NameLists | None = None,
    directors: NameLists | None = None,
    writers: NameLists | None = None,
    cast: NameLists | None = None,
    keywords: NameLists | None = None,
    series: NameLists | None = None,
    rating: npt.ArrayLike | None = None,
    votes: npt.ArrayLike | None = None,
) -> MovieColumns:
    """Build the columns; an argument left out is unknown for every item."""
    nothing: NameLists = [()] * len(years)
    return MovieColumns(
        genres=genres,
        years=np.asarray(years, dtype=np.int32),
        languages=languages or nothing,
        countries=countries or nothing,
        directors=directors or nothing,
        writers=writers or nothing,
        cast=cast or nothing,
        keywords=keywords or nothing,
        series=series or nothing,
        rating=np.full(len(years), np.nan, np.float32) if rating is None else np.asarray(rating, np.float32),
        votes=np.zeros(len(years), np.float32) if votes is None else np.asarray(votes, np.float32),
    )
