"""Candidate generation: filters and exclusions, before anything is ranked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movierec.recommender.engine.arrays import Floats, Ints, Mask


@dataclass(frozen=True, slots=True)
class FilterColumns:
    """Columns that filters read, one entry for each item; zeros where unknown.

    `genres` is items × genres; `languages` holds one set of language codes or names for each item.
    """

    genres: Mask
    genre_names: tuple[str, ...]
    years: npt.NDArray[np.int32]
    runtimes: npt.NDArray[np.int32]
    votes: Floats
    adult: Mask
    languages: Sequence[frozenset[str]]

    def __len__(self) -> int:
        return len(self.years)


@dataclass(frozen=True, slots=True)
class CandidateFilters:
    """Filters of a request. Unknown facts never pass a filter on them; names ignore case."""

    genres: tuple[str, ...] = ()
    exclude_genres: tuple[str, ...] = ()
    year_min: int | None = None
    year_max: int | None = None
    language: str | None = None
    min_votes: int = 0
    runtime_max: int | None = None
    adult: bool = False


def candidate_mask(
    columns: FilterColumns, filters: CandidateFilters, excluded: Ints, only: Ints | None = None
) -> Mask:
    """Return True for each item that may be recommended; `only` restricts them to a list such as the watchlist."""
    allowed = np.ones(len(columns), dtype=bool)
    if only is not None:
        allowed[:] = False
        allowed[only] = True
    if not filters.adult:
        allowed &= ~columns.adult
    for name in filters.genres:
        allowed &= _has_genre(columns, name)
    for name in filters.exclude_genres:
        allowed &= ~_has_genre(columns, name)
    if filters.year_min is not None or filters.year_max is not None:
        allowed &= _between(columns.years, filters.year_min, filters.year_max)
    if filters.runtime_max is not None:
        allowed &= _between(columns.runtimes, None, filters.runtime_max)
    if filters.min_votes > 0:
        allowed &= columns.votes >= filters.min_votes
    if filters.language is not None:
        language = filters.language.casefold()
        matches = (any(language == name.casefold() for name in names) for names in columns.languages)
        allowed &= np.fromiter(matches, dtype=bool, count=len(columns))
    allowed[excluded] = False
    return allowed


def _has_genre(columns: FilterColumns, genre: str) -> Mask:
    for column, name in enumerate(columns.genre_names):
        if name.casefold() == genre.casefold():
            return columns.genres[:, column]
    return np.zeros(len(columns), dtype=bool)


def _between(values: npt.NDArray[np.int32], lower: int | None, upper: int | None) -> Mask:
    inside: Mask = values > 0
    if lower is not None:
        inside &= values >= lower
    if upper is not None:
        inside &= values <= upper
    return inside
