"""Training: from the community's ratings in the database to a published model, in a process of its own.

`python -m movierec.recommender.training` reads an order (JSON, see `order`) from standard input and says
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
from typing import Any, NamedTuple

import numpy as np

from movierec import config, db
from movierec.errors import InternalError, MovierecError, NothingToTrainOn
from movierec.recommender import accuracy, community, dataset, evaluation, model_artifact
from movierec.recommender.arrays import Csr, Ints, as_csr
from movierec.recommender.baselines import BASELINES
from movierec.recommender.catalogue import Catalogue, load_catalogue
from movierec.recommender.evaluation import Report
from movierec.recommender.factorise import fit_ratings
from movierec.recommender.model import fit
from movierec.recommender.rivals import RIVALS
from movierec.recommender.serving import models_folder, recommender_settings
from movierec.recommender.settings import Settings

# Told the stage that begins and how many percent are done; what it raises ends the training.
Progress = Callable[[str, int], None]

NICENESS = 10
# A fifth of the raters is held out: with fewer nothing could be told from noise.
LEAST_RATERS = 20
FAILED = "Training failed unexpectedly. The daemon's log says why."
# Where reading, fitting (films, then stars) and measuring end, in percent.
READ, FITTED, RATED, MEASURED = 15, 60, 80, 95
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
    settings: config.Settings, progress: Progress, *, now: int, measure: bool = False
) -> dict[str, Any]:
    """Fit a model to all community ratings, publish it, and return what is known of it.

    `measure` holds out a fifth of the users and fits once more without them; the metrics go into the manifest.
    Raises NothingToTrainOn where there is no rating, or no film with enough raters.
    """
    started = time.perf_counter()
    chosen = recommender_settings(settings.recommender)
    progress("read", 0)
    watermark = community.revision()
    read = _read(chosen)
    progress("read", READ)
    model = fit(read.stars, read.features, chosen, _within(progress, READ, FITTED))
    if not len(model.films):
        raise NothingToTrainOn(
            f"No film has the {chosen.min_raters} raters that recommender.minimum_raters asks for. "
            "Import more ratings."
        )
    columns = as_csr(read.stars[:, model.films])
    stars = fit_ratings(columns, progress=_within(progress, FITTED, RATED))
    metrics = _measure(read, chosen, progress) if measure else {}
    progress("publish", MEASURED)
    facts = {
        "trained_at": now,
        "ratings": read.ratings,
        "raters": int(read.stars.shape[0]),
        "community": watermark,
        "community_ratings": community.count(),
        "metrics": metrics,
        "settings": dataclasses.asdict(chosen),
    }
    folder = models_folder(settings)
    version = model_artifact.publish(folder, model, stars, read.movie_ids, read.catalogue, facts)
    seconds = round(time.perf_counter() - started, 2)
    return {
        "version": version,
        "movies": len(model.films),
        "ratings": facts["ratings"],
        "raters": facts["raters"],
        "metrics": metrics,
        "seconds": seconds,
    }


class Read(NamedTuple):
    """Stars (raters × films), the films' ids in the catalogue, and their facts (films × facts).

    `ratings` are all that were found; of the busiest raters only the newest are among the stars.
    """

    stars: Csr
    movie_ids: Ints
    features: Csr
    ratings: int
    catalogue: Catalogue


def _read(settings: Settings) -> Read:
    catalogue = load_catalogue()
    found = community.ratings()
    # A film may have left the catalogue since.
    known = np.isin(found.films, catalogue.movie_ids)
    if not known.any():
        raise NothingToTrainOn()
    made = dataset.build(
        found.raters[known],
        found.films[known],
        found.stars[known],
        found.rated_at[known],
        history=settings.training_history,
    )
    numbers = np.searchsorted(catalogue.movie_ids, made.films)
    features = as_csr(catalogue.content.features.rows[numbers])
    return Read(made.ratings, made.films, features, int(known.sum()), catalogue)


def _measure(read: Read, settings: Settings, progress: Progress) -> dict[str, Any]:
    """NDCG@100 by how many ratings of a user are known, over users the model has not seen."""
    progress("measure", RATED)
    report = evaluation.evaluate(
        read.stars,
        settings,
        features=read.features,
        algorithms={},
        cells=(5, 10, None),
        seeds=evaluation.SEEDS[:1],
    )
    return {
        f"ndcg_100_{'all' if result.known is None else result.known}": round(result.metrics.ndcg_100, 4)
        for result in report.results
    }


def measure(
    settings: config.Settings,
    progress: Callable[[str, float], None],
    *,
    cells: Sequence[int | None] = evaluation.CELLS,
    seeds: Sequence[int] = evaluation.SEEDS,
    positives_only: bool = False,
    rivals: bool = False,
) -> Report:
    """What is served beside popularity, item neighbours and EASE, on the community's ratings.

    `rivals` adds what could be served instead, which takes several times as long. Raises NothingToTrainOn where
    there are too few raters to hold any out.
    """
    chosen = recommender_settings(settings.recommender)
    read = _read(chosen)
    if read.stars.shape[0] < LEAST_RATERS:
        raise NothingToTrainOn(f"There are {read.stars.shape[0]} raters: too few to hold any of them out.")
    report = evaluation.evaluate(
        read.stars,
        chosen,
        features=read.features,
        algorithms={**BASELINES, **(RIVALS if rivals else {})},
        cells=cells,
        seeds=seeds,
        positives_only=positives_only,
        progress=progress,
    )
    progress("predicted ratings", 1.0)
    return dataclasses.replace(report, rmse=accuracy.rmse(read.stars))


def _within(progress: Progress, begin: int, end: int) -> Callable[[str, float], None]:
    def fitted(stage: str, done: float) -> None:
        progress(STAGES.get(stage, stage), begin + round((end - begin) * done))

    return fitted


def order(settings: config.Settings, *, measure: bool) -> dict[str, Any]:
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
        database=config.Database(**told["database"]),
        recommender=config.Recommender(**told["recommender"]),
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
        report = db.call(train, settings, _say_stage, now=int(time.time()), measure=told["measure"])
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
