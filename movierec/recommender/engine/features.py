"""Feature vectors of items by their facts: IDF-weighted within a kind of fact, each kind normalised, so that forty
actors do not outweigh a director."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy import sparse

from movierec.recommender.engine.arrays import Csr, Floats, Ints, as_csr, csr_row, csr_rows, stack_rows
from movierec.recommender.engine.movie_columns import MovieColumns, NameLists
from movierec.recommender.engine.settings import FeatureSettings


@dataclass(frozen=True, slots=True)
class Features:
    """Feature vectors of items (items × facts), at most 1 long, with the fact of each column.

    For an item i and a fact f of kind k:

    - `rarity(f) = ln((N + 1) / (n_f + ½))` for n_f of N items, for genres times `genre_factors`
    - `x_k = rarity / max(‖rarity‖, full_rarity_k)` over the item's facts of the kind, so that a kind whose facts are
      all common is shorter than 1
    - `vector = [kind_weight_k · x_k for every k] / √(Σ ‖kind_weight_k · x_k‖² + missing · Σ kind_weight_k²)`, the
      second sum over the kinds of which nothing is known

    Each year belongs to two decades, in proportion to the distance from their middles. `rarity` holds one number for
    each column, `years` one for each item, and `columns` the column of each (kind, name).
    """

    rows: Csr
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    rarity: Floats
    years: npt.NDArray[np.int32]
    columns: dict[tuple[str, str], int]
    settings: FeatureSettings = field(default_factory=FeatureSettings)

    def row(self, item: int) -> tuple[Ints, Floats]:
        """Return the facts of one item: columns and values."""
        return csr_row(self.rows, item)

    def ranked_facts(self, items: Ints, values: Floats) -> list[list[tuple[str, str, float]]]:
        """Return (kind, name, value) of each item's facts, largest value first; `values` has one for each column.

        Of the two decades that a year belongs to only the item's own is listed.
        """
        rows = csr_rows(self.rows, items)
        products = rows.values * values[rows.columns]
        order = np.lexsort((-products, np.repeat(np.arange(len(items)), rows.lengths)))
        columns, ordered = rows.columns[order].tolist(), products[order].tolist()
        ranked, end = [], 0
        for year, length in zip(self.years[items].tolist(), rows.lengths.tolist(), strict=True):
            start, end = end, end + length
            decade = f"{year // 10 * 10}s"
            ranked.append(
                [
                    (self.kinds[column], self.names[column], value)
                    for column, value in zip(columns[start:end], ordered[start:end], strict=True)
                    if value > 0 and (self.kinds[column] != "decade" or self.names[column] == decade)
                ]
            )
        return ranked

    def names_of_kind(self, item: int, kind: str) -> list[str]:
        """Return the names of an item's facts of one kind."""
        columns, _ = self.row(item)
        return [self.names[column] for column in columns if self.kinds[column] == kind]

    def with_changes(self, fresh: MovieColumns, take: Ints) -> Features:
        """Return the features of a changed catalogue: the rows `take` of these items followed by those of `fresh`.

        Existing facts keep their rarity; new ones get columns behind the others.
        """
        columns = self.columns.copy()
        parts, kinds, rarities, column_of = [], list(self.kinds), [self.rarity], []
        for kind, (rows, vocabulary) in _facts_by_kind(fresh).items():
            of_names = [columns.setdefault((kind, name), len(columns)) for name in vocabulary]
            rarity = _rarity(kind, rows, vocabulary, len(self.years), self.settings)
            column = np.array(of_names, dtype=np.int64)
            old = column < len(self.kinds)
            rarity[old] = self.rarity[column[old]]
            parts.append((kind, _weight_rows(kind, rows, rarity, self.settings)))
            kinds += [kind] * int((~old).sum())
            rarities.append(rarity[~old])
            column_of += of_names
        narrow = _join_kinds(parts, self.settings)
        wide = (narrow.data, np.array(column_of, dtype=np.int64)[narrow.indices], narrow.indptr)
        return Features(
            rows=stack_rows(self.rows, as_csr(wide, (narrow.shape[0], len(columns))), take),
            kinds=tuple(kinds),
            names=(*self.names, *(name for _, name in list(columns)[len(self.names) :])),
            rarity=np.concatenate(rarities),
            years=np.r_[self.years, fresh.years][take],
            columns=columns,
            settings=self.settings,
        )


def build_features(movies: MovieColumns, settings: FeatureSettings | None = None) -> Features:
    """Build the feature vectors of all items."""
    settings = settings or FeatureSettings()
    kinds: list[str] = []
    names: list[str] = []
    rarities: list[Floats] = []
    parts: list[tuple[str, Csr]] = []
    for kind, (rows, vocabulary) in _facts_by_kind(movies).items():
        rarity = _rarity(kind, rows, vocabulary, rows.shape[0], settings)
        parts.append((kind, _weight_rows(kind, rows, rarity, settings)))
        kinds += [kind] * len(vocabulary)
        names += vocabulary
        rarities.append(rarity)
    return Features(
        rows=_join_kinds(parts, settings),
        kinds=tuple(kinds),
        names=tuple(names),
        rarity=np.concatenate(rarities),
        years=movies.years,
        columns={fact: column for column, fact in enumerate(zip(kinds, names, strict=True))},
        settings=settings,
    )


