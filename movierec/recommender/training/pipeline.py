"""Training: from the community's ratings in the database to a published model, in a process of its own.

`python -m movierec.recommender.training.pipeline` reads an order (JSON, see `order`) from standard input and says
how far it is on standard output, a JSON object a line; the last one is its report or its error.
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
from typing import Any

import numpy as np

from movierec import community, config, db
from movierec.errors import InternalError, MovierecError, NothingToTrainOn
from movierec.recommender.artifacts import model as model_artifact
from movierec.recommender.engine import evaluation, rating_matrix, rmse
from movierec.recommender.engine.arrays import Csr, as_csr
from movierec.recommender.engine.baselines import BASELINES
from movierec.recommender.engine.evaluation import EvaluationReport
from movierec.recommender.engine.matrix_factorisation import FactorisationSettings, fit_rating_model
from movierec.recommender.engine.model import solve_model
from movierec.recommender.engine.reference_models import REFERENCE_MODELS
from movierec.recommender.engine.settings import Settings
from movierec.recommender.serving.movie_index import MovieIndex, load_movie_index
from movierec.recommender.serving.state import models_folder, recommender_settings
from movierec.recommender.training.training_data import RatingSource, TrainingRatings

# Told the stage that begins and how many percent are done; what it raises ends the training.
TrainingProgress = Callable[[str, int], None]

NICENESS = 10
# A fifth of the raters is held out: with fewer nothing could be told from noise.
MIN_RATERS = 20
FAILED = "Training failed unexpectedly. The daemon's log says why."
# Where fitting (films, then stars) and measuring end, in percent.
FITTED, RATED, MEASURED = 60, 80, 95
# `fit` names its stages for itself; these are said of a job.
STAGES = {
    "ratings": "read",
    "statistics": "gram",
    "long memory": "solve long",
    "short memory": "solve short",
    "done": "stars",
    "predicted ratings": "stars",
}


def train(
    settings: config.Settings,
    progress: TrainingProgress,
    *,
    now: int,
    measure: bool = False,
    source: Callable[[MovieIndex, int], RatingSource] = TrainingRatings,
) -> dict[str, Any]:
    """Fit a model to all community ratings, publish it, and return what is known of it.

    The ratings are the community's, or those of another `source` of a catalogue and the longest history wanted.
    `measure` holds out a fifth of the community's users and fits once more without them; the metrics go into the
    manifest. Raises NothingToTrainOn where there is no rating, or no film with enough raters.
    """
    started = time.perf_counter()
    chosen = recommender_settings(settings.recommender)
    progress("read", 0)
    watermark = community.revision()
    catalogue = load_movie_index()
    corpus = source(catalogue, chosen.training_history)
    fitting = _within(progress, 0, FITTED)
    found = corpus.statistics(chosen, fitting)
    if not len(found.films):
        raise NothingToTrainOn(
            f"No film has the {chosen.min_raters} raters that recommender.minimum_raters asks for. "
            "Import more ratings."
            if corpus.ratings
            else NothingToTrainOn.default_detail
        )
    model = solve_model(found, catalogue.content.features.rows, len(catalogue), chosen, fitting)
    rating = FactorisationSettings()
    sample = corpus.sample(model.films, rating.max_ratings, rating.seed)
    stars = fit_rating_model(sample, rating, _within(progress, FITTED, RATED))
    del sample
    metrics = (
        _measure(TrainingRatings(catalogue, chosen.training_history), chosen, progress) if measure else {}
    )
    progress("publish", MEASURED)
    facts = {
        "trained_at": now,
        "ratings": corpus.ratings,
        "raters": corpus.raters,
        "community": watermark,
        "community_ratings": community.count_ratings(),
        "metrics": metrics,
        "settings": dataclasses.asdict(chosen),
    }
    folder = models_folder(settings)
    version = model_artifact.publish_model(folder, model, stars, catalogue.movie_ids, catalogue, facts)
    seconds = round(time.perf_counter() - started, 2)
    return {
        "version": version,
        "movies": len(model.films),
        "ratings": facts["ratings"],
        "raters": facts["raters"],
        "metrics": metrics,
        "seconds": seconds,
    }


def _measure(corpus: TrainingRatings, settings: Settings, progress: TrainingProgress) -> dict[str, Any]:
    """NDCG@100 by how many ratings of a user are known, over users the model has not seen."""
    progress("measure", RATED)
    stars, films = _rated(corpus)
    report = evaluation.evaluate(
        stars,
        settings,
        films=films,
        algorithms={},
        cells=(5, 10, None),
        seeds=evaluation.SEEDS[:1],
    )
    return {
        f"ndcg_100_{'all' if result.known is None else result.known}": round(result.metrics.ndcg_100, 4)
        for result in report.results
    }


def _rated(corpus: TrainingRatings) -> tuple[Csr, evaluation.ItemContent]:
    """Stars (raters × films) of the films that anybody has rated, and what is known of these."""
    stars = corpus.matrix()
    films = np.flatnonzero(rating_matrix.rater_counts(stars))
    return as_csr(stars[:, films]), evaluation.ItemContent(corpus.catalogue.content, films)


def evaluate_model(
    settings: config.Settings,
    progress: Callable[[str, float], None],
    *,
    cells: Sequence[int | None] = evaluation.KNOWN_COUNTS,
    seeds: Sequence[int] = evaluation.SEEDS,
    positives_only: bool = False,
    rivals: bool = False,
) -> EvaluationReport:
    """What is served beside popularity, item neighbours and EASE, on the community's ratings.

    `rivals` adds what could be served instead, which takes several times as long. Raises NothingToTrainOn where
    there are too few raters to hold any out.
    """
    chosen = recommender_settings(settings.recommender)
    # Whole histories: whoever is fitted to them leaves out what it does not want.
    stars, films = _rated(TrainingRatings(load_movie_index(), sys.maxsize))
    if not stars.nnz:
        raise NothingToTrainOn()
    if stars.shape[0] < MIN_RATERS:
        raise NothingToTrainOn(f"There are {stars.shape[0]} raters: too few to hold any of them out.")
    report = evaluation.evaluate(
        stars,
        chosen,
        films=films,
        algorithms={**BASELINES, **(REFERENCE_MODELS if rivals else {})},
        cells=cells,
        seeds=seeds,
        positives_only=positives_only,
        progress=progress,
    )
    progress("predicted ratings", 1.0)
    return dataclasses.replace(report, rmse=rmse.measure_rmse(stars))


def _within(progress: TrainingProgress, begin: int, end: int) -> Callable[[str, float], None]:
    def fitted(stage: str, done: float) -> None:
        progress(STAGES.get(stage, stage), begin + round((end - begin) * done))

    return fitted


def process_input(settings: config.Settings, *, measure: bool) -> dict[str, Any]:
    """What the training process is told. It holds the database's address: for pipes, not for arguments."""
    return {
        "database": dataclasses.asdict(settings.database),
        "recommender": dataclasses.asdict(settings.recommender),
        "state": str(settings.paths.state),
        "measure": measure,
    }


