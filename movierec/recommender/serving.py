"""What a daemon serves from: the catalogue and the newest whole model, both replaced behind the requests."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from movierec import config, db
from movierec.recommender import artifact
from movierec.recommender.catalogue import Catalogue, load_catalogue
from movierec.recommender.hybrid import Scorer
from movierec.recommender.latest import Latest
from movierec.recommender.model_artifact import community_of
from movierec.recommender.settings import Settings

logger = logging.getLogger("movierec.recommender")

# The version of recommendations made without a trained model.
CONTENT_ONLY = "content"


@dataclass(frozen=True)
class Serving:
    """One consistent state: scorer and catalogue number the films alike.

    `version` names the model that serves, `wanted` the one that should; `degraded` says why they differ.
    """

    catalogue: Catalogue
    scorer: Scorer
    version: str
    wanted: str | None
    manifest: dict[str, object]
    degraded: tuple[str, ...] = ()
    # Of lists of recommendations, by what users have said: unchanged ones are not made again.
    latest: Latest[Any] = field(default_factory=Latest)


class Recommender:
    """Keeps a `Serving` and renews it in a thread of its own when catalogue or model have changed.

    Requests never wait, but for the very first one; until the new state stands the old one serves.
    """

    def __init__(self, models: Path, settings: Settings) -> None:
        self.models = models
        self._settings = settings
        self._serving: Serving | None = None
        self._lock = threading.Lock()
        self._renewing = False

    @property
    def version(self) -> str | None:
        """What serves, None before the first request; reads nothing."""
        return self._serving.version if self._serving else None

    def serving(self) -> Serving:
        """The state to serve from now. Called in a database thread."""
        found = self._serving
        if found is None:
            with self._lock:
                found = self._serving = self._serving or self._build(None)
        elif not self._renewing and self._is_stale(found):
            self._renewing = True
            threading.Thread(target=self._renew, name="recommender-renewal", daemon=True).start()
        return found

    def renew(self) -> None:
        """Take over what has changed, now."""
        with self._lock:
            self._serving = self._build(self._serving)

    def _is_stale(self, serving: Serving) -> bool:
        return (
            db.revision("catalogue") != serving.catalogue.revision
            or artifact.current(self.models) != serving.wanted
        )

    def _renew(self) -> None:
        try:
            db.call(self.renew)
        except Exception:
            logger.exception("the recommender could not take over what has changed")
        finally:
            db.close()
            self._renewing = False

    def _build(self, before: Serving | None) -> Serving:
        catalogue = before.catalogue if before else None
        if catalogue is None or catalogue.revision != db.revision("catalogue"):
            catalogue = load_catalogue()
        wanted = artifact.current(self.models)
        found, complaints = artifact.load_current(self.models)
        for complaint in complaints:
            logger.error(complaint)
        community = community_of(found, catalogue, self._settings) if found else None
        return Serving(
            catalogue=catalogue,
            scorer=Scorer(catalogue.content, community),
            version=found.version if found else CONTENT_ONLY,
            wanted=wanted,
            manifest=dict(found.manifest) if found else {},
            degraded=tuple(complaints),
        )


def models_folder(settings: config.Settings) -> Path:
    """Where the versions of the model lie."""
    return settings.paths.state / "models"


def recommender_settings(section: config.Recommender) -> Settings:
    """The recommender's own settings, with what the configuration says of them."""
    return Settings(
        dislikes="push" if section.dislikes == "push" else "trained",
        min_raters=section.minimum_raters,
        max_films=section.maximum_films,
    )
