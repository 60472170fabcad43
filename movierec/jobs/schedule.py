"""What nobody asked for: training after enough new ratings or hours, and the daily look at TMDb."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from movierec import community, db
from movierec.config import Settings
from movierec.errors import Conflict
from movierec.jobs import catalogue_sync, queue
from movierec.jobs.queue import Job
from movierec.recommender import models_folder
from movierec.recommender.serving import model_versions

SECONDS_AN_HOUR = 3600


def enqueue_training_if_due(settings: Settings, now: int) -> Job | None:
    """Enqueue a training if one is due. Returns it."""
    revision = community.revision()
    if not is_training_due(settings, now) or _was_tried(revision):
        return None
    return _enqueue("train", {"automatic": revision}, now)


def enqueue_sync_if_due(settings: Settings, now: int) -> Job | None:
    """Enqueue a look at TMDb if the last one is old enough. Returns it."""
    hours = settings.tmdb.sync_hours
    if not (settings.tmdb.api_key and hours):
        return None
    last = db.value("SELECT MAX(created_at) FROM jobs WHERE kind = ?", catalogue_sync.KIND) or 0
    if now - last < hours * SECONDS_AN_HOUR:
        return None
    return _enqueue(catalogue_sync.KIND, catalogue_sync.sync_parameters(settings.tmdb), now)


def _enqueue(kind: str, parameters: Mapping[str, Any], now: int) -> Job | None:
    """A job of the first administrator; None where there is none, or one of the kind is under way."""
    staff = db.value("SELECT MIN(id) FROM users WHERE is_staff")
    if staff is None:
        return None
    try:
        return queue.enqueue(staff, kind, parameters, now)
    except Conflict:
        return None


def is_training_due(settings: Settings, now: int) -> bool:
    """Whether enough has changed since the model was trained; never without community ratings."""
    count = community.count_ratings()
    if not count:
        return False
    trained = model_versions.current_manifest(models_folder(settings))
    has_changed = trained.get("community") != community.revision()
    wanted, hours = settings.recommender.train_after_ratings, settings.recommender.train_after_hours
    if wanted and has_changed and abs(count - trained.get("community_ratings", 0)) >= wanted:
        return True
    is_old = now - trained.get("trained_at", 0) >= hours * SECONDS_AN_HOUR
    has_changed = has_changed or trained.get("catalogue") != db.revision("catalogue")
    return bool(hours and is_old and has_changed)


def _was_tried(revision: int) -> bool:
    """Whether the last training was this one, and came to nothing: trying again would not change that."""
    last = db.row("SELECT state, parameters FROM jobs WHERE kind = 'train' ORDER BY id DESC LIMIT 1")
    return (
        last is not None
        and last[0] in ("failed", "cancelled")
        and json.loads(last[1]).get("automatic") == revision
    )
