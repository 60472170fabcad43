"""Minimum quality on MovieLens latest-small; skipped without the test data."""

from functools import partial

import numpy as np
import pytest

from movierec.recommender import ModelSettings
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.evaluation import SEEDS, SERVED, EvaluationReport, ItemContent, evaluate
from movierec.recommender.engine.movie_columns import MovieColumns
from movierec.recommender.engine.rating_matrix import RatingMatrix
from movierec.recommender.engine.reference_models import ease, popularity
from movierec.recommender.engine.rmse import measure_rmse

EASE, POPULARITY = "EASE λ=500", "popularity"

# One evaluation for all of its tests, whatever the number of workers.
pytestmark = pytest.mark.xdist_group("quality")


@pytest.fixture(scope="module")
def report(movielens_ratings: RatingMatrix, movielens_facts: MovieColumns) -> EvaluationReport:
    return evaluate(
        movielens_ratings.ratings,
        ModelSettings(dislikes="trained"),
        item_content=ItemContent(ContentScorer(movielens_facts), np.arange(len(movielens_facts))),
        # Without the films that one or two liked EASE scores the same to 0.1 %, in a fifth of the time.
        algorithms={POPULARITY: popularity, EASE: partial(ease, likers=3)},
        known_counts=(1, 5, 10, None),
        seeds=SEEDS[:1],
    )


@pytest.mark.parametrize(
    ("known_ratings", "rival", "factor"),
    [
        (1, POPULARITY, 1.0),
        (5, POPULARITY, 1.3),
        (10, EASE, 1.1),
        (None, EASE, 1.1),
    ],
)
def test_served_model_beats_the_reference_models(
    report: EvaluationReport, known_ratings: int | None, rival: str, factor: float
) -> None:
    assert report.ndcg(SERVED, known_ratings) >= factor * report.ndcg(rival, known_ratings)


def test_predicted_ratings_beat_the_biases_by_four_per_cent(movielens_ratings: RatingMatrix) -> None:
    rmse = measure_rmse(movielens_ratings.ratings)
    assert rmse["movierec"] < 0.96 * rmse["biases"]
