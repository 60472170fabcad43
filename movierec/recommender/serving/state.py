"""The state that a daemon serves from: movie index and newest valid model, both replaced in the background."""

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
from movierec.recommender.engine.arrays import Ints
from movierec.recommender.engine.hybrid import HybridScorer
from movierec.recommender.engine.settings import ModelSettings
from movierec.recommender.serving.movie_index import MovieIndex, load_movie_index
from movierec.recommender.serving.movie_index_refresh import refresh_movie_index
from movierec.recommender.serving.result_cache import ResultCache

logger = logging.getLogger("movierec.recommender")

# The version of recommendations made without a trained model.
CONTENT_ONLY = "content"

# After a refresh the next one waits this many times as long as it took, within these limits.
REST_FACTOR, MIN_REST_SECONDS, MAX_REST_SECONDS = 20.0, 2.0, 45.0
# How long a request waits for the refresh that is to add its movie.
REFRESH_TIMEOUT_SECONDS = 0.5


@dataclass(frozen=True)
class ModelState:
    """One consistent state: scorer and catalogue give a movie the same item number.

    `version` names the model that serves, `wanted_version` the one that should; `degraded` says why they differ.
    """

    catalogue: MovieIndex
    scorer: HybridScorer
    version: str
    wanted_version: str | None
    manifest: store.Manifest
    degraded: tuple[str, ...] = ()
    # Recommendations by user, reused while the user's signals are unchanged.
    results: ResultCache[Any] = field(default_factory=ResultCache)
    # None where the state is never replaced.
    keeper: ModelKeeper | None = None

    def locate(self, movie_ids: Sequence[int], optional: Sequence[int] = ()) -> tuple[ModelState, Ints]:
        """Return the items of movies, −1 where missing, and the state that they belong to.

        That is a newer state if this one lacks one of `movie_ids`; for some seconds it may lack the movie too.
        A missing `optional` movie is no reason for a newer state; its item comes behind the others.
        """
        everything = [*movie_ids, *optional]
        items = self.catalogue.items_of(everything)
        if self.keeper is None or (items[: len(movie_ids)] >= 0).all():
            return self, items
        newer = self.keeper.state_with_new_movies()
        return newer, items if newer is self else newer.catalogue.items_of(everything)


class ModelKeeper:
    """Holds the `ModelState` and refreshes it in a background thread after a change of catalogue or model.

    Only the very first request waits; the old state serves until the new one is complete. Changes of the
    catalogue are taken over in batches, so that refreshing takes a small part of the time; a new model at once.
    """

    def __init__(self, models: Path, settings: ModelSettings) -> None:
        self.models = models
        self._settings = settings
        self._state: ModelState | None = None
        self._lock = threading.Lock()
        self._is_refreshing = False
        # Time of `time.monotonic` before which no change of the catalogue is taken over.
        self._rest_until = 0.0

    @property
    def version(self) -> str | None:
        """Version of the model that serves; None before the first request. Reads no file."""
        return self._state.version if self._state else None

    def state(self) -> ModelState:
        """Return the state to serve from now, and start a refresh if one is due. Called in a database thread."""
        state = self._state
        if state is None:
            with self._lock:
                state = self._state = self._state or self._build(None)
        elif not self._is_refreshing and self._should_refresh(state):
            self._is_refreshing = True
            threading.Thread(target=self._refresh_in_thread, name="recommender-refresh", daemon=True).start()
        return state

    def refresh(self) -> None:
        """Take over changes of catalogue and model now."""
        with self._lock, _short_switch_interval():
            self._state = self._build(self._state)

    def state_with_new_movies(self) -> ModelState:
        """Return the state with the movies added a moment ago, or without them where that would take long."""
        state = self.state()
        if state.catalogue.revision == db.revision("catalogue"):
            return state
        if self._lock.acquire(timeout=REFRESH_TIMEOUT_SECONDS):
            try:
                state = self._state or state
                self._state = self._with_changes(state) or state
            finally:
                self._lock.release()
        return self._state or state

    def _should_refresh(self, state: ModelState) -> bool:
        if store.current_version(self.models) != state.wanted_version:
            return True
        is_rested = time.monotonic() >= self._rest_until
        return is_rested and db.revision("catalogue") != state.catalogue.revision

    def _refresh_in_thread(self) -> None:
        started = time.monotonic()
        try:
            db.run_with_retry(self.refresh)
        except Exception:
            logger.exception("the recommender could not refresh its catalogue and model")
        finally:
            db.close()
            ended = time.monotonic()
            rest = min(max(MIN_REST_SECONDS, REST_FACTOR * (ended - started)), MAX_REST_SECONDS)
            self._rest_until = ended + rest
            self._is_refreshing = False

    def _build(self, before: ModelState | None) -> ModelState:
        wanted_version = store.current_version(self.models)
        if before is not None and before.wanted_version == wanted_version:
            changed = self._with_changes(before)
            if changed is not None:
                return changed
        catalogue = before.catalogue if before else None
        if catalogue is None or catalogue.added or catalogue.revision != db.revision("catalogue"):
            catalogue = load_movie_index()
        artifact, problems = store.load_current(self.models)
        community = None
        if artifact:
            try:
                community = community_from_artifact(artifact, catalogue, self._settings)
            except store.CorruptArtifact as error:
                artifact = None
                problems.append(str(error))
        for problem in problems:
            logger.error(problem)
        return ModelState(
            catalogue=catalogue,
            scorer=HybridScorer(catalogue.content, community),
            version=artifact.version if artifact else CONTENT_ONLY,
            wanted_version=wanted_version,
            manifest=artifact.manifest if artifact else {},
            degraded=tuple(problems),
            keeper=self,
        )

    def _with_changes(self, before: ModelState) -> ModelState | None:
        """Return the same model over the changed catalogue; None where the catalogue must be read whole."""
        if before.catalogue.revision == db.revision("catalogue"):
            return before
        refreshed = refresh_movie_index(before.catalogue)
        if refreshed is None:
            return None
        catalogue, community = refreshed.catalogue, before.scorer.community
        if community is not None:
            old_ids = before.catalogue.movie_ids
            ids = np.where(community.catalogue_items >= 0, old_ids[community.catalogue_items], -1)
            community = community.for_catalogue(
                catalogue.content, catalogue.items_of(ids), refreshed.take, refreshed.fresh
            )
        scorer = HybridScorer(catalogue.content, community)
        return dataclasses.replace(before, catalogue=catalogue, scorer=scorer, results=ResultCache())


@contextlib.contextmanager
def _short_switch_interval() -> Iterator[None]:
    """Switch threads ten times as often, so that requests get their turn beside a long computation."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 10)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def models_folder(settings: config.Settings) -> Path:
    """Return the folder that holds the versions of the model."""
    return settings.paths.state / "models"


def recommender_settings(section: config.RecommenderSettings) -> ModelSettings:
    """Return the recommender's settings with the values that the configuration overrides."""
    return ModelSettings(
        dislikes="push" if section.dislikes == "push" else "trained",
        min_raters=section.minimum_raters,
        max_films=section.maximum_films,
    )
