"""Facts as vectors: IDF-weighted within a kind of fact, each kind normalised, so that forty actors do not
outweigh a director."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Ints, as_csr, csr_row, csr_rows, stack_rows
from movierec.recommender.engine.movie_columns import MovieColumns, NameLists

# What one kind of fact counts for when two films are compared; a cosine sums the squares.
KIND_WEIGHTS = {
    "genre": 0.85,
    "mix": 0.3,
    "decade": 0.72,
    "language": 0.8,
    "spoken": 0.2,
    "country": 0.35,
    "director": 0.85,
    "writer": 0.5,
    "actor": 0.6,
    "keyword": 0.7,
    "series": 0.7,
}
# Most films are no part of a series and speak one language: nothing is missing.
OPTIONAL = frozenset({"series", "spoken"})
# Rarity (IDF) from which on a kind of fact counts in full: that a film is in English says next to nothing.
TELLING = {"genre": 0.5, "language": 2.5, "spoken": 2.5, "country": 2.5}
# What a genre says of a film beyond its rarity: horror is horror, but anything may be filed under mystery.
# A pair of genres says as much as the vaguer of both.
GENRE_SAYS = {
    "animation": 1.5,
    "children": 1.3,
    "documentary": 1.5,
    "horror": 1.6,
    "musical": 1.3,
    "sci-fi": 1.4,
    "science fiction": 1.4,
    "war": 1.3,
    "western": 1.5,
    "adventure": 0.8,
    "biography": 0.8,
    "crime": 0.8,
    "drama": 0.5,
    "fantasy": 0.8,
    "history": 0.6,
    "mystery": 0.6,
    "thriller": 0.8,
}
# A film of which little is known must not look like the twin of every film that shares the little.
MISSING = 0.35


@dataclass(frozen=True, slots=True)
class Features:
    """Unit vectors of films (F × facts), which fact each column stands for, and each film's year.

    `rarity` says how telling each fact is: its IDF, for genres times what they say beyond it.
    """

    rows: Csr
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    rarity: npt.NDArray[np.float32]
    years: npt.NDArray[np.int32]
    # The column of each (kind, name).
    columns: dict[tuple[str, str], int]

    def of(self, film: int) -> tuple[Ints, npt.NDArray[np.float32]]:
        """The facts of one film: columns and values."""
        return csr_row(self.rows, film)

    def worth(self, films: Ints, values: npt.NDArray[np.float32]) -> list[list[tuple[str, str, float]]]:
        """(kind, name, value) of each film's facts by their value in `values` (one for each column), best first.

        Of the two decades a year belongs to only the film's own is named.
        """
        rows = csr_rows(self.rows, films)
        worth = rows.values * values[rows.columns]
        order = np.lexsort((-worth, np.repeat(np.arange(len(films)), rows.lengths)))
        columns, worths = rows.columns[order].tolist(), worth[order].tolist()
        found, end = [], 0
        for year, length in zip(self.years[films].tolist(), rows.lengths.tolist(), strict=True):
            start, end = end, end + length
            decade = f"{year // 10 * 10}s"
            found.append(
                [
                    (self.kinds[column], self.names[column], value)
                    for column, value in zip(columns[start:end], worths[start:end], strict=True)
                    if value > 0 and (self.kinds[column] != "decade" or self.names[column] == decade)
                ]
            )
        return found

    def named(self, film: int, kind: str) -> list[str]:
        """The facts of one kind of a film."""
        columns, _ = self.of(film)
        return [self.names[column] for column in columns if self.kinds[column] == kind]

    def updated(self, fresh: MovieColumns, take: Ints) -> Features:
        """These of a changed catalogue: its films are those of here and then of `fresh`, in the order `take`.

        Facts that are here stay as rare as they were; new ones get columns behind the others.
        """
        columns = self.columns.copy()
        parts, kinds, rarities, places = [], list(self.kinds), [self.rarity], []
        for kind, (rows, vocabulary) in _facts_by_kind(fresh).items():
            found = [columns.setdefault((kind, name), len(columns)) for name in vocabulary]
            # What was here before keeps its rarity.
            rarity, place = _rarity(kind, rows, vocabulary, len(self.years)), np.array(found, dtype=np.int64)
            old = place < len(self.kinds)
            rarity[old] = self.rarity[place[old]]
            parts.append((kind, _weighted(kind, rows, rarity)))
            kinds += [kind] * int((~old).sum())
            rarities.append(rarity[~old])
            places += found
        narrow = _unit(parts)
        wide = (narrow.data, np.array(places, dtype=np.int64)[narrow.indices], narrow.indptr)
        return Features(
            rows=stack_rows(self.rows, as_csr(wide, (narrow.shape[0], len(columns))), take),
            kinds=tuple(kinds),
            names=(*self.names, *(name for _, name in list(columns)[len(self.names) :])),
            rarity=np.concatenate(rarities),
            years=np.r_[self.years, fresh.years][take],
            columns=columns,
        )


def build_features(facts: MovieColumns) -> Features:
    """The feature vectors of all films."""
    kinds: list[str] = []
    names: list[str] = []
    rarities: list[npt.NDArray[np.float32]] = []
    parts: list[tuple[str, Csr]] = []
    for kind, (rows, vocabulary) in _facts_by_kind(facts).items():
        rarity = _rarity(kind, rows, vocabulary, rows.shape[0])
        parts.append((kind, _weighted(kind, rows, rarity)))
        kinds += [kind] * len(vocabulary)
        names += vocabulary
        rarities.append(rarity)
    return Features(
        rows=_unit(parts),
        kinds=tuple(kinds),
        names=tuple(names),
        rarity=np.concatenate(rarities),
        years=facts.years,
        columns={fact: column for column, fact in enumerate(zip(kinds, names, strict=True))},
    )


def _facts_by_kind(facts: MovieColumns) -> dict[str, tuple[Csr, list[str]]]:
    """Films × names of each kind of fact, and the names."""
    return {
        "genre": _named(facts.genres),
        "mix": _named([_pairs(genres) for genres in facts.genres]),
        "decade": _decades(facts.years),
        # A few Spanish words do not make a comedy of London one of Spain.
        "language": _named([languages[:1] for languages in facts.languages]),
        "spoken": _named([languages[1:] for languages in facts.languages]),
        "country": _named(facts.countries),
        "director": _named(facts.directors),
        "writer": _named(facts.writers),
        "actor": _named(facts.cast),
        "keyword": _named(facts.keywords),
        "series": _named(facts.series),
    }


def _genre_says(name: str) -> float:
    """Of one genre, or of two joined by a plus."""
    return min(GENRE_SAYS.get(genre.casefold(), 1.0) for genre in name.split("+"))


def _named(lists: NameLists) -> tuple[Csr, list[str]]:
    """Films × names, ones where a film has the name."""
    flat = list(chain.from_iterable(lists))
    column = {name: place for place, name in enumerate(dict.fromkeys(flat))}
    indices = np.fromiter(map(column.__getitem__, flat), dtype=np.int64, count=len(flat))
    ends = np.r_[0, np.cumsum(np.fromiter(map(len, lists), dtype=np.int64, count=len(lists)))]
    shape = (len(lists), len(column))
    rows = as_csr(sparse.csr_array((np.ones(len(flat), dtype=np.float32), indices, ends), shape=shape))
    rows.data[:] = 1.0  # a name given twice counts once
    return rows, list(column)


def _pairs(genres: Sequence[str]) -> list[str]:
    """Genres taken two by two: horror with science fiction is a kind of its own."""
    ordered = sorted(set(genres))
    return [f"{one}+{other}" for i, one in enumerate(ordered) for other in ordered[i + 1 :]]


def _decades(years: npt.NDArray[np.int32]) -> tuple[Csr, list[str]]:
    """Each year lies between the middles of two decades and belongs a little to both: 1979 is near 1980."""
    known = np.flatnonzero(years > 0)
    if not len(known):
        return as_csr(sparse.csr_array((len(years), 0), dtype=np.float32)), []
    place = (years[known] - 5.0) / 10.0
    lower = np.floor(place).astype(np.int64)
    share = (place - lower).astype(np.float32)
    first = int(lower.min())
    rows = sparse.csr_array(
        (np.r_[1 - share, share], (np.r_[known, known], np.r_[lower, lower + 1] - first)),
        shape=(len(years), int(lower.max()) + 2 - first),
    )
    return as_csr(rows), [f"{10 * (first + i)}s" for i in range(rows.shape[1])]


def _rarity(kind: str, rows: Csr, names: Sequence[str], films: int) -> npt.NDArray[np.float32]:
    """Of each fact, for a catalogue of so many films."""
    seen = np.bincount(rows.indices, minlength=rows.shape[1])
    rarity: npt.NDArray[np.float32] = np.log((films + 1.0) / (seen + 0.5)).astype(np.float32)
    if kind in ("genre", "mix"):
        rarity *= np.array([_genre_says(name) for name in names], dtype=np.float32)
    return rarity


def _weighted(kind: str, rows: Csr, rarity: npt.NDArray[np.float32]) -> Csr:
    rows.data *= rarity[rows.indices]
    return _telling(rows, TELLING.get(kind, 0.0))


def _lengths(rows: Csr) -> npt.NDArray[np.float32]:
    return np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), dtype=np.float32)).ravel()


def _telling(rows: Csr, telling: float) -> Csr:
    """Rows of length 1, shorter where all their facts are commoner than `telling`."""
    lengths = _lengths(rows)
    scaled = rows.copy()
    scaled.data = rows.data / np.repeat(
        np.where(lengths > 0, np.maximum(lengths, telling), 1), np.diff(rows.indptr)
    )
    return scaled


def normalise_rows(rows: Csr) -> Csr:
    """Each row divided by its length."""
    scaled = as_csr(rows)
    scaled.data = scaled.data / np.repeat(np.maximum(_lengths(scaled), 1e-6), np.diff(scaled.indptr))
    return scaled


def _unit(parts: list[tuple[str, Csr]]) -> Csr:
    """All kinds side by side; vectors are shorter than 1 by what is missing."""
    square, missing = np.zeros((2, parts[0][1].shape[0]), dtype=np.float32)
    weighted = []
    for kind, part in parts:
        weight = np.float32(KIND_WEIGHTS[kind])
        weighted.append(part * weight)
        square += _lengths(weighted[-1]) ** 2
        if kind not in OPTIONAL:
            missing[np.diff(part.indptr) == 0] += weight**2
    rows = as_csr(sparse.hstack(weighted, format="csr"))
    length = np.sqrt(square + np.float32(MISSING) * missing)
    rows.data = rows.data / np.repeat(np.maximum(length, np.float32(1e-6)), np.diff(rows.indptr))
    return rows
