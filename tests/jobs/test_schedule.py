"""Training by itself: after enough new community ratings, after hours, and not again where it came to nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from movierec import auth, community, db
from movierec.community.blocks import Ratings
from movierec.config import Settings
from movierec.jobs import enqueue_training_if_due, queue
from movierec.recommender import models_folder
from movierec.recommender.training import pipeline

HOUR = 3600
NOW = 100 * HOUR


@pytest.fixture
def staff(database: Settings) -> int:
    account = auth.NewAccount("root", "root@example.org")
    return int(auth.register(account, "no hash", now=0, is_staff=True).id)


def imported(raters: int, seed: int = 1) -> None:
    """So many raters of every one of twenty films."""
    ids = np.array([row[0] for row in db.rows("SELECT id FROM movies ORDER BY id LIMIT 20")])
    steps = np.random.default_rng(seed).integers(1, 11, raters * len(ids)).astype(np.uint8)
    who, films = np.repeat(np.arange(raters), len(ids)), np.tile(ids, raters)
    community.replace_dataset(
        "test", f"{raters} {seed}", [Ratings(who, films, steps, np.zeros_like(films))], 1
    )


def trained(settings: Settings, now: int = NOW) -> None:
    pipeline.train(settings, lambda _stage, _done: None, now=now)


def with_limits(settings: Settings, ratings: int, hours: int) -> Settings:
    section = dataclasses.replace(settings.recommender, train_after_ratings=ratings, train_after_hours=hours)
    return dataclasses.replace(settings, recommender=section)


def done(job: queue.Job | None, state: str) -> None:
    assert job is not None
    db.execute("UPDATE jobs SET state = ? WHERE id = ?", state, job.id)


def test_without_community_ratings_nothing_is_trained(database: Settings, staff: int) -> None:
    assert enqueue_training_if_due(with_limits(database, 1, 1), NOW) is None


def test_without_an_administrator_nothing_is_trained(database: Settings) -> None:
    imported(30)
    assert enqueue_training_if_due(with_limits(database, 1, 1), NOW) is None


def test_enough_new_ratings_are_trained_on_once(database: Settings, staff: int) -> None:
    settings = with_limits(database, 100, 0)
    imported(4)
    assert enqueue_training_if_due(settings, NOW) is None
    imported(30)
    job = enqueue_training_if_due(settings, NOW)
    assert job is not None
    assert (job.kind, job.user_id, job.state) == ("train", staff, "queued")
    # It waits already.
    assert enqueue_training_if_due(settings, NOW) is None
    trained(settings)
    done(job, "succeeded")
    assert enqueue_training_if_due(settings, NOW + 999 * HOUR) is None
    imported(31)
    assert enqueue_training_if_due(settings, NOW) is None
    imported(40)
    assert enqueue_training_if_due(settings, NOW) is not None


def test_an_old_model_is_renewed_if_anything_has_changed(database: Settings, staff: int) -> None:
    settings = with_limits(database, 0, 24)
    imported(30)
    trained(settings)
    assert enqueue_training_if_due(settings, NOW + 25 * HOUR) is None
    imported(31)
    assert enqueue_training_if_due(settings, NOW + 23 * HOUR) is None
    job = enqueue_training_if_due(settings, NOW + 24 * HOUR)
    trained(settings, NOW + 24 * HOUR)
    done(job, "succeeded")
    assert enqueue_training_if_due(settings, NOW + 50 * HOUR) is None
    db.increment_revision("catalogue")
    assert enqueue_training_if_due(settings, NOW + 50 * HOUR) is not None


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_came_to_nothing_waits_for_other_ratings(database: Settings, staff: int, state: str) -> None:
    settings = with_limits(database, 10, 0)
    imported(30)
    done(enqueue_training_if_due(settings, NOW), state)
    assert enqueue_training_if_due(settings, NOW) is None
    imported(30, seed=2)
    assert enqueue_training_if_due(settings, NOW) is not None


def test_a_damaged_manifest_is_a_reason_to_train(database: Settings, staff: int) -> None:
    settings = with_limits(database, 10, 0)
    imported(30)
    trained(settings)
    folder: Path = models_folder(settings)
    (manifest,) = folder.glob("*/manifest.json")
    manifest.write_bytes(b"{")
    assert enqueue_training_if_due(settings, NOW) is not None