def _facts_by_kind(movies: MovieColumns) -> dict[str, tuple[Csr, list[str]]]:
    """Return items × names of each kind of fact, and the names."""
    return {
        "genre": _name_matrix(movies.genres),
        "mix": _name_matrix([_pairs(genres) for genres in movies.genres]),
        "decade": _decades(movies.years),
        # A few Spanish words do not make a comedy of London one of Spain.
        "language": _name_matrix([languages[:1] for languages in movies.languages]),
        "spoken": _name_matrix([languages[1:] for languages in movies.languages]),
        "country": _name_matrix(movies.countries),
        "director": _name_matrix(movies.directors),
        "writer": _name_matrix(movies.writers),
        "actor": _name_matrix(movies.cast),
        "keyword": _name_matrix(movies.keywords),
        "series": _name_matrix(movies.series),
    }


def _genre_factor(name: str, settings: FeatureSettings) -> float:
    """Return the factor of one genre, or the smaller one of two joined by a plus."""
    return min(settings.genre_factors.get(genre.casefold(), 1.0) for genre in name.split("+"))


def _name_matrix(lists: NameLists) -> tuple[Csr, list[str]]:
    """Return items × names, 1 where an item has the name, and the names."""
    flat = list(chain.from_iterable(lists))
    column = {name: number for number, name in enumerate(dict.fromkeys(flat))}
    indices = np.fromiter(map(column.__getitem__, flat), dtype=np.int64, count=len(flat))
    ends = np.r_[0, np.cumsum(np.fromiter(map(len, lists), dtype=np.int64, count=len(lists)))]
    shape = (len(lists), len(column))
    rows = as_csr(sparse.csr_array((np.ones(len(flat), dtype=np.float32), indices, ends), shape=shape))
    rows.data[:] = 1.0  # a name given twice counts once
    return rows, list(column)


def _pairs(genres: Sequence[str]) -> list[str]:
    """Return all pairs of genres: horror with science fiction is a kind of its own."""
    ordered = sorted(set(genres))
    return [f"{one}+{other}" for i, one in enumerate(ordered) for other in ordered[i + 1 :]]


def _decades(years: npt.NDArray[np.int32]) -> tuple[Csr, list[str]]:
    """Return items × decades: a year between the middles of two belongs a little to both, 1979 is near 1980."""
    dated = np.flatnonzero(years > 0)
    if not len(dated):
        return as_csr(sparse.csr_array((len(years), 0), dtype=np.float32)), []
    distance = (years[dated] - 5.0) / 10.0
    lower = np.floor(distance).astype(np.int64)
    share = (distance - lower).astype(np.float32)
    first = int(lower.min())
    rows = sparse.csr_array(
        (np.r_[1 - share, share], (np.r_[dated, dated], np.r_[lower, lower + 1] - first)),
        shape=(len(years), int(lower.max()) + 2 - first),
    )
    return as_csr(rows), [f"{10 * (first + i)}s" for i in range(rows.shape[1])]


def _rarity(kind: str, rows: Csr, names: Sequence[str], items: int, settings: FeatureSettings) -> Floats:
    """Return the rarity (IDF) of each fact in a catalogue of `items` items."""
    having = np.bincount(rows.indices, minlength=rows.shape[1])
    relative = (items + settings.item_smoothing) / (having + settings.fact_smoothing)
    rarity: Floats = np.log(relative).astype(np.float32)
    if kind in ("genre", "mix"):
        rarity *= np.array([_genre_factor(name, settings) for name in names], dtype=np.float32)
    return rarity


def _weight_rows(kind: str, rows: Csr, rarity: Floats, settings: FeatureSettings) -> Csr:
    """Weight facts of one kind by rarity, rows of length 1 or shorter where all are commoner than full rarity."""
    rows.data *= rarity[rows.indices]
    lengths = _lengths(rows)
    full_rarity = settings.full_rarity.get(kind, 0.0)
    scaled = rows.copy()
    scaled.data = rows.data / np.repeat(
        np.where(lengths > 0, np.maximum(lengths, full_rarity), 1), np.diff(rows.indptr)
    )
    return scaled


def _lengths(rows: Csr) -> Floats:
    return np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), dtype=np.float32)).ravel()


def normalise_rows(rows: Csr) -> Csr:
    """Divide each row by its length."""
    scaled = as_csr(rows)
    scaled.data = scaled.data / np.repeat(np.maximum(_lengths(scaled), 1e-6), np.diff(scaled.indptr))
    return scaled


def _join_kinds(parts: list[tuple[str, Csr]], settings: FeatureSettings) -> Csr:
    """Put all kinds side by side; vectors are shorter than 1 by what is missing."""
    square, missing = np.zeros((2, parts[0][1].shape[0]), dtype=np.float32)
    weighted = []
    for kind, part in parts:
        weight = np.float32(settings.kind_weights[kind])
        weighted.append(part * weight)
        square += _lengths(weighted[-1]) ** 2
        if kind not in settings.optional_kinds:
            missing[np.diff(part.indptr) == 0] += weight**2
    rows = as_csr(sparse.hstack(weighted, format="csr"))
    length = np.sqrt(square + np.float32(settings.missing) * missing)
    rows.data = rows.data / np.repeat(np.maximum(length, np.float32(1e-6)), np.diff(rows.indptr))
    return rows
