"""The bars of quality on MovieLens latest-small; skipped where it is not at hand."""

import pytest

from movierec.recommender import Settings
from movierec.recommender.baselines import ease, popularity
from movierec.recommender.dataset import Dataset
from movierec.recommender.evaluation import SERVED, Report, evaluate
from movierec.recommender.facts import FilmFacts
from movierec.recommender.features import features_of

EASE, POPULARITY = "EASE λ=500", "popularity"


@pytest.fixture(scope="module")
def report(movielens_ratings: Dataset, movielens_facts: FilmFacts) -> Report:
    return evaluate(
        movielens_ratings.ratings,
        Settings(dislikes="trained"),
        features=features_of(movielens_facts).rows,
        algorithms={POPULARITY: popularity, EASE: ease},
        cells=(1, 5, 10, None),
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
