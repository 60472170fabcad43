"""The trained models of a daemon: which one serves, which ones are kept, going back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from movierec.errors import Conflict, ModelNotTrained
from movierec.recommender.artifacts import store
from movierec.recommender.serving.state import CONTENT_ONLY, ModelKeeper


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """What a model's manifest tells. `trained_at` in UTC epoch seconds."""

    version: str
    trained_at: int
    movies: int
    ratings: int
    raters: int
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class ModelVersions:
    """`degraded` says why an older model serves than should; `previous`, newest first, can be gone back to."""

    serving: ModelVersion
    degraded: tuple[str, ...]
    previous: tuple[ModelVersion, ...]


def list_models(recommender: ModelKeeper) -> ModelVersions:
    """The models as they are now. Raises ModelNotTrained where there is none."""
    state = recommender.state()
    if store.current_version(recommender.models) != state.wanted_version:
        recommender.refresh()
        state = recommender.state()
    if state.version == CONTENT_ONLY:
        raise ModelNotTrained()
    earlier = [name for name in store.list_versions(recommender.models) if name < state.version]
    return ModelVersions(
        serving=_version(state.version, state.manifest),
        degraded=state.degraded,
        previous=tuple(version for name in earlier if (version := _kept(recommender.models, name))),
    )


def roll_back(recommender: ModelKeeper) -> ModelVersions:
    """Serve the newest whole model before the present one. Raises ModelNotTrained, or Conflict at the first."""
    if store.current_version(recommender.models) is None:
        raise ModelNotTrained()
    try:
        store.roll_back(recommender.models)
    except LookupError as error:
        raise Conflict("There is no earlier model to go back to.") from error
    return list_models(recommender)


def current_manifest(folder: Path) -> Mapping[str, Any]:
    """What is known of the model that should serve; empty where there is none, or none that can be read."""
    name = store.current_version(folder)
    if name is None or not store.NAME.fullmatch(name):
        return {}
    try:
        found: Mapping[str, Any] = json.loads((folder / name / store.MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found


def _kept(folder: Path, name: str) -> ModelVersion | None:
    """By its manifest alone; whether the files are whole is seen when it is to serve."""
    try:
        return _version(name, json.loads((folder / name / store.MANIFEST).read_bytes()))
    except (OSError, ValueError):
        return None


def _version(name: str, manifest: Mapping[str, Any]) -> ModelVersion:
    return ModelVersion(
        version=name,
        trained_at=manifest.get("trained_at", 0),
        movies=manifest.get("movies", 0),
        ratings=manifest.get("ratings", 0),
        raters=manifest.get("raters", 0),
        metrics=manifest.get("metrics", {}),
    )
