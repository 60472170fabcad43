"""Training pipeline: from the community's ratings in the database to a published model.

Runs in a process of its own: `python -m movierec.recommender.training` reads a `ProcessInput` (JSON) from standard
input and writes its progress to standard output, one JSON object a line; the last one is its report or its error.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from movierec import community, config, db
from movierec.errors import InternalError, MovierecError, NothingToTrainOn
from movierec.recommender.artifacts import model as model_artifact
from movierec.recommender.engine import evaluation, rating_matrix, rmse
from movierec.recommender.engine.arrays import Csr, as_csr
from movierec.recommender.engine.evaluation import EvaluationReport
from movierec.recommender.engine.matrix_factorisation import fit_rating_model
from movierec.recommender.engine.model import solve_model
from movierec.recommender.engine.reference_models import BASELINES, REFERENCE_MODELS
from movierec.recommender.engine.settings import FactorisationSettings, ModelSettings
from movierec.recommender.serving.movie_index import MovieIndex, load_movie_index
from movierec.recommender.serving.state import models_folder, recommender_settings
from movierec.recommender.training.training_data import RatingSource, TrainingRatings

# Called with the stage that begins and the percentage done; an exception from it ends the training.
TrainingProgress = Callable[[str, int], None]

NICENESS = 10
# A fifth of the raters is held out: with fewer raters the metrics would be noise.
MIN_RATERS = 20
FAILED = "Training failed unexpectedly. The daemon's log says why."
# Progress in percent at which fitting the items, fitting the ratings and measuring end.
FITTED, RATED, MEASURED = 60, 80, 95
# Names of the engine's stages in the progress of a job.
STAGES = {
    "ratings": "read",
    "statistics": "gram",
    "long memory": "solve long",
    "short memory": "solve short",
    "done": "stars",
    "predicted ratings": "stars",
}


class TrainingReport(TypedDict):
    """Result of a training; `ratings` and `raters` are those read, `movies` those of the model."""

    version: str
    movies: int
    ratings: int
    raters: int
    metrics: dict[str, float]
    seconds: float


class ProcessInput(TypedDict):
    """Input of the training process. `database` holds the address: for pipes, not for arguments."""

    database: dict[str, Any]
    recommender: dict[str, Any]
    state: str
    measure: bool


def train(
    settings: config.Settings,
    progress: TrainingProgress,
    *,
    now: int,
    measure: bool = False,
    source: Callable[[MovieIndex, int], RatingSource] = TrainingRatings,
) -> TrainingReport:
    """Fit a model to all community ratings, publish it, and return a report.

    `source` makes another source of ratings from a catalogue and the maximum length of a history. `measure` holds
    out a fifth of the community's users and fits once more without them; the metrics go into the manifest.
    Raises NothingToTrainOn if there is no rating, or no movie with enough raters.
    """
    started = time.perf_counter()
    chosen = recommender_settings(settings.recommender)
    progress("read", 0)
    watermark = community.revision()
    catalogue = load_movie_index()
    ratings = source(catalogue, chosen.training_history)
    fitting = _within(progress, 0, FITTED)
    statistics = ratings.statistics(chosen, fitting)
    if not len(statistics.items):
        raise NothingToTrainOn(
            f"No movie has the {chosen.min_raters} raters that recommender.minimum_raters requires. "
            "Import more ratings."
            if ratings.ratings
            else NothingToTrainOn.default_detail
        )
    model = solve_model(statistics, catalogue.content.features.rows, len(catalogue), chosen, fitting)
    factorisation = FactorisationSettings()
    sample = ratings.sample(model.items, factorisation.max_ratings, factorisation.seed)
    rating_model = fit_rating_model(sample, factorisation, _within(progress, FITTED, RATED))
    del sample
    metrics = (
        _measure(TrainingRatings(catalogue, chosen.training_history), chosen, progress) if measure else {}
    )
    progress("publish", MEASURED)
    facts = {
        "trained_at": now,
        "ratings": ratings.ratings,
        "raters": ratings.raters,
        "community": watermark,
        "community_ratings": community.count_ratings(),
        "metrics": metrics,
        "settings": dataclasses.asdict(chosen),
    }
    folder = models_folder(settings)
    version = model_artifact.publish_model(folder, model, rating_model, catalogue.movie_ids, catalogue, facts)
    seconds = round(time.perf_counter() - started, 2)
    return {
        "version": version,
        "movies": len(model.items),
        "ratings": ratings.ratings,
        "raters": ratings.raters,
        "metrics": metrics,
        "seconds": seconds,
    }


def _measure(
    ratings: TrainingRatings, settings: ModelSettings, progress: TrainingProgress
) -> dict[str, float]:
    """Return NDCG@100 by the number of known ratings of a user, over users not trained on."""
    progress("measure", RATED)
    stars, items = _rated_items(ratings)
    report = evaluation.evaluate(
        stars,
        settings,
        item_content=items,
        algorithms={},
        known_counts=(5, 10, None),
        seeds=evaluation.SEEDS[:1],
    )
    return {
        f"ndcg_100_{'all' if result.known is None else result.known}": round(result.metrics.ndcg_100, 4)
        for result in report.results
    }


def _rated_items(ratings: TrainingRatings) -> tuple[Csr, evaluation.ItemContent]:
    """Return stars (raters × items) of the items with a rating, and their content."""
    stars = ratings.matrix()
    items = np.flatnonzero(rating_matrix.rater_counts(stars))
    return as_csr(stars[:, items]), evaluation.ItemContent(ratings.catalogue.content, items)


def evaluate_model(
    settings: config.Settings,
    progress: Callable[[str, float], None],
    *,
    cells: Sequence[int | None] = evaluation.KNOWN_COUNTS,
    seeds: Sequence[int] = evaluation.SEEDS,
    positives_only: bool = False,
    rivals: bool = False,
) -> EvaluationReport:
    """Evaluate the served model beside popularity, item neighbours and EASE on the community's ratings.

    `rivals` adds further reference models, which takes several times as long. Raises NothingToTrainOn if there
    are too few raters to hold any out.
    """
    chosen = recommender_settings(settings.recommender)
    # Whole histories: each algorithm leaves out what it does not use.
    stars, items = _rated_items(TrainingRatings(load_movie_index(), sys.maxsize))
    if not stars.nnz:
        raise NothingToTrainOn()
    if stars.shape[0] < MIN_RATERS:
        raise NothingToTrainOn(f"There are {stars.shape[0]} raters: too few to hold any of them out.")
    report = evaluation.evaluate(
        stars,
        chosen,
        item_content=items,
        algorithms={**BASELINES, **(REFERENCE_MODELS if rivals else {})},
        known_counts=cells,
        seeds=seeds,
        positives_only=positives_only,
        progress=progress,
    )
    progress("predicted ratings", 1.0)
    return dataclasses.replace(report, rmse=rmse.measure_rmse(stars))


def _within(progress: TrainingProgress, begin: int, end: int) -> Callable[[str, float], None]:
    """Return a callback that maps progress from 0 to 1 to a part of the training's percentage."""

    def report(stage: str, done: float) -> None:
        progress(STAGES.get(stage, stage), begin + round((end - begin) * done))

    return report


