"""Offline evaluation: ranking metrics for users that no model has seen, by how many of their ratings are known."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from scipy import sparse

from movierec.recommender.engine import rating_matrix
from movierec.recommender.engine.arrays import Csr, Floats, Ints, Mask, as_csr, csr_row
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.history import History
from movierec.recommender.engine.hybrid import CommunityModel, HybridScorer, catalogue_transfer_matrix
from movierec.recommender.engine.model import fit
from movierec.recommender.engine.ranking import top_k
from movierec.recommender.engine.reference_models import BASELINES, LIKED_STARS, FitFunction, ScoreFunction
from movierec.recommender.engine.settings import ModelSettings

# Numbers of known ratings; None is the whole history.
KNOWN_COUNTS: tuple[int | None, ...] = (1, 2, 3, 5, 10, 20, 40, 80, None)
SEEDS = (42, 43, 44)
TEST_SHARE, MAX_TEST_USERS = 0.2, 600
HISTORY_SHARE = 0.8
DISLIKED_STARS = 2.5
# Length of the lists that are measured.
DEPTH = 100
# Number of single lists that are timed for each algorithm.
TIMED_LISTS = 50
# The name of the served model in a report.
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
    # Mean −log₂ of the share of training users who liked the items of the top 20 (4 and more).
    novelty: float
    # Share of the top 20 that the user is known to have rated 2.5 or less.
    disliked: float


@dataclass(frozen=True, slots=True)
class AlgorithmResult:
    """One algorithm at one number of known ratings: means over the seeds, and NDCG@100 of every seed."""

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
    # Median time of one list of twenty for a whole history.
    list_milliseconds: Mapping[str, float]
    # RMSE of predicted ratings by predictor; empty where it was not measured.
    rmse: Mapping[str, float] = field(default_factory=dict)

    def value(self, metric: str, algorithm: str, count: int | None) -> float:
        """Return one metric of an algorithm at a number of known ratings."""
        (result,) = (r for r in self.results if r.algorithm == algorithm and r.known == count)
        return float(getattr(result.metrics, metric))

    def ndcg(self, algorithm: str, count: int | None) -> float:
        """Return NDCG@100 of an algorithm at a number of known ratings."""
        return self.value("ndcg_100", algorithm, count)

    def table(self, metric: str = "ndcg_100", name: str = "NDCG@100") -> list[list[str]]:
        """Return a metric as rows of cells, the header first."""
        counts = list(dict.fromkeys(result.known for result in self.results))
        header = [
            f"{name}, ratings known",
            *("all" if count is None else str(count) for count in counts),
        ]
        rows = [
            [algorithm, *(f"{self.value(metric, algorithm, count):.3f}" for count in counts)]
            for algorithm in dict.fromkeys(result.algorithm for result in self.results)
        ]
        return [header, *rows]

    def as_json(self) -> dict[str, object]:
        """Return everything, for a file or a model's manifest."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ItemContent:
    """Facts of the items of a rating matrix; `items` is the number in `content` of each column."""

    content: ContentScorer
    items: Ints

    def features(self) -> Csr:
        """Return items × facts, a row for each column of the rating matrix."""
        return as_csr(self.content.features.rows[self.items])


@dataclass(frozen=True, slots=True)
class UserSplit:
    """A split by users (strong generalisation): test users are not in training; history and targets are disjoint."""

    train: Csr
    # Item numbers and stars of each test user, in the order in which they become known.
    histories: tuple[tuple[Ints, Floats], ...]
    targets: tuple[tuple[Ints, Floats], ...]
    # Items with a rating in training; the others are left out of lists and targets.
    seen: Mask

    def first_ratings(self, count: int | None) -> Csr:
        """Return the first `count` ratings of every test user's history; None returns all."""
        histories = [(items[:count], stars[:count]) for items, stars in self.histories]
        indptr = np.cumsum([0, *(len(items) for items, _ in histories)])
        items = np.concatenate([items for items, _ in histories])
        stars = np.concatenate([stars for _, stars in histories])
        return as_csr(sparse.csr_array((stars, items, indptr), shape=(len(histories), self.train.shape[1])))


