"""What a daemon serves from: the catalogue and the newest whole model, both replaced behind the requests."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from movierec import config, db
from movierec.recommender.artifacts import store
from movierec.recommender.artifacts.model import community_from_artifact
from movierec.recommender.engine.hybrid import HybridScorer
from movierec.recommender.engine.settings import Settings
from movierec.recommender.serving.movie_index import MovieIndex, load_movie_index
from movierec.recommender.serving.movie_index_refresh import refresh_movie_index
from movierec.recommender.serving.result_cache import ResultCache

logger = logging.getLogger("movierec.recommender")

# The version of recommendations made without a trained model.
CONTENT_ONLY = "content"

# After a change of the catalogue was taken over, the next one waits so many times as long as that took.
REST, LEAST_REST_SECONDS, MOST_REST_SECONDS = 20.0, 2.0, 45.0
# How long a request waits for the renewal that is to bring its film.
PATIENCE_SECONDS = 0.5


@dataclass(frozen=True)
class ModelState:
    """One consistent state: scorer and catalogue number the films alike.

    `version` names the model that serves, `wanted` the one that should; `degraded` says why they differ.
    """

    catalogue: MovieIndex
    scorer: HybridScorer
    version: str
    wanted_version: str | None
    manifest: dict[str, object]
    degraded: tuple[str, ...] = ()
    # Of lists of recommendations, by what users have said: unchanged ones are not made again.
    results: ResultCache[Any] = field(default_factory=ResultCache)
    # Who keeps it; None where nothing ever changes.
    keeper: ModelKeeper | None = None

    def with_movies(self, movie_ids: Sequence[int]) -> ModelState:
        """This, or a newer one where a film has come since; it may still lack one for some seconds."""
        known = (self.catalogue.items_of(movie_ids) >= 0).all()
        return self if known or self.keeper is None else self.keeper.state_with_new_movies()


class ModelKeeper:
    """Keeps a `Serving` and renews it in a thread of its own when catalogue or model have changed.

    Requests never wait, but for the very first one; until the new state stands the old one serves. Changes of
    the catalogue are taken over together, at most a small part of the time; a new model at once.
    """

    def __init__(self, models: Path, settings: Settings) -> None:
        self.models = models
        self._settings = settings
        self._serving: ModelState | None = None
        self._lock = threading.Lock()
        self._renewing = False
        # Of `time.monotonic`: before this no change of the catalogue is taken over.
        self._rest_until = 0.0

    @property
    def version(self) -> str | None:
        """What serves, None before the first request; reads nothing."""
        return self._serving.version if self._serving else None

    def state(self) -> ModelState:
        """The state to serve from now. Called in a database thread."""
        found = self._serving
        if found is None:
            with self._lock:
                found = self._serving = self._serving or self._build(None)
        elif not self._renewing and self._should_renew(found):
            self._renewing = True
            threading.Thread(target=self._renew, name="recommender-renewal", daemon=True).start()
        return found

    def refresh(self) -> None:
        """Take over what has changed, now."""
        with self._lock, _yielding():
            self._serving = self._build(self._serving)

    def state_with_new_movies(self) -> ModelState:
        """The state with the films that came this moment; without them where that would take long."""
        found = self.state()
        if found.catalogue.revision == db.revision("catalogue"):
            return found
        if self._lock.acquire(timeout=PATIENCE_SECONDS):
            try:
                found = self._serving or found
                self._serving = self._with_changes(found) or found
            finally:
                self._lock.release()
        return self._serving or found

    def _should_renew(self, serving: ModelState) -> bool:
        if store.current_version(self.models) != serving.wanted_version:
            return True
        rested = time.monotonic() >= self._rest_until
        return rested and db.revision("catalogue") != serving.catalogue.revision

    def _renew(self) -> None:
        started = time.monotonic()
        try:
            db.run_with_retry(self.refresh)
        except Exception:
            logger.exception("the recommender could not take over what has changed")
        finally:
            db.close()
            ended = time.monotonic()
            rest = min(max(LEAST_REST_SECONDS, REST * (ended - started)), MOST_REST_SECONDS)
            self._rest_until = ended + rest
            self._renewing = False

    def _build(self, before: ModelState | None) -> ModelState:
        wanted = store.current_version(self.models)
        if before is not None and before.wanted_version == wanted:
            changed = self._with_changes(before)
            if changed is not None:
                return changed
        catalogue = before.catalogue if before else None
        if catalogue is None or catalogue.added or catalogue.revision != db.revision("catalogue"):
            catalogue = load_movie_index()
        found, complaints = store.load_current(self.models)
        community = None
        if found:
            try:
                community = community_from_artifact(found, catalogue, self._settings)
            except store.CorruptArtifact as error:
                found = None
                complaints.append(str(error))
        for complaint in complaints:
            logger.error(complaint)
        return ModelState(
            catalogue=catalogue,
            scorer=HybridScorer(catalogue.content, community),
            version=found.version if found else CONTENT_ONLY,
            wanted_version=wanted,
            manifest=dict(found.manifest) if found else {},
            degraded=tuple(complaints),
            keeper=self,
        )

    def _with_changes(self, before: ModelState) -> ModelState | None:
        """The same model over the catalogue as it is now; None where that must be read whole."""
        if before.catalogue.revision == db.revision("catalogue"):
            return before
        found = refresh_movie_index(before.catalogue)
        if found is None:
            return None
        catalogue, community = found.catalogue, before.scorer.community
        if community is not None:
            old_ids = before.catalogue.movie_ids
            ids = np.where(community.positions >= 0, old_ids[community.positions], -1)
            community = community.over(catalogue.content, catalogue.items_of(ids), found.take, found.fresh)
        scorer = HybridScorer(catalogue.content, community)
        return dataclasses.replace(before, catalogue=catalogue, scorer=scorer, results=ResultCache())


@contextlib.contextmanager
def _yielding() -> Iterator[None]:
    """Requests get their turn in the interpreter ten times as soon while something long runs beside them."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 10)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def models_folder(settings: config.Settings) -> Path:
    """Where the versions of the model lie."""
    return settings.paths.state / "models"


def recommender_settings(section: config.RecommenderSettings) -> Settings:
    """The recommender's own settings, with what the configuration says of them."""
    return Settings(
        dislikes="push" if section.dislikes == "push" else "trained",
        min_raters=section.minimum_raters,
        max_films=section.maximum_films,
    )
