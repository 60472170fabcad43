"""The public face: `fit` a model to a matrix of stars, then `scores`, `explain` and `similar`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from movierec.recommender.engine import rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, Ints, as_csr, csr_row
from movierec.recommender.engine.blend import DEFAULT_NOVELTY, Blend, FoldIn
from movierec.recommender.engine.edlae import solve_edlae
from movierec.recommender.engine.gram import ExactGram, row_blocks
from movierec.recommender.engine.settings import Settings

# Of a community that is in memory anyway.
BLOCK_USERS = 50_000

Matrix = sparse.sparray | sparse.spmatrix
# Called with the name of the stage that begins and the share of the whole that is done.
ProgressCallback = Callable[[str, float], None]


def _silent(stage: str, done: float) -> None:
    """Nobody is watching."""


class Model:
    """A blend and the columns it covers out of the `columns` films it was given."""

    def __init__(self, blend: Blend, films: Ints, columns: int) -> None:
        self.blend, self.films, self.columns = blend, films, columns
        self._place = np.full(columns, -1, dtype=np.int64)
        self._place[films] = np.arange(len(films))

    def fold_in(self, films: Ints, stars: Floats, novelty: float = DEFAULT_NOVELTY) -> FoldIn:
        """One history, by column numbers; films unknown to the model are skipped."""
        place = self._place[films]
        known = place >= 0
        return self.blend.fold_in(place[known], stars[known], novelty)

    def scores(self, history: Matrix, novelty: float = DEFAULT_NOVELTY) -> Floats:
        """Scores, users × films, higher is better; the history itself is not masked.

        Films outside the model have the score of the least film inside it.
        """
        rows = self._checked(history)
        result = np.empty((rows.shape[0], self.columns), dtype=np.float32)
        for row, scores in enumerate(result):
            inside = self.fold_in(*csr_row(rows, row), novelty).scores
            scores[:] = inside.min(initial=0.0)
            scores[self.films] = inside
        return result

    def explain(self, history_row: Matrix, film: int) -> list[tuple[int, float]]:
        """(film, contribution) of every rated film that the model knows, largest first."""
        rows = self._checked(history_row)
        folded = self.fold_in(*csr_row(rows, 0))
        if self._place[film] < 0:
            return []
        parts = folded.contributions(self._place[[film]])[:, 0]
        order = np.argsort(-parts, kind="stable")
        return [(int(self.films[folded.films[i]]), float(parts[i])) for i in order]

    def similar(self, film: int, n: int) -> list[tuple[int, float]]:
        """The `n` films most similar to one, with their similarity."""
        place = int(self._place[film])
        if place < 0:
            return []
        likeness = self.blend.similarity(place)
        order = np.argsort(-likeness, kind="stable")
        return [(int(self.films[i]), float(likeness[i])) for i in order[: n + 1] if i != place][:n]

    def _checked(self, history: Matrix) -> Csr:
        rows = as_csr(history)
        if rows.shape[1] != self.columns:
            raise ValueError(
                f"a history has {self.columns} columns, one for each film; this has {rows.shape[1]}"
            )
        return rows


def fit(
    ratings: Matrix,
    features: Matrix | None = None,
    settings: Settings | None = None,
    progress: ProgressCallback = _silent,
) -> Model:
    """Fit the two matrices to stars (users × films, 0.5–5.0), with side facts (films × facts) if given.

    Accumulates one Gram matrix and solves it twice: one Cholesky decomposition each, deterministic.
    """
    settings = settings or Settings()
    progress("ratings", 0.0)
    stars = rating_matrix.cap_histories(as_csr(ratings), settings.training_history, settings.seed)
    found = accumulate_statistics(lambda: row_blocks(stars, BLOCK_USERS), stars.shape[1], settings, progress)
    return solve_model(
        found, None if features is None else as_csr(features), stars.shape[1], settings, progress
    )


class TrainingStatistics(NamedTuple):
    """All that a model needs to know of ratings: their sums over `films`, and how many users rated any of these.

    `raters` are those of each of the films.
    """

    sums: ExactGram
    films: Ints
    raters: Ints
    users: int


def accumulate_statistics(
    read: Callable[[], Iterable[Csr]], columns: int, settings: Settings, progress: ProgressCallback = _silent
) -> TrainingStatistics:
    """The statistics of stars that `read` gives in blocks of whole, capped histories (users × `columns`).

    They are read twice, and only one block at a time is in memory.
    """
    counts, total = np.zeros(columns, dtype=np.int64), 0
    for stars in read():
        counts += rating_matrix.rater_counts(stars)
        total += stars.nnz
    films = rating_matrix.select_items(counts, settings)
    sums, users, done = ExactGram(len(films)), 0, 0
    for stars in read():
        progress("statistics", 0.05 + 0.35 * done / total)
        histories = as_csr(stars[:, films])
        sums.add(histories)
        users += int((np.diff(histories.indptr) > 0).sum())
        done += stars.nnz
    return TrainingStatistics(sums, films, counts[films], users)


def solve_model(
    found: TrainingStatistics,
    features: Csr | None,
    columns: int,
    settings: Settings,
    progress: ProgressCallback = _silent,
) -> Model:
    """The model of these statistics, with side facts (films × facts). The sums are used up."""
    gram = found.sums.gram()
    esteem = gram.diagonal.astype(np.float32)
    if features is not None:
        gram.add_facts(as_csr(features[found.films]), settings.fact_weight)
    progress("long memory", 0.4)
    long = solve_edlae(gram, settings.long.dropout, settings.long.ridge_for(found.users))
    progress("short memory", 0.7)
    short = solve_edlae(gram, settings.short.dropout, settings.short.ridge_for(found.users))
    progress("done", 1.0)
    return Model(Blend(long, short, found.raters, esteem, settings), found.films, columns)


def restore_model(arrays: dict[str, Any], films: Ints, columns: int, settings: Settings) -> Model:
    """The model of an artifact's arrays over a catalogue of `columns` films."""
    return Model(Blend.from_arrays(arrays, settings), films, columns)