def _settings(told: dict[str, Any]) -> config.Settings:
    usual = config.Settings()
    # The daemon may have its database at the usual place, which depends on its own environment.
    return dataclasses.replace(
        usual,
        database=config.DatabaseSettings(**told["database"]),
        recommender=config.RecommenderSettings(**told["recommender"]),
        paths=dataclasses.replace(usual.paths, state=Path(told["state"])),
    )


def main() -> int:
    """The training process; returns its exit code."""
    os.nice(NICENESS)
    os.umask(0o077)
    told = json.load(sys.stdin)
    settings = _settings(told)
    db.connect(settings)
    try:
        report = db.run_with_retry(train, settings, _say_stage, now=int(time.time()), measure=told["measure"])
    except MovierecError as error:
        _say({"error": error.code, "detail": error.detail})
    except BrokenPipeError:
        # The daemon has gone: nobody waits for this training any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception:
        _say({"error": InternalError.code, "detail": FAILED, "traceback": traceback.format_exc()})
    else:
        _say({"report": report, "stage": "publish", "done": 100})
    finally:
        db.close()
    return 0


def _say_stage(stage: str, percent: int) -> None:
    _say({"stage": stage, "done": percent})


def _say(document: dict[str, Any]) -> None:
    """Raises BrokenPipeError when the daemon has gone."""
    print(json.dumps(document), flush=True)


if __name__ == "__main__":
    sys.exit(main())
