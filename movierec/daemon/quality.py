"""Commands `movierec-server train` and `evaluate`: train or measure a model without a daemon."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from movierec import config, db
from movierec.config import Settings
from movierec.errors import ConfigurationError, ValidationFailed

if TYPE_CHECKING:
    from movierec.recommender.engine.evaluation import EvaluationReport

# Read by OpenBLAS, MKL and OpenMP when they are loaded.
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
METRICS = {
    "ndcg_100": "NDCG@100",
    "ndcg_10": "NDCG@10",
    "recall_20": "recall@20",
    "recall_50": "recall@50",
    "coverage": "coverage of the top 20",
    "novelty": "novelty in bits",
    "disliked": "known dislikes in the top 20",
}


@dataclass(frozen=True)
class SparkCluster:
    """Ratings outside of the database, in Parquet files or a JDBC table, and the Spark cluster that aggregates them.

    `master` None: as Spark itself is configured.
    """

    ratings: str
    master: str | None = None
    table: str = "ratings"


def train(settings: Settings, *, measure: bool, as_json: bool, cluster: SparkCluster | None = None) -> None:
    """Train on the community ratings and publish the model, which a running daemon then serves."""
    _limit_threads(settings)
    from movierec.recommender.training import pipeline  # imports numpy, which the other commands do not need

    db.connect(settings)
    db.run_with_retry(db.migrate)
    source = {} if cluster is None else {"source": _spark_source(cluster)}
    report = db.run_with_retry(
        pipeline.train,
        settings,
        lambda stage, done: _print_progress(stage, done / 100),
        now=int(time.time()),
        measure=measure,
        **source,
    )
    _clear_progress()
    if as_json:
        print(json.dumps(report, indent=2))
        return
    for name, value in report.items():
        print(f"{name}\t{json.dumps(value) if isinstance(value, dict) else value}")


def _spark_source(cluster: SparkCluster) -> Callable[[Any, int], Any]:
    """Return the training data of a cluster. Raises ConfigurationError if pyspark is not installed."""
    try:
        from movierec.recommender.training import spark  # an optional dependency of half a gigabyte
    except ImportError as error:
        raise ConfigurationError(
            f"Spark is not installed ({error}). Run: pip install 'movierec[spark]'"
        ) from error
    frame = spark.read_ratings(spark.spark_session(cluster.master), cluster.ratings, cluster.table)
    return lambda catalogue, history: spark.SparkRatings(frame, catalogue, history)


def evaluate(
    settings: Settings,
    *,
    movielens: Path | None,
    cells: Sequence[int | None],
    seeds: Sequence[int],
    positives_only: bool,
    rivals: bool,
    as_json: bool,
) -> None:
    """Print the quality of recommendations for held-out raters."""
    _limit_threads(settings)
    from movierec.recommender.training import pipeline  # imports numpy, as above

    with (
        _temporary_database(settings, movielens)
        if movielens
        else contextlib.nullcontext(settings) as measured
    ):
        db.connect(measured)
        report = db.run_with_retry(
            pipeline.evaluate_model,
            measured,
            _print_progress,
            cells=cells,
            seeds=seeds,
            positives_only=positives_only,
            rivals=rivals,
        )
        db.close()
    _clear_progress()
    if as_json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        _print_report(report)


@contextlib.contextmanager
def _temporary_database(settings: Settings, source: Path) -> Iterator[Settings]:
    """Yield the settings of a temporary database with the shipped catalogue and this dataset."""
    from movierec import movies  # imports numpy, as above
    from movierec.exchange import movielens  # imports numpy, as above

    with tempfile.TemporaryDirectory(prefix="movierec-evaluate-") as folder:
        home = Path(folder)
        temporary = dataclasses.replace(
            settings,
            database=config.DatabaseSettings(url=f"sqlite:///{home / 'movierec.sqlite3'}"),
            paths=dataclasses.replace(settings.paths, state=home),
        )
        db.connect(temporary)
        now = int(time.time())
        try:
            db.run_with_retry(db.migrate)
            _print_progress("catalogue", 0.0)
            db.run_with_retry(movies.seed_catalogue, now)
            db.run_with_retry(
                movielens.import_movielens,
                source,
                home,
                limit_bytes=settings.imports.uncompressed_limit_bytes,
                now=now,
                minimum_raters=settings.recommender.minimum_raters,
                progress=lambda stage, done, *_: _print_progress(stage, done / 100),
            )
            db.close()
            yield temporary
        finally:
            db.close()


def parse_known_counts(text: str) -> list[int | None]:
    """Parse `1,5,all` as numbers of known ratings; None stands for all. Raises ValidationFailed."""
    return [None if part == "all" else number for part, number in _parse_numbers(text, {"all"})]


def parse_seeds(text: str) -> list[int]:
    """Parse `42,43`. Raises ValidationFailed."""
    return [number for _, number in _parse_numbers(text, set())]


def _parse_numbers(text: str, words: set[str]) -> list[tuple[str, int]]:
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if part not in words and not (part.isascii() and part.isdigit() and 0 < int(part) < 2**31):
            raise ValidationFailed(f"{part!r} is not a number. Write numbers like 1,5,10.")
    return [(part, 0 if part in words else int(part)) for part in parts]


def _limit_threads(settings: Settings) -> None:
    for name in _THREAD_VARIABLES:
        os.environ.setdefault(name, str(settings.recommender.training_threads))


def _print_report(report: EvaluationReport) -> None:
    print(f"{report.users:,} users, {report.films:,} movies, {report.ratings:,} ratings")
    for metric, name in METRICS.items():
        _print_table(report.table(metric, name))
        print()
    costs = [["costs", "fit s", "one list ms"]]
    for algorithm, seconds in report.fit_seconds.items():
        costs.append([algorithm, f"{seconds:.1f}", f"{report.list_milliseconds[algorithm]:.2f}"])
    _print_table(costs)
    print()
    _print_table(
        [["predicted ratings", "RMSE"], *([name, f"{value:.4f}"] for name, value in report.rmse.items())]
    )
    # In KiB on Linux; the peak of the whole process.
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for name, *cells in rows:
        print(
            f"{name:<{widths[0]}}",
            *(f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True)),
            sep="  ",
        )


def _print_progress(stage: str, done: float) -> None:
    """Print the progress on one line, which is overwritten on a terminal."""
    end = "\r" if sys.stderr.isatty() else "\n"
    print(f"{stage:<24}{done:>6.0%}", end=end, file=sys.stderr, flush=True)


def _clear_progress() -> None:
    if sys.stderr.isatty():
        print(" " * 40, end="\r", file=sys.stderr)
