"""Privacy: no output depends on a movie with fewer than five raters, so no single rating can be inferred."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from movierec import auth, db, library, movies, recommender
from movierec.config import Settings
from movierec.exchange.movielens import import_movielens
from movierec.recommender import ModelKeeper, RecommendRequest, models_folder, recommender_settings
from movierec.recommender.training import pipeline
from tests import datasets

FILMS = 30
# The last movie of the dataset; each case sets its number of raters.
RARE = 500_000 + FILMS
RATED = {500_001: 5.0, 500_002: 4.5, 500_003: 1.0, 500_004: 3.0, 500_005: 4.0, RARE: 4.5}


class Outputs(NamedTuple):
    """All outputs for the public and for a user who is not staff, except the version of the model."""

    recommended: list[Any]
    with_seen: list[Any]
    explained: list[Any]
    similar: list[Any]
    predicted: list[float | None]
    grid: list[int]
    pages: list[Any]


@pytest.fixture
def outputs(database: Settings, tmp_path: Path) -> Callable[[str], Outputs]:
    """Return a function that imports additional ratings, trains a model, and returns the outputs."""
    common = datasets.ratings_csv(60, list(range(500_001, RARE)), 0.5)
    user = int(auth.register(auth.NewAccount("ann", "ann@example.org"), "no hash", now=0).id)

    def outputs_with(more: str) -> Outputs:
        source = {"movies.csv": datasets.movies_csv(FILMS).encode(), "ratings.csv": (common + more).encode()}
        (tmp_path / "dataset.zip").write_bytes(datasets.zip_archive(source))
        import_movielens(tmp_path / "dataset.zip", tmp_path, limit_bytes=10**9, now=2)
        ids = dict(db.rows("SELECT movielens_id, id FROM movies WHERE movielens_id IS NOT NULL"))
        for film, stars in RATED.items():
            library.rate(user, ids[film], stars, now=3)
        pipeline.train(database, lambda *_: None, now=4)
        return all_outputs(database, user, list(ids.values()))

    return outputs_with


def all_outputs(settings: Settings, user: int, movie_ids: list[int]) -> Outputs:
    """Return the outputs for a user."""
    chosen = recommender_settings(settings.recommender)
    state = ModelKeeper(models_folder(settings), chosen).state()

    def listed(request: RecommendRequest) -> list[Any]:
        recommended = recommender.recommend_for(state, user, request)
        return [
            (item.movie_id, item.score, item.predicted_rating, item.reason, item.because)
            for item in recommended
        ]

    explanations = [recommender.explain(state, user, movie_id) for movie_id in movie_ids]
    return Outputs(
        recommended=listed(RecommendRequest(limit=100)),
        with_seen=listed(RecommendRequest(limit=100, include_seen=True)),
        explained=[each and dataclasses.replace(each, model="") for each in explanations],
        similar=[recommender.similar_movies(state, movie_id, 20) for movie_id in movie_ids],
        predicted=[recommender.predict_rating(state, user, movie_id) for movie_id in movie_ids],
        grid=recommender.quickstart_for(state, user, 50, seed=1),
        pages=[movies.detail(movie_id).summary for movie_id in movie_ids],
    )


def rating(rater: int, stars: float) -> str:
    return f"{rater},{RARE},{stars},1500000000\n"


def test_movie_with_few_raters_changes_no_output(outputs: Callable[[str], Outputs]) -> None:
    without = outputs("")
    # A rater of the community or an unknown one, with a high or a low rating.
    one = [outputs(rating(7, 5.0)), outputs(rating(7, 0.5)), outputs(rating(99, 5.0))]
    four = outputs("".join(rating(rater, 0.5) for rater in (1, 2, 3, 99)))
    for world in (*one, four):
        for name in Outputs._fields:
            assert getattr(world, name) == getattr(without, name), name
    # With five raters the movie takes part: the comparison above does detect it.
    five = outputs("".join(rating(rater, 5.0) for rater in range(1, 6)))
    for name in ("recommended", "with_seen", "explained", "similar", "predicted", "pages"):
        assert getattr(five, name) != getattr(without, name), name


def test_ratings_of_users_are_not_trained_on(outputs: Callable[[str], Outputs], database: Settings) -> None:
    before = outputs("")
    films = [row[0] for row in db.rows("SELECT id FROM movies ORDER BY id")]
    for number in range(12):
        other = int(
            auth.register(auth.NewAccount(f"user{number}", f"u{number}@example.org"), "no hash", now=0).id
        )
        for film in films[number::3]:
            library.rate(other, film, 0.5, now=3)
    assert outputs("") == before
