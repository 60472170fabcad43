"""Schedule: jobs that start by themselves, training after enough new ratings or hours, and the daily sync."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from movierec import community, db
from movierec.config import Settings
from movierec.durations import HOUR_SECONDS, age_seconds
from movierec.errors import Conflict
from movierec.jobs import catalogue_sync, queue
from movierec.jobs.queue import Job
from movierec.recommender import models_folder
from movierec.recommender.serving import model_versions

# How often a daemon enqueues due jobs and deletes expired rows.
INTERVAL_SECONDS = 600


def enqueue_training_if_due(settings: Settings, now: int) -> Job | None:
    """Enqueue a training if one is due and return it."""
    revision = community.revision()
    if not is_training_due(settings, now) or _has_failed(revision):
        return None
    return _enqueue("train", {"automatic": revision}, now)


def enqueue_sync_if_due(settings: Settings, now: int) -> Job | None:
    """Enqueue a sync with TMDb if the last one is old enough and return it."""
    hours = settings.tmdb.sync_hours
    if not (settings.tmdb.api_key and hours):
        return None
    last = db.value("SELECT MAX(created_at) FROM jobs WHERE kind = ?", catalogue_sync.KIND) or 0
    if age_seconds(last, now) < hours * HOUR_SECONDS:
        return None
    return _enqueue(catalogue_sync.KIND, catalogue_sync.sync_parameters(settings.tmdb), now)


def _enqueue(kind: str, parameters: Mapping[str, object], now: int) -> Job | None:
    """Enqueue a job of the first administrator; return None without one, or if a job of the kind is active."""
    staff = db.value("SELECT MIN(id) FROM users WHERE is_staff")
    if staff is None:
        return None
    try:
        return queue.enqueue(staff, kind, parameters, now)
    except Conflict:
        return None


def is_training_due(settings: Settings, now: int) -> bool:
    """Return True if enough has changed since the last training; never without community ratings."""
    count = community.count_ratings()
    if not count:
        return False
    manifest = model_versions.current_manifest(models_folder(settings))
    has_changed = manifest.get("community") != community.revision()
    minimum, hours = settings.recommender.train_after_ratings, settings.recommender.train_after_hours
    if minimum and has_changed and abs(count - manifest.get("community_ratings", 0)) >= minimum:
        return True
    is_old = age_seconds(manifest.get("trained_at", 0), now) >= hours * HOUR_SECONDS
    has_changed = has_changed or manifest.get("catalogue") != db.revision("catalogue")
    return bool(hours and is_old and has_changed)


def _has_failed(revision: int) -> bool:
    """Return True if the last training had this revision and was not successful: a retry would change nothing."""
    last = db.row("SELECT state, parameters FROM jobs WHERE kind = 'train' ORDER BY id DESC LIMIT 1")
    return (
        last is not None
        and last[0] in ("failed", "cancelled")
        and json.loads(last[1]).get("automatic") == revision
    )


# Each enqueues a job if it is due.
DUE_JOBS: tuple[Callable[[Settings, int], Job | None], ...] = (enqueue_training_if_due, enqueue_sync_if_due)
