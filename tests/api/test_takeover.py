"""Switch to a new model under load, and trainings killed at any point: a complete model always serves."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from typing import Any

import pytest

from movierec.jobs.training import COMMAND
from movierec.recommender import models_folder
from movierec.recommender.artifacts import store
from movierec.recommender.training import pipeline
from tests.api.test_imports import wait_for_job
from tests.api.test_model import MODEL, import_ratings
from tests.running import RunningDaemon

PATH = "/api/v1/recommendations"


def test_switch_to_a_new_model_fails_no_request(daemon: RunningDaemon) -> None:
    admin, user = daemon.admin(), daemon.register()
    import_ratings(daemon, admin)
    movie_id = daemon.get(f"{PATH}/quickstart/", token=user)["results"][0]["id"]
    daemon.put(f"/api/v1/favorites/ratings/movie/{movie_id}/", {"rating": 5}, token=user, status=201)
    finished = threading.Event()
    answers: list[tuple[int, str]] = []

    def ask() -> None:
        while not finished.wait(0.01):
            reply = daemon.request("GET", f"{PATH}/?limit=5", token=user.access)
            models = {item["model"] for item in reply.json()["results"]} if reply.status == 200 else {""}
            # All items of a list come from one model.
            assert len(models) == 1
            answers.append((reply.status, models.pop()))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    try:
        versions = []
        for _ in range(2):
            job = wait_for_job(daemon, admin, daemon.post(f"{MODEL}train/", token=admin, status=202))
            assert job["state"] == "succeeded", job["error"]
            versions.append(job["report"]["version"])
            # The new model serves as soon as its job has succeeded.
            assert daemon.get(f"{PATH}/?limit=5", token=user)["results"][0]["model"] == versions[-1]
    finally:
        finished.set()
        for thread in asking:
            thread.join(180)
    assert {status for status, _ in answers} == {200}
    assert [*dict.fromkeys(model for _, model in answers)] == ["content", *versions]


@pytest.mark.parametrize("after", [None, "gram", "solve short", "stars", "publish"])
def test_killed_training_leaves_a_complete_model_serving(daemon: RunningDaemon, after: str | None) -> None:
    admin = daemon.admin()
    import_ratings(daemon, admin)
    first = wait_for_job(daemon, admin, daemon.post(f"{MODEL}train/", token=admin, status=202))["report"][
        "version"
    ]
    process = start_training(daemon.settings)
    assert process.stdout is not None
    while after is not None and json.loads(process.stdout.readline())["stage"] != after:
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    folder = models_folder(daemon.settings)
    model, complaints = store.load_current(folder)
    assert not complaints
    assert model is not None
    assert model.version == first or after == "publish"
    assert daemon.get(MODEL, token=admin)["version"] == model.version
    last = wait_for_job(daemon, admin, daemon.post(f"{MODEL}train/", token=admin, status=202))
    assert last["state"] == "succeeded"
    assert daemon.get(MODEL, token=admin)["version"] == last["report"]["version"]


def start_training(settings: Any) -> subprocess.Popen[bytes]:
    """Start the training process like a daemon does."""
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ))
    assert process.stdin is not None
    process.stdin.write(json.dumps(pipeline.process_input(settings, measure=False)).encode())
    process.stdin.close()
    return process