def split_users(ratings: Csr, seed: int) -> UserSplit:
    """Hold out a fifth of the users (600 at most) for the test, 80 % of each one's ratings as history."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(ratings.shape[0])
    test = shuffled[: min(MAX_TEST_USERS, int(len(shuffled) * TEST_SHARE))]
    train = as_csr(ratings[np.setdiff1d(np.arange(len(shuffled)), test)])
    histories, targets = [], []
    for user in test:
        items, stars = csr_row(ratings, int(user))
        order = rng.permutation(len(items))
        cut = round(len(items) * HISTORY_SHARE)
        histories.append((items[order[:cut]], stars[order[:cut]]))
        targets.append((items[order[cut:]], stars[order[cut:]]))
    return UserSplit(train, tuple(histories), tuple(targets), rating_matrix.rater_counts(train) > 0)


def evaluate(
    ratings: Csr,
    settings: ModelSettings | None = None,
    *,
    item_content: ItemContent | None = None,
    algorithms: Mapping[str, FitFunction] | None = None,
    known_counts: Sequence[int | None] = KNOWN_COUNTS,
    seeds: Sequence[int] = SEEDS,
    positives_only: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> EvaluationReport:
    """Measure the served model and the baselines on the same splits; with `item_content` by facts too.

    `positives_only` is protocol A (Liang 2018): only ratings of 4 and more are kept, in training and in test.
    """
    if positives_only:
        ratings = as_csr(ratings.multiply(ratings >= LIKED_STARS))
        ratings.eliminate_zeros()
    contenders = {
        **(BASELINES if algorithms is None else algorithms),
        SERVED: served_model(item_content, settings),
    }
    metrics: dict[tuple[str, int | None], list[RankingMetrics]] = {}
    seconds, milliseconds = dict.fromkeys(contenders, 0.0), dict.fromkeys(contenders, 0.0)
    for turn, seed in enumerate(seeds):
        split = split_users(ratings, seed)
        for number, (name, train) in enumerate(contenders.items()):
            if progress is not None:
                progress(name, (turn + number / len(contenders)) / len(seeds))
            started = time.perf_counter()
            scores = train(split.train)
            seconds[name] += (time.perf_counter() - started) / len(seeds)
            milliseconds[name] = _list_milliseconds(scores, split)
            for count in known_counts:
                measured = measure_ranking(scores(split.first_ratings(count)), split)
                metrics.setdefault((name, count), []).append(measured)
    results = tuple(
        AlgorithmResult(name, count, _mean(of_seeds), tuple(each.ndcg_100 for each in of_seeds))
        for (name, count), of_seeds in metrics.items()
    )
    return EvaluationReport(
        ratings.shape[0], ratings.shape[1], ratings.nnz, positives_only, results, seconds, milliseconds
    )


def served_model(item_content: ItemContent | None, settings: ModelSettings | None = None) -> FitFunction:
    """Return the fit of what a daemon serves, by ratings alone where nothing is known of the items."""

    def train(ratings: Csr) -> ScoreFunction:
        if item_content is None:
            return fit(ratings, None, settings).scores
        model = fit(ratings, item_content.features(), settings)
        content, catalogue_items = item_content.content, item_content.items[model.items]
        rated = np.zeros(len(content), dtype=bool)
        rated[item_content.items] = True
        transfer = catalogue_transfer_matrix(content.features, model.blend.raters, catalogue_items, rated)
        scorer = HybridScorer(content, CommunityModel(model.blend, catalogue_items, content, transfer))

        def scores(histories: Csr) -> Floats:
            all_scores = np.empty(histories.shape, dtype=np.float32)
            for row in range(histories.shape[0]):
                items, stars = csr_row(histories, row)
                history = History(item_content.items[items], stars, np.ones(len(items), dtype=bool))
                all_scores[row] = scorer.score(history).scores[item_content.items]
            return all_scores

        return scores

    return train


def _list_milliseconds(scores: ScoreFunction, split: UserSplit) -> float:
    """Return the median time of scoring one whole history and ranking its best twenty."""
    histories, milliseconds = split.first_ratings(None), []
    for user in range(min(TIMED_LISTS, histories.shape[0])):
        history = histories[[user]]
        started = time.perf_counter()
        top_k(scores(history)[0], split.seen, 20)
        milliseconds.append(1000 * (time.perf_counter() - started))
    return float(np.median(milliseconds))


def measure_ranking(scores: Floats, split: UserSplit) -> RankingMetrics:
    """Compute the metrics of scores (test users × items) of some known part of the histories."""
    discount = 1 / np.log2(np.arange(2, DEPTH + 2))
    likers = np.bincount(split.train.indices, split.train.data >= LIKED_STARS, split.train.shape[1])
    bits = -np.log2(np.maximum(likers, 1) / split.train.shape[0])
    rows = []
    listed = np.zeros(split.train.shape[1], dtype=bool)
    for row, (items, _), (targets, stars) in zip(scores, split.histories, split.targets, strict=True):
        liked = targets[(stars >= LIKED_STARS) & split.seen[targets]]
        if not len(liked):
            continue
        ranked = _best(row, items, split.seen)
        hits = np.isin(ranked, liked)
        gains = hits * discount[: len(hits)]
        listed[ranked[:20]] = True
        rows.append(
            (
                gains.sum() / discount[: len(liked)].sum(),
                gains[:10].sum() / discount[: min(len(liked), 10)].sum(),
                hits[:20].sum() / min(len(liked), 20),
                hits[:50].sum() / min(len(liked), 50),
                bits[ranked[:20]].mean(),
                np.isin(ranked[:20], targets[stars <= DISLIKED_STARS]).mean(),
            )
        )
    ndcg_100, ndcg_10, recall_20, recall_50, novelty, disliked = np.array(rows).mean(axis=0).tolist()
    coverage = float(listed.sum() / split.seen.sum())
    return RankingMetrics(ndcg_100, ndcg_10, recall_20, recall_50, coverage, novelty, disliked)


def _best(scores: Floats, history: Ints, seen: Mask) -> Ints:
    """Return the best items of a list without the history."""
    values = np.where(seen, scores, -np.inf)
    values[history] = -np.inf
    return np.argsort(-values, kind="stable")[:DEPTH]


def _mean(metrics: Sequence[RankingMetrics]) -> RankingMetrics:
    """Return the mean of each metric."""
    columns = {name: [asdict(each)[name] for each in metrics] for name in asdict(metrics[0])}
    return RankingMetrics(**{name: float(np.mean(values)) for name, values in columns.items()})
