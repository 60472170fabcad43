"""Versions of the trained model: the one that serves, the earlier ones, rollback."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from movierec.errors import Conflict, ModelNotTrained
from movierec.recommender.artifacts import store
from movierec.recommender.artifacts.store import Manifest
from movierec.recommender.serving.state import CONTENT_ONLY, ModelKeeper


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """The figures in a model's manifest. `trained_at` in UTC epoch seconds."""

    version: str
    trained_at: int
    movies: int
    ratings: int
    raters: int
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class ModelVersions:
    """The version that serves and the previous ones, newest first. `degraded` says why an older one serves."""

    serving: ModelVersion
    degraded: tuple[str, ...]
    previous: tuple[ModelVersion, ...]


def list_models(keeper: ModelKeeper) -> ModelVersions:
    """Return the present versions. Raises ModelNotTrained if there is none."""
    state = keeper.state()
    if store.current_version(keeper.models) != state.wanted_version:
        keeper.refresh()
        state = keeper.state()
    if state.version == CONTENT_ONLY:
        raise ModelNotTrained()
    earlier = [name for name in store.list_versions(keeper.models) if name < state.version]
    return ModelVersions(
        serving=_version(state.version, state.manifest),
        degraded=state.degraded,
        previous=tuple(version for name in earlier if (version := _version_on_disk(keeper.models, name))),
    )


def roll_back(keeper: ModelKeeper) -> ModelVersions:
    """Serve the newest valid model before the present one.

    Raises ModelNotTrained without a model, Conflict if there is no earlier one.
    """
    if store.current_version(keeper.models) is None:
        raise ModelNotTrained()
    try:
        store.roll_back(keeper.models)
    except LookupError as error:
        raise Conflict("There is no earlier model to go back to.") from error
    return list_models(keeper)


def current_manifest(folder: Path) -> Manifest:
    """Return the manifest of the current model; empty if there is none, or none that can be read."""
    name = store.current_version(folder)
    if name is None or not store.NAME.fullmatch(name):
        return {}
    try:
        return store.read_manifest(folder, name)
    except (OSError, ValueError):
        return {}


def _version_on_disk(folder: Path, name: str) -> ModelVersion | None:
    """Read a version from its manifest alone; its files are checked when it is to serve."""
    try:
        return _version(name, store.read_manifest(folder, name))
    except (OSError, ValueError):
        return None


def _version(name: str, manifest: Manifest) -> ModelVersion:
    return ModelVersion(
        version=name,
        trained_at=manifest.get("trained_at", 0),
        movies=manifest.get("movies", 0),
        ratings=manifest.get("ratings", 0),
        raters=manifest.get("raters", 0),
        metrics=manifest.get("metrics", {}),
    )
