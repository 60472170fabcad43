"""Training by a job in its own process, the model it leaves, and going back."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from movierec import db
from tests import datasets
from tests.api.test_imports import send, wait_for_job
from tests.running import Account, RunningDaemon

MODEL = "/api/v1/model/"


def import_ratings(daemon: RunningDaemon, admin: Account, *, seed: int = 1) -> None:
    """Thirty made-up films and sixty raters."""
    films = list(range(500_001, 500_031))
    source = {
        "movies.csv": datasets.movies_csv(30).encode(),
        "ratings.csv": datasets.ratings_csv(60, films, 0.5, seed).encode(),
    }
    assert (
        wait_for_job(daemon, admin, send(daemon, admin, datasets.zip_archive(source)))["state"] == "succeeded"
    )


def train_model(daemon: RunningDaemon, admin: Account, query: str = "") -> Any:
    return wait_for_job(daemon, admin, daemon.post(f"{MODEL}train/{query}", token=admin, status=202))


def test_without_ratings_there_is_nothing_to_train_on(daemon: RunningDaemon) -> None:
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
    """Statistics tell how well the model foresees each rating from the others."""
    user = daemon.register()
    films = db.rows("SELECT id FROM movies WHERE movielens_id >= 500001 ORDER BY id LIMIT 8")
    for number, (film,) in enumerate(films):
        sent = {"rating": 1 + number % 5}
        daemon.put(f"/api/v1/favorites/ratings/movie/{film}/", sent, token=user, status=201)
    assert daemon.get("/api/v1/stats/", token=user)["foresight"] is None
    found = daemon.get("/api/v1/stats/?foresight=true", token=user)["foresight"]
    assert {one["movie"] for one in found["surprises"]} == {film for (film,) in films}
    apart = [abs(one["rating"] - one["expected"]) for one in found["surprises"]]
    assert all(further >= nearer - 0.11 for further, nearer in itertools.pairwise(apart))  # told to a tenth
    assert found["mean_error"] == pytest.approx(sum(apart) / 8, abs=0.06)


def test_a_trained_model_serves_and_can_be_taken_back(daemon: RunningDaemon) -> None:
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


def test_a_trained_model_predicts_stars_and_a_list_remembers_them(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    import_ratings(daemon, admin)
    assert train_model(daemon, admin)["state"] == "succeeded"
    films = [row[0] for row in db.rows("SELECT id FROM movies WHERE movielens_id > 500000 ORDER BY id")]
    user = daemon.register()
    for film in films[:4]:
        daemon.put(f"/api/v1/favorites/ratings/movie/{film}/", {"rating": 4.5}, token=user, status=201)
    path = "/api/v1/recommendations"
    # Too little is known of the user.
    assert daemon.get(f"{path}/explain/{films[9]}/", token=user)["predicted_rating"] is None
    daemon.put(f"/api/v1/favorites/ratings/movie/{films[4]}/", {"rating": 4.0}, token=user, status=201)
    found = daemon.get(f"{path}/?limit=60", token=user)["results"]
    stars = {item["movie"]["id"]: item["predicted_rating"] for item in found}
    # Known to the community, or not.
    assert all((stars[film] is not None) == (film in films) for film in stars)
    assert all(0.5 <= value <= 5 and value == round(value, 1) for value in stars.values() if value)
    film = next(film for film in stars if film in films)
    assert daemon.get(f"{path}/explain/{film}/", token=user)["predicted_rating"] == stars[film]
    assert daemon.get(f"/api/v1/movies/{film}/", token=user)["predicted_rating"] == stars[film]
    assert "predicted_rating" not in daemon.get(f"/api/v1/movies/{film}/")
    assert daemon.get(f"{path}/?limit=60", token=user)["results"] == found
    again = daemon.get(f"{path}/{found[0]['id']}/", token=user)
    assert again["predicted_rating"] == found[0]["predicted_rating"]


def test_too_few_raters_are_said(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    body = datasets.zip_archive(datasets.dataset_files())
    assert wait_for_job(daemon, admin, send(daemon, admin, body))["state"] == "succeeded"
    job = train_model(daemon, admin)
    assert job["state"] == "failed"
    assert "minimum_raters" in job["error"]


@pytest.mark.parametrize("query", ["?measure=perhaps", "?films=3"])
def test_bad_parameters_are_refused(daemon: RunningDaemon, query: str) -> None:
    daemon.post(f"{MODEL}train/{query}", token=daemon.admin(), status=422)


def test_a_cancelled_training_ends_its_process(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    import_ratings(daemon, admin)
    job = daemon.post(f"{MODEL}train/", token=admin, status=202)
    daemon.delete(f"/api/v1/jobs/{job['id']}/", token=admin)
    assert daemon.get(f"/api/v1/jobs/{job['id']}/", token=admin)["state"] == "cancelled"
    # The next one does not wait for it.
    assert train_model(daemon, admin)["state"] == "succeeded"
    assert len(list((daemon.settings.paths.state / "models").glob("2*"))) == 1


def test_reads_go_on_while_ml_latest_small_is_imported_and_trained_on(
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
            job = daemon.get(f"/api/v1/jobs/{job['id']}/", token=admin)
        assert job["state"] == "succeeded", job["error"]
        assert answered > 3, f"nobody was answered during {step}"
    assert daemon.get(MODEL, token=admin)["ratings"] == 100_836
