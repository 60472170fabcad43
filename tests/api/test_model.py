"""Training in a job with its own process, the trained model, and rollback."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from movierec import db
from tests import datasets
from tests.api.test_imports import send, wait_for_job
from tests.running import Account, RunningDaemon

MODEL = "/api/v1/model/"


def import_ratings(daemon: RunningDaemon, admin: Account, *, seed: int = 1) -> None:
    """Import thirty generated movies with sixty raters."""
    movielens_ids = list(range(500_001, 500_031))
    source = {
        "movies.csv": datasets.movies_csv(30).encode(),
        "ratings.csv": datasets.ratings_csv(60, movielens_ids, 0.5, seed).encode(),
    }
    assert (
        wait_for_job(daemon, admin, send(daemon, admin, datasets.zip_archive(source)))["state"] == "succeeded"
    )


def train_model(daemon: RunningDaemon, admin: Account, query: str = "") -> Any:
    return wait_for_job(daemon, admin, daemon.post(f"{MODEL}train/{query}", token=admin, status=202))


def test_training_without_ratings_is_refused(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    assert daemon.post(f"{MODEL}train/", token=admin, status=409)["code"] == "nothing_to_train_on"
    assert daemon.get(MODEL, token=admin, status=409)["code"] == "model_not_trained"
    assert daemon.post(f"{MODEL}rollback/", token=admin, status=409)["code"] == "model_not_trained"


def test_training_is_for_staff(daemon: RunningDaemon) -> None:
    user = daemon.register()
    daemon.post(f"{MODEL}train/", token=user, status=403)
    daemon.get(MODEL, token=user, status=403)
    daemon.post(f"{MODEL}rollback/", token=user, status=403)
    daemon.post(f"{MODEL}train/", status=401)


def check_prediction_accuracy(daemon: RunningDaemon) -> None:
    """Check the accuracy of the model in the statistics, each rating predicted from the others."""
    user = daemon.register()
    rows = db.rows("SELECT id FROM movies WHERE movielens_id >= 500001 ORDER BY id LIMIT 8")
    for number, (movie_id,) in enumerate(rows):
        sent = {"rating": 1 + number % 5}
        daemon.put(f"/api/v1/favorites/ratings/movie/{movie_id}/", sent, token=user, status=201)
    assert daemon.get("/api/v1/stats/", token=user)["foresight"] is None
    accuracy = daemon.get("/api/v1/stats/?foresight=true", token=user)["foresight"]
    assert {item["movie"] for item in accuracy["surprises"]} == {movie_id for (movie_id,) in rows}
    errors = [abs(item["rating"] - item["expected"]) for item in accuracy["surprises"]]
    assert all(
        further >= nearer - 0.11 for further, nearer in itertools.pairwise(errors)
    )  # rounded to a tenth
    assert accuracy["mean_error"] == pytest.approx(sum(errors) / 8, abs=0.06)


def test_trained_model_serves_and_can_be_rolled_back(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    import_ratings(daemon, admin)
    first = train_model(daemon, admin)
    assert first["state"] == "succeeded", first["error"]
    assert (first["report"]["movies"], first["report"]["raters"]) == (30, 60)
    model = daemon.get(MODEL, token=admin)
    assert model["version"] == first["report"]["version"]
    assert model["trained_at"]
    assert (model["movies"], model["ratings"], model["raters"]) == (30, 900, 60)
    assert (model["metrics"], model["degraded"], model["previous"]) == ({}, [], [])
    check_prediction_accuracy(daemon)
    assert daemon.post(f"{MODEL}rollback/", token=admin, status=409)["code"] == "conflict"

    import_ratings(daemon, admin, seed=2)
    second = train_model(daemon, admin, "?measure=true")
    assert second["state"] == "succeeded", second["error"]
    model = daemon.get(MODEL, token=admin)
    assert model["version"] == second["report"]["version"] != first["report"]["version"]
    assert [version["version"] for version in model["previous"]] == [first["report"]["version"]]
    assert set(model["metrics"]) == {"ndcg_100_5", "ndcg_100_10", "ndcg_100_all"}
    assert all(0 <= value <= 1 for value in model["metrics"].values())

    back = daemon.post(f"{MODEL}rollback/", token=admin)
    assert back["version"] == first["report"]["version"]
    assert daemon.get(MODEL, token=admin) == back


def test_trained_model_predicts_ratings_and_lists_store_them(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    import_ratings(daemon, admin)
    assert train_model(daemon, admin)["state"] == "succeeded"
    movie_ids = [row[0] for row in db.rows("SELECT id FROM movies WHERE movielens_id > 500000 ORDER BY id")]
    user = daemon.register()
    for movie_id in movie_ids[:4]:
        daemon.put(f"/api/v1/favorites/ratings/movie/{movie_id}/", {"rating": 4.5}, token=user, status=201)
    path = "/api/v1/recommendations"
    # The user has too few ratings.
    assert daemon.get(f"{path}/explain/{movie_ids[9]}/", token=user)["predicted_rating"] is None
    daemon.put(f"/api/v1/favorites/ratings/movie/{movie_ids[4]}/", {"rating": 4.0}, token=user, status=201)
    items = daemon.get(f"{path}/?limit=60", token=user)["results"]
    stars = {item["movie"]["id"]: item["predicted_rating"] for item in items}
    # Movies with and without community ratings.
    assert all((stars[movie_id] is not None) == (movie_id in movie_ids) for movie_id in stars)
    assert all(0.5 <= value <= 5 and value == round(value, 1) for value in stars.values() if value)
    movie_id = next(movie_id for movie_id in stars if movie_id in movie_ids)
    assert daemon.get(f"{path}/explain/{movie_id}/", token=user)["predicted_rating"] == stars[movie_id]
    assert daemon.get(f"/api/v1/movies/{movie_id}/", token=user)["predicted_rating"] == stars[movie_id]
    assert "predicted_rating" not in daemon.get(f"/api/v1/movies/{movie_id}/")
    assert daemon.get(f"{path}/?limit=60", token=user)["results"] == items
    again = daemon.get(f"{path}/{items[0]['id']}/", token=user)
    assert again["predicted_rating"] == items[0]["predicted_rating"]


def test_too_few_raters_fail_with_a_message(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    body = datasets.zip_archive(datasets.dataset_files())
    assert wait_for_job(daemon, admin, send(daemon, admin, body))["state"] == "succeeded"
    job = train_model(daemon, admin)
    assert job["state"] == "failed"
    assert "minimum_raters" in job["error"]


@pytest.mark.parametrize("query", ["?measure=perhaps", "?films=3"])
def test_bad_parameters_are_refused(daemon: RunningDaemon, query: str) -> None:
    daemon.post(f"{MODEL}train/{query}", token=daemon.admin(), status=422)


def test_cancelled_training_ends_its_process(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    import_ratings(daemon, admin)
    job = daemon.post(f"{MODEL}train/", token=admin, status=202)
    daemon.delete(f"/api/v1/jobs/{job['id']}/", token=admin)
    assert daemon.get(f"/api/v1/jobs/{job['id']}/", token=admin)["state"] == "cancelled"
    # The next one does not wait for it.
    assert train_model(daemon, admin)["state"] == "succeeded"
    assert len(list((daemon.settings.paths.state / "models").glob("2*"))) == 1


def test_reads_continue_while_ml_latest_small_is_imported_and_trained_on(
    daemon: RunningDaemon, movielens: Path
) -> None:
    admin, other = daemon.admin(), daemon.register()
    movie = db.value("SELECT id FROM movies WHERE imdb_id = 'tt0114709'")
    job = send(daemon, admin, datasets.zip_folder(movielens))
    for step in ("import", "train"):
        if step == "train":
            job = daemon.post(f"{MODEL}train/", token=admin, status=202)
        answered = 0
        while job["state"] in ("queued", "running"):
            daemon.post(
                "/api/v1/favorites/ratings/", {"movie": movie, "rating": 4.0}, token=other, status=(200, 201)
            )
            answered += 1
            time.sleep(0.02)  # clock: one reader, not as many requests as the machine can answer
            job = daemon.get(f"/api/v1/jobs/{job['id']}/", token=admin)
        assert job["state"] == "succeeded", job["error"]
        assert answered > 3, f"nobody was answered during {step}"
    assert daemon.get(MODEL, token=admin)["ratings"] == 100_836
