"""How good a recommender is for users it has never seen, by how many of their ratings it knows."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from scipy import sparse

from movierec.recommender.engine import rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask, as_csr, csr_row
from movierec.recommender.engine.baselines import BASELINES, FitFunction, ScoreFunction
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.history import History
from movierec.recommender.engine.hybrid import CommunityModel, HybridScorer, catalogue_transfer_matrix
from movierec.recommender.engine.model import fit
from movierec.recommender.engine.ranking import top_k
from movierec.recommender.engine.settings import Settings

# Numbers of known ratings; None is the whole history.
KNOWN_COUNTS: tuple[int | None, ...] = (1, 2, 3, 5, 10, 20, 40, 80, None)
SEEDS = (42, 43, 44)
TEST_SHARE, TEST_USERS = 0.2, 600
HISTORY_SHARE = 0.8
LIKED, DISLIKED = 4.0, 2.5
DEPTH = 100
# So many single lists are timed for each algorithm.
TIMED = 50
SERVED = "movierec"


@dataclass(frozen=True, slots=True)
class RankingMetrics:
    """Means over test users, of lists from which the history is left out."""

    ndcg_100: float
    ndcg_10: float
    recall_20: float
    recall_50: float
    # Share of the catalogue that appears in anybody's top 20.
    coverage: float
    # Mean −log₂ of the share of training users who liked the films of the top 20 (4 and more).
    novelty: float
    # Share of the top 20 that the user is known to have rated 2.5 or less.
    disliked: float


@dataclass(frozen=True, slots=True)
class AlgorithmResult:
    """One algorithm with so many ratings known: means over the seeds, and NDCG@100 of every seed."""

    algorithm: str
    known: int | None
    metrics: RankingMetrics
    seeds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """An evaluation as a plain structure."""

    users: int
    films: int
    ratings: int
    positives_only: bool
    results: tuple[AlgorithmResult, ...]
    fit_seconds: Mapping[str, float]
    # One list of twenty for a whole history, the median.
    list_milliseconds: Mapping[str, float]
    # Of predicted ratings, by what predicts them; empty where they were not measured.
    rmse: Mapping[str, float] = field(default_factory=dict)

    def value(self, metric: str, algorithm: str, known: int | None) -> float:
        """One metric of one cell."""
        (found,) = (r for r in self.results if r.algorithm == algorithm and r.known == known)
        return float(getattr(found.metrics, metric))

    def ndcg(self, algorithm: str, known: int | None) -> float:
        """NDCG@100 of one cell."""
        return self.value("ndcg_100", algorithm, known)

    def table(self, metric: str = "ndcg_100", name: str = "NDCG@100") -> list[list[str]]:
        """A metric as rows of cells, the header first."""
        cells = list(dict.fromkeys(result.known for result in self.results))
        header = [f"{name}, ratings known", *("all" if cell is None else str(cell) for cell in cells)]
        rows = [
            [algorithm, *(f"{self.value(metric, algorithm, cell):.3f}" for cell in cells)]
            for algorithm in dict.fromkeys(result.algorithm for result in self.results)
        ]
        return [header, *rows]

    def as_json(self) -> dict[str, object]:
        """Everything, for a file or a model's manifest."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ItemContent:
    """What is known of the films beside their ratings; `places` says which film of `content` a column is."""

    content: ContentScorer
    places: Ints

    def features(self) -> Csr:
        """Films × facts, a row for each column."""
        return as_csr(self.content.features.rows[self.places])


@dataclass(frozen=True, slots=True)
class UserSplit:
    """Strong generalisation: test users are not in training; their history and targets do not overlap."""

    train: Csr
    # Film numbers and stars of each test user, in the order in which they become known.
    histories: tuple[tuple[Ints, Floats], ...]
    targets: tuple[tuple[Ints, Floats], ...]
    # Films that somebody in training has rated; the others are left out of lists and targets.
    seen: Mask

    def known(self, ratings: int | None) -> Csr:
        """The first so many ratings of every test user's history."""
        known = [(films[:ratings], stars[:ratings]) for films, stars in self.histories]
        indptr = np.cumsum([0, *(len(films) for films, _ in known)])
        films = np.concatenate([films for films, _ in known])
        stars = np.concatenate([stars for _, stars in known])
        return as_csr(sparse.csr_array((stars, films, indptr), shape=(len(known), self.train.shape[1])))


