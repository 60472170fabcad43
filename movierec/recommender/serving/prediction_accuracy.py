"""How well the served model foresees a user: the newest ratings, each expected from all the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from movierec.recommender.serving.state import ModelState
from movierec.recommender.serving.user_signals import load_signals

MAX_RATINGS = 500
MAX_SURPRISES = 10


@dataclass(frozen=True, slots=True)
class Surprise:
    """A film rated otherwise than the other ratings let expect."""

    movie_id: int
    title: str
    stars: float
    expected: float


@dataclass(frozen=True, slots=True)
class PredictionAccuracy:
    """Over so many films; `mean_error` is in stars. `surprises` come furthest apart first."""

    movies: int
    mean_error: float
    surprises: tuple[Surprise, ...]


def prediction_accuracy_for(serving: ModelState, user_id: int) -> PredictionAccuracy | None:
    """None where no model predicts ratings, or it knows too few of the films."""
    community, catalogue = serving.scorer.community, serving.catalogue
    if community is None:
        return None
    ratings = load_signals(user_id).ratings
    numbers = catalogue.items_of([movie_id for movie_id, _ in ratings])
    stars = np.array([given for _, given in ratings], dtype=np.float32)[numbers >= 0]
    numbers = numbers[numbers >= 0]
    places, expected = community.foreseen(numbers, stars, MAX_RATINGS)
    if not len(places):
        return None
    errors = np.abs(stars[places] - expected)
    furthest = np.argsort(-errors, kind="stable")[:MAX_SURPRISES]
    return PredictionAccuracy(
        movies=len(places),
        mean_error=round(float(errors.mean()), 2),
        surprises=tuple(
            Surprise(
                int(catalogue.movie_ids[numbers[places[at]]]),
                catalogue.titles[numbers[places[at]]],
                float(stars[places[at]]),
                round(float(expected[at]), 1),
            )
            for at in furthest.tolist()
        ),
    )
