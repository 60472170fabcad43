"""Accuracy of the predicted ratings of one user: each recent rating, predicted from all the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from movierec.recommender.serving.state import ModelState
from movierec.recommender.serving.user_signals import ItemSignals, load_signals

# Newest ratings that are predicted.
MAX_RATINGS = 500
MAX_SURPRISES = 10


@dataclass(frozen=True, slots=True)
class Surprise:
    """A movie whose rating is far from the predicted one, both in stars."""

    movie_id: int
    title: str
    stars: float
    expected: float


@dataclass(frozen=True, slots=True)
class PredictionAccuracy:
    """Mean absolute error in stars over a number of movies. `surprises` have the largest errors first."""

    movies: int
    mean_error: float
    surprises: tuple[Surprise, ...]


def prediction_accuracy_for(state: ModelState, user_id: int) -> PredictionAccuracy | None:
    """Return how well the served model predicts a user's ratings.

    None where no model predicts ratings, or the model has too few of the movies.
    """
    community, catalogue = state.scorer.community, state.catalogue
    if community is None:
        return None
    signals = load_signals(user_id)
    own = ItemSignals(signals, catalogue.items_of(signals.movie_ids))
    positions, expected = community.predict_left_out(own.rated, own.stars, MAX_RATINGS)
    if not len(positions):
        return None
    items, stars = own.rated[positions], own.stars[positions]
    errors = np.abs(stars - expected)
    furthest = np.argsort(-errors, kind="stable")[:MAX_SURPRISES]
    return PredictionAccuracy(
        movies=len(positions),
        mean_error=round(float(errors.mean()), 2),
        surprises=tuple(
            Surprise(
                int(catalogue.movie_ids[items[number]]),
                catalogue.titles[items[number]],
                float(stars[number]),
                round(float(expected[number]), 1),
            )
            for number in furthest.tolist()
        ),
    )
