"""Nobody learns what a single other person rated: a film with fewer than five raters leaves no trace at all."""

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
# The last film of the dataset, which so many people rate as the case has it.
RARE = 500_000 + FILMS
RATED = {500_001: 5.0, 500_002: 4.5, 500_003: 1.0, 500_004: 3.0, 500_005: 4.0, RARE: 4.5}


class Told(NamedTuple):
    """Everything that is told in public, or to a user who is not staff, but for the version of the model."""

    recommended: list[Any]
    with_seen: list[Any]
    explained: list[Any]
    similar: list[Any]
    predicted: list[float | None]
    grid: list[int]
    pages: list[Any]


@pytest.fixture
def told(database: Settings, tmp_path: Path) -> Callable[[str], Told]:
    """What is told once these more lines of ratings were imported and a model trained."""
    common = datasets.ratings_csv(60, list(range(500_001, RARE)), 0.5)
    user = int(auth.register(auth.NewAccount("ann", "ann@example.org"), "no hash", now=0).id)

    def world(more: str) -> Told:
        source = {"movies.csv": datasets.movies_csv(FILMS).encode(), "ratings.csv": (common + more).encode()}
        (tmp_path / "dataset.zip").write_bytes(datasets.zip_archive(source))
        import_movielens(tmp_path / "dataset.zip", tmp_path, limit_bytes=10**9, now=2)
        ids = dict(db.rows("SELECT movielens_id, id FROM movies WHERE movielens_id IS NOT NULL"))
        for film, stars in RATED.items():
            library.rate(user, ids[film], stars, now=3)
        pipeline.train(database, lambda *_: None, now=4)
        return everything(database, user, list(ids.values()))

    return world


def everything(settings: Settings, user: int, films: list[int]) -> Told:
    chosen = recommender_settings(settings.recommender)
    serving = ModelKeeper(models_folder(settings), chosen).state()

    def listed(wish: RecommendRequest) -> list[Any]:
        found = recommender.recommend_for(serving, user, wish)
        return [
            (item.movie_id, item.score, item.predicted_rating, item.reason, item.because) for item in found
        ]

    accounts = [recommender.explain(serving, user, film) for film in films]
    return Told(
        recommended=listed(RecommendRequest(limit=100)),
        with_seen=listed(RecommendRequest(limit=100, include_seen=True)),
        explained=[account and dataclasses.replace(account, model="") for account in accounts],
        similar=[recommender.similar_movies(serving, film, 20) for film in films],
        predicted=[recommender.predict_rating(serving, user, film) for film in films],
        grid=recommender.quickstart_for(serving, user, 50, seed=1),
        pages=[movies.detail(film).summary for film in films],
    )


def rating(rater: int, stars: float) -> str:
    return f"{rater},{RARE},{stars},1500000000\n"


def test_what_few_people_rated_changes_nothing_that_is_told(told: Callable[[str], Told]) -> None:
    without = told("")
    # One of the community, or somebody nothing else is known of; loved or hated.
    one = [told(rating(7, 5.0)), told(rating(7, 0.5)), told(rating(99, 5.0))]
    four = told("".join(rating(rater, 0.5) for rater in (1, 2, 3, 99)))
    for world in (*one, four):
        for name in Told._fields:
            assert getattr(world, name) == getattr(without, name), name
    # With five the film takes part: what is compared above does notice it.
    five = told("".join(rating(rater, 5.0) for rater in range(1, 6)))
    for name in ("recommended", "with_seen", "explained", "similar", "predicted", "pages"):
        assert getattr(five, name) != getattr(without, name), name


def test_the_users_own_ratings_are_not_trained_on(told: Callable[[str], Told], database: Settings) -> None:
    before = told("")
    films = [row[0] for row in db.rows("SELECT id FROM movies ORDER BY id")]
    for number in range(12):
        other = int(
            auth.register(auth.NewAccount(f"user{number}", f"u{number}@example.org"), "no hash", now=0).id
        )
        for film in films[number::3]:
            library.rate(other, film, 0.5, now=3)
    assert told("") == before
