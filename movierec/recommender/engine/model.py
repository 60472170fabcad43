"""The public face of the engine: `fit` a model to a matrix of stars, then `scores`, `explain` and `similar`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from scipy import sparse

from movierec.recommender.engine import rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, Ints, as_csr, csr_row
from movierec.recommender.engine.blend import Blend, FoldIn
from movierec.recommender.engine.edlae import solve_edlae
from movierec.recommender.engine.gram import ExactGram, row_blocks
from movierec.recommender.engine.settings import DEFAULT_NOVELTY, ModelSettings

# Users of a community in memory that are added at once.
BLOCK_USERS = 50_000

Matrix = sparse.sparray | sparse.spmatrix
# Called with the name of the stage that begins and the share of the whole that is done.
ProgressCallback = Callable[[str, float], None]


def _silent(stage: str, done: float) -> None:
    """Ignore progress."""


class Model:
    """A blend over `items`, some of the `columns` columns of the matrix it was fitted to."""

    def __init__(self, blend: Blend, items: Ints, columns: int) -> None:
        self.blend, self.items, self.columns = blend, items, columns
        self._model_item = np.full(columns, -1, dtype=np.int64)
        self._model_item[items] = np.arange(len(items))

    def fold_in(self, items: Ints, stars: Floats, novelty: float = DEFAULT_NOVELTY) -> FoldIn:
        """Score one history, given by column numbers; items unknown to the model are skipped."""
        model_items = self._model_item[items]
        in_model = model_items >= 0
        return self.blend.fold_in(model_items[in_model], stars[in_model], novelty)

    def scores(self, history: Matrix, novelty: float = DEFAULT_NOVELTY) -> Floats:
        """Return scores, users × items, higher is better; the history itself is not masked.

        Items outside the model have the score of the least item inside it.
        """
        rows = self._checked(history)
        result = np.empty((rows.shape[0], self.columns), dtype=np.float32)
        for row, scores in enumerate(result):
            inside = self.fold_in(*csr_row(rows, row), novelty).scores
            scores[:] = inside.min(initial=0.0)
            scores[self.items] = inside
        return result

    def explain(self, history_row: Matrix, item: int) -> list[tuple[int, float]]:
        """Return (item, contribution) of every rated item that the model knows, largest first."""
        rows = self._checked(history_row)
        folded = self.fold_in(*csr_row(rows, 0))
        if self._model_item[item] < 0:
            return []
        parts = folded.contributions(self._model_item[[item]])[:, 0]
        order = np.argsort(-parts, kind="stable")
        return [(int(self.items[folded.items[i]]), float(parts[i])) for i in order]

    def similar(self, item: int, n: int) -> list[tuple[int, float]]:
        """Return the `n` items most similar to one, with their similarity."""
        model_item = int(self._model_item[item])
        if model_item < 0:
            return []
        similarity = self.blend.similarity(model_item)
        order = np.argsort(-similarity, kind="stable")
        return [(int(self.items[i]), float(similarity[i])) for i in order[: n + 1] if i != model_item][:n]

    def _checked(self, history: Matrix) -> Csr:
        rows = as_csr(history)
        if rows.shape[1] != self.columns:
            raise ValueError(
                f"a history has {self.columns} columns, one for each item; this has {rows.shape[1]}"
            )
        return rows


def fit(
    ratings: Matrix,
    features: Matrix | None = None,
    settings: ModelSettings | None = None,
    progress: ProgressCallback = _silent,
) -> Model:
    """Fit the two matrices to stars (users × items, 0.5–5.0), with side facts (items × facts) if given.

    Accumulates one Gram matrix and solves it twice: one Cholesky decomposition each, deterministic.
    """
    settings = settings or ModelSettings()
    progress("ratings", 0.0)
    stars = rating_matrix.cap_histories(as_csr(ratings), settings.training_history, settings.seed)
    statistics = accumulate_statistics(
        lambda: row_blocks(stars, BLOCK_USERS), stars.shape[1], settings, progress
    )
    facts = None if features is None else as_csr(features)
    return solve_model(statistics, facts, stars.shape[1], settings, progress)


class TrainingStatistics(NamedTuple):
    """The sufficient statistics of ratings: their sums over `items`, and how many users rated any of these.

    `raters` is the number of raters of each of the items.
    """

    gram: ExactGram
    items: Ints
    raters: Ints
    users: int


def accumulate_statistics(
    read: Callable[[], Iterable[Csr]],
    columns: int,
    settings: ModelSettings,
    progress: ProgressCallback = _silent,
) -> TrainingStatistics:
    """Accumulate the statistics of stars that `read` yields in blocks of whole, capped histories.

    They are users × `columns`. They are read twice, and only one block at a time is in memory.
    """
    counts, total = np.zeros(columns, dtype=np.int64), 0
    for stars in read():
        counts += rating_matrix.rater_counts(stars)
        total += stars.nnz
    items = rating_matrix.select_items(counts, settings)
    gram, users, done = ExactGram(len(items)), 0, 0
    for stars in read():
        progress("statistics", 0.05 + 0.35 * done / total)
        histories = as_csr(stars[:, items])
        gram.add(histories)
        users += int((np.diff(histories.indptr) > 0).sum())
        done += stars.nnz
    return TrainingStatistics(gram, items, counts[items], users)


def solve_model(
    statistics: TrainingStatistics,
    features: Csr | None,
    columns: int,
    settings: ModelSettings,
    progress: ProgressCallback = _silent,
) -> Model:
    """Solve the model of statistics, with side facts (items × facts). Uses up the sums."""
    gram = statistics.gram.to_gram()
    squared_weights = gram.diagonal.astype(np.float32)
    if features is not None:
        gram.add_facts(as_csr(features[statistics.items]), settings.fact_weight)
    progress("long memory", 0.4)
    long = solve_edlae(gram, settings.long.dropout, settings.long.ridge_for(statistics.users))
    progress("short memory", 0.7)
    short = solve_edlae(gram, settings.short.dropout, settings.short.ridge_for(statistics.users))
    progress("done", 1.0)
    blend = Blend(long, short, statistics.raters, squared_weights, settings)
    return Model(blend, statistics.items, columns)