def process_input(settings: config.Settings, *, measure: bool) -> ProcessInput:
    """Return the input of the training process."""
    return {
        "database": dataclasses.asdict(settings.database),
        "recommender": dataclasses.asdict(settings.recommender),
        "state": str(settings.paths.state),
        "measure": measure,
    }


def _settings(inputs: ProcessInput) -> config.Settings:
    defaults = config.Settings()
    # The default place of the database depends on the environment of the daemon: it is always passed on.
    return dataclasses.replace(
        defaults,
        database=config.DatabaseSettings(**inputs["database"]),
        recommender=config.RecommenderSettings(**inputs["recommender"]),
        paths=dataclasses.replace(defaults.paths, state=Path(inputs["state"])),
    )


def main() -> int:
    """Run the training process and return its exit code."""
    os.nice(NICENESS)
    os.umask(0o077)
    inputs: ProcessInput = json.load(sys.stdin)
    settings = _settings(inputs)
    db.connect(settings)
    try:
        report = db.run_with_retry(
            train, settings, _write_progress, now=int(time.time()), measure=inputs["measure"]
        )
    except MovierecError as error:
        _write_line({"error": error.code, "detail": error.detail})
    except BrokenPipeError:
        # The daemon is gone: nobody waits for this training any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception:
        _write_line({"error": InternalError.code, "detail": FAILED, "traceback": traceback.format_exc()})
    else:
        _write_line({"report": report, "stage": "publish", "done": 100})
    finally:
        db.close()
    return 0


def _write_progress(stage: str, percent: int) -> None:
    _write_line({"stage": stage, "done": percent})


def _write_line(document: object) -> None:
    """Print a JSON object on one line. Raises BrokenPipeError if the daemon is gone."""
    print(json.dumps(document), flush=True)
