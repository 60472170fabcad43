"""Schedule of the training: after enough new ratings, after hours, not again after a failure."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from movierec import auth, community, db
from movierec.community.blocks import Ratings
from movierec.config import Settings
from movierec.jobs import queue
from movierec.jobs.schedule import enqueue_training_if_due
from movierec.recommender import models_folder
from movierec.recommender.training import pipeline

HOUR = 3600
NOW = 100 * HOUR


@pytest.fixture
def staff(database: Settings) -> int:
    account = auth.NewAccount("root", "root@example.org")
    return int(auth.register(account, "no hash", now=0, is_staff=True).id)


def import_ratings(raters: int, seed: int = 1) -> None:
    """Import a dataset of raters who all rated the same twenty movies."""
    ids = np.array([row[0] for row in db.rows("SELECT id FROM movies ORDER BY id LIMIT 20")])
    steps = np.random.default_rng(seed).integers(1, 11, raters * len(ids)).astype(np.uint8)
    rater_column, movie_column = np.repeat(np.arange(raters), len(ids)), np.tile(ids, raters)
    community.replace_dataset(
        "test",
        f"{raters} {seed}",
        [Ratings(rater_column, movie_column, steps, np.zeros_like(movie_column))],
        1,
    )


def train(settings: Settings, now: int = NOW) -> None:
    pipeline.train(settings, lambda _stage, _done: None, now=now)


def with_limits(settings: Settings, ratings: int, hours: int) -> Settings:
    section = dataclasses.replace(settings.recommender, train_after_ratings=ratings, train_after_hours=hours)
    return dataclasses.replace(settings, recommender=section)


def end(job: queue.Job | None, state: str) -> None:
    assert job is not None
    db.execute("UPDATE jobs SET state = ? WHERE id = ?", state, job.id)


def test_no_training_without_community_ratings(database: Settings, staff: int) -> None:
    assert enqueue_training_if_due(with_limits(database, 1, 1), NOW) is None


def test_no_training_without_an_administrator(database: Settings) -> None:
    import_ratings(30)
    assert enqueue_training_if_due(with_limits(database, 1, 1), NOW) is None


def test_enough_new_ratings_start_one_training(database: Settings, staff: int) -> None:
    settings = with_limits(database, 100, 0)
    import_ratings(4)
    assert enqueue_training_if_due(settings, NOW) is None
    import_ratings(30)
    job = enqueue_training_if_due(settings, NOW)
    assert job is not None
    assert (job.kind, job.user_id, job.state) == ("train", staff, "queued")
    # It is queued already.
    assert enqueue_training_if_due(settings, NOW) is None
    train(settings)
    end(job, "succeeded")
    assert enqueue_training_if_due(settings, NOW + 999 * HOUR) is None
    import_ratings(31)
    assert enqueue_training_if_due(settings, NOW) is None
    import_ratings(40)
    assert enqueue_training_if_due(settings, NOW) is not None


def test_old_model_is_trained_again_if_anything_changed(database: Settings, staff: int) -> None:
    settings = with_limits(database, 0, 24)
    import_ratings(30)
    train(settings)
    assert enqueue_training_if_due(settings, NOW + 25 * HOUR) is None
    import_ratings(31)
    assert enqueue_training_if_due(settings, NOW + 23 * HOUR) is None
    job = enqueue_training_if_due(settings, NOW + 24 * HOUR)
    train(settings, NOW + 24 * HOUR)
    end(job, "succeeded")
    assert enqueue_training_if_due(settings, NOW + 50 * HOUR) is None
    db.increment_revision("catalogue")
    assert enqueue_training_if_due(settings, NOW + 50 * HOUR) is not None


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_failed_training_waits_for_other_ratings(database: Settings, staff: int, state: str) -> None:
    settings = with_limits(database, 10, 0)
    import_ratings(30)
    end(enqueue_training_if_due(settings, NOW), state)
    assert enqueue_training_if_due(settings, NOW) is None
    import_ratings(30, seed=2)
    assert enqueue_training_if_due(settings, NOW) is not None


def test_damaged_manifest_makes_a_training_due(database: Settings, staff: int) -> None:
    settings = with_limits(database, 10, 0)
    import_ratings(30)
    train(settings)
    folder: Path = models_folder(settings)
    (manifest,) = folder.glob("*/manifest.json")
    manifest.write_bytes(b"{")
    assert enqueue_training_if_due(settings, NOW) is not None
