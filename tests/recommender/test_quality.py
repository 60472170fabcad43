"""The bars of quality on MovieLens latest-small; skipped where it is not at hand."""

from functools import partial

import numpy as np
import pytest

from movierec.recommender import Settings
from movierec.recommender.arrays import as_csr, row_of
from movierec.recommender.baselines import ease, popularity
from movierec.recommender.dataset import Dataset
from movierec.recommender.evaluation import SEEDS, SERVED, Report, evaluate
from movierec.recommender.factorise import RatingSettings, biases, fit_ratings
from movierec.recommender.facts import FilmFacts
from movierec.recommender.features import features_of

EASE, POPULARITY = "EASE λ=500", "popularity"

# One evaluation for all of its tests, whatever the number of workers.
pytestmark = pytest.mark.xdist_group("quality")


@pytest.fixture(scope="module")
def report(movielens_ratings: Dataset, movielens_facts: FilmFacts) -> Report:
    return evaluate(
        movielens_ratings.ratings,
        Settings(dislikes="trained"),
        features=features_of(movielens_facts).rows,
        # Without the films that one or two liked EASE scores the same to 0.1 %, in a fifth of the time.
        algorithms={POPULARITY: popularity, EASE: partial(ease, likers=3)},
        cells=(1, 5, 10, None),
        seeds=SEEDS[:1],
    )


@pytest.mark.parametrize(
    ("known", "rival", "factor"),
    [
        (1, POPULARITY, 1.0),
        (5, POPULARITY, 1.3),
        (10, EASE, 1.1),
        (None, EASE, 1.1),
    ],
)
def test_served_recommender_beats(report: Report, known: int | None, rival: str, factor: float) -> None:
    assert report.ndcg(SERVED, known) >= factor * report.ndcg(rival, known)


def test_predicted_ratings_beat_the_biases_by_four_per_cent(movielens_ratings: Dataset) -> None:
    ratings = movielens_ratings.ratings
    rows = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    held_out = np.random.default_rng(1).random(ratings.nnz) < 0.1
    kept = ~held_out
    train = as_csr((ratings.data[kept], (rows[kept], ratings.indices[kept])), ratings.shape)
    users, films, stars = rows[held_out], ratings.indices[held_out], ratings.data[held_out]
    settings = RatingSettings()
    mean, film_bias, user_bias = biases(train, *settings.damping)
    model = fit_ratings(train, settings)
    expected = np.empty(len(stars))
    for user in np.unique(users):
        taste = model.fold_in(*row_of(train, int(user)))
        assert taste is not None
        expected[users == user] = taste.expected(films[users == user])
    rmse = np.sqrt(np.square(np.clip(expected, 0.5, 5) - stars).mean())
    baseline = np.sqrt(np.square(mean + film_bias[films] + user_bias[users] - stars).mean())
    assert rmse < 0.96 * baseline