def split_users(ratings: Csr, seed: int) -> UserSplit:
    """A fifth of the users (600 at most) for the test, 80 % of each one's ratings as history."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(ratings.shape[0])
    test = shuffled[: min(TEST_USERS, int(len(shuffled) * TEST_SHARE))]
    train = as_csr(ratings[np.setdiff1d(np.arange(len(shuffled)), test)])
    histories, targets = [], []
    for user in test:
        films, stars = csr_row(ratings, int(user))
        order = rng.permutation(len(films))
        cut = round(len(films) * HISTORY_SHARE)
        histories.append((films[order[:cut]], stars[order[:cut]]))
        targets.append((films[order[cut:]], stars[order[cut:]]))
    return UserSplit(train, tuple(histories), tuple(targets), rating_matrix.rater_counts(train) > 0)


def evaluate(
    ratings: Csr,
    settings: Settings | None = None,
    *,
    films: ItemContent | None = None,
    algorithms: Mapping[str, FitFunction] | None = None,
    cells: Sequence[int | None] = KNOWN_COUNTS,
    seeds: Sequence[int] = SEEDS,
    positives_only: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> EvaluationReport:
    """Measure what is served beside the baselines on the same splits; with `films`, facts and all.

    `positives_only` is protocol A (Liang 2018): only ratings of 4 and more are kept, in training as in test.
    """
    if positives_only:
        ratings = as_csr(ratings.multiply(ratings >= LIKED))
        ratings.eliminate_zeros()
    contenders = {**(BASELINES if algorithms is None else algorithms), SERVED: served_model(films, settings)}
    measured: dict[tuple[str, int | None], list[RankingMetrics]] = {}
    seconds, milliseconds = dict.fromkeys(contenders, 0.0), dict.fromkeys(contenders, 0.0)
    for turn, seed in enumerate(seeds):
        parts = split_users(ratings, seed)
        for place, (name, train) in enumerate(contenders.items()):
            if progress is not None:
                progress(name, (turn + place / len(contenders)) / len(seeds))
            started = time.perf_counter()
            scores = train(parts.train)
            seconds[name] += (time.perf_counter() - started) / len(seeds)
            milliseconds[name] = _list_milliseconds(scores, parts)
            for cell in cells:
                measured.setdefault((name, cell), []).append(
                    measure_ranking(scores(parts.known(cell)), parts)
                )
    results = tuple(
        AlgorithmResult(name, cell, _mean(found), tuple(metrics.ndcg_100 for metrics in found))
        for (name, cell), found in measured.items()
    )
    return EvaluationReport(
        ratings.shape[0], ratings.shape[1], ratings.nnz, positives_only, results, seconds, milliseconds
    )


def served_model(films: ItemContent | None, settings: Settings | None = None) -> FitFunction:
    """What a daemon serves, by ratings alone where nothing is known of the films."""

    def train(ratings: Csr) -> ScoreFunction:
        if films is None:
            return fit(ratings, None, settings).scores
        model = fit(ratings, films.features(), settings)
        content, positions = films.content, films.places[model.films]
        wanted = np.zeros(len(content), dtype=bool)
        wanted[films.places] = True
        spread = catalogue_transfer_matrix(content.features, model.blend.raters, positions, wanted)
        scorer = HybridScorer(content, CommunityModel(model.blend, positions, content, spread))

        def scores(histories: Csr) -> Floats:
            found = np.empty(histories.shape, dtype=np.float32)
            for row in range(histories.shape[0]):
                known, stars = csr_row(histories, row)
                history = History(films.places[known], stars, np.ones(len(known), dtype=bool))
                found[row] = scorer.score(history).scores[films.places]
            return found

        return scores

    return train


def _list_milliseconds(scores: ScoreFunction, parts: UserSplit) -> float:
    """The median time of scoring one whole history and finding its best twenty."""
    histories, taken = parts.known(None), []
    for user in range(min(TIMED, histories.shape[0])):
        history = histories[[user]]
        started = time.perf_counter()
        top_k(scores(history)[0], parts.seen, 20)
        taken.append(1000 * (time.perf_counter() - started))
    return float(np.median(taken))


def measure_ranking(scores: Floats, parts: UserSplit) -> RankingMetrics:
    """The metrics of scores (test users × films) of some known part of the histories."""
    discount = 1 / np.log2(np.arange(2, DEPTH + 2))
    likers = np.bincount(parts.train.indices, parts.train.data >= LIKED, parts.train.shape[1])
    rarity = -np.log2(np.maximum(likers, 1) / parts.train.shape[0])
    rows = []
    listed = np.zeros(parts.train.shape[1], dtype=bool)
    for row, (films, _), (targets, stars) in zip(scores, parts.histories, parts.targets, strict=True):
        liked = targets[(stars >= LIKED) & parts.seen[targets]]
        if not len(liked):
            continue
        ranked = _best(row, films, parts.seen)
        hits = np.isin(ranked, liked)
        gains = hits * discount[: len(hits)]
        listed[ranked[:20]] = True
        rows.append(
            (
                gains.sum() / discount[: len(liked)].sum(),
                gains[:10].sum() / discount[: min(len(liked), 10)].sum(),
                hits[:20].sum() / min(len(liked), 20),
                hits[:50].sum() / min(len(liked), 50),
                rarity[ranked[:20]].mean(),
                np.isin(ranked[:20], targets[stars <= DISLIKED]).mean(),
            )
        )
    ndcg_100, ndcg_10, recall_20, recall_50, novelty, disliked = np.array(rows).mean(axis=0).tolist()
    coverage = float(listed.sum() / parts.seen.sum())
    return RankingMetrics(ndcg_100, ndcg_10, recall_20, recall_50, coverage, novelty, disliked)


def _best(scores: Floats, history: Ints, seen: Mask) -> Ints:
    values = np.where(seen, scores, -np.inf)
    values[history] = -np.inf
    return np.argsort(-values, kind="stable")[:DEPTH]


def _mean(found: Sequence[RankingMetrics]) -> RankingMetrics:
    columns = {name: [asdict(metrics)[name] for metrics in found] for name in asdict(found[0])}
    return RankingMetrics(**{name: float(np.mean(values)) for name, values in columns.items()})
