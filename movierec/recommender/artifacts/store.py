"""Trained models on disk: one folder `models/<version>/` with a manifest each, published atomically.

A version's name ends in the digest of its manifest and the manifest holds the digest of every file, so
that any changed byte is noticed before a model is served. Nothing is pickled.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from movierec.durations import HOUR_SECONDS, age_seconds
from movierec.files import fsync_folder

Array = npt.NDArray[np.generic]
# JSON: settings, watermark, metrics, library versions, and the digest of every file.
Manifest: TypeAlias = Mapping[str, Any]

MANIFEST = "manifest.json"
CURRENT = "current"
KEPT_VERSIONS = 3
# Digits of the manifest's digest in a version's name.
DIGEST_DIGITS = 16
NAME = re.compile(rf"\d{{8}}T\d{{12}}-[0-9a-f]{{{DIGEST_DIGITS}}}")
ABANDONED_SECONDS = HOUR_SECONDS
# Bytes read at once to compute a digest.
CHUNK_BYTES = 1 << 20


class CorruptArtifact(Exception):
    """The files of a version do not match the digests in its manifest or in its name."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A version whose digests were checked. Arrays are memory-mapped: all workers share one copy."""

    version: str
    manifest: Manifest
    arrays: Mapping[str, Array]


def publish(folder: Path, arrays: Mapping[str, Array], facts: Manifest) -> str:
    """Write a new version, make it the current one, and return its name.

    `facts` go into the manifest. A crash at any moment leaves the previous version serving.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _delete_abandoned_drafts(folder)
    draft = folder / f".draft-{os.getpid()}-{time.time_ns()}"
    draft.mkdir(mode=0o700)
    try:
        files = {f"{name}.npy": _write_array(draft / f"{name}.npy", array) for name, array in arrays.items()}
        manifest = json.dumps(
            {**facts, "files": files}, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False
        ).encode()
        _write(draft / MANIFEST, manifest)
        fsync_folder(draft)
        version = f"{_stamp()}-{_digest_of_bytes(manifest)[:DIGEST_DIGITS]}"
        draft.rename(folder / version)
        fsync_folder(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _set_current(folder, version)
    _delete_old_versions(folder, version)
    return version


def list_versions(folder: Path) -> list[str]:
    """Return the names of the versions on disk, newest first, unchecked."""
    if not folder.is_dir():
        return []
    names = (path.name for path in folder.iterdir() if NAME.fullmatch(path.name))
    return sorted(names, reverse=True)


def current_version(folder: Path) -> str | None:
    """Return the name in the file `current`; its version may be damaged or missing."""
    try:
        return (folder / CURRENT).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None


def read_manifest(folder: Path, version: str) -> Manifest:
    """Return the manifest of a version, unchecked. Raises OSError or ValueError."""
    manifest: Manifest = json.loads((folder / version / MANIFEST).read_bytes())
    return manifest


def load(folder: Path, version: str) -> Artifact:
    """Return a version after checking every byte. Raises CorruptArtifact."""
    if not NAME.fullmatch(version):
        raise CorruptArtifact(f"{version[:80]!r} is not a version of a model")
    path = folder / version
    try:
        raw = (path / MANIFEST).read_bytes()
        if _digest_of_bytes(raw)[:DIGEST_DIGITS] != version.rpartition("-")[2]:
            raise CorruptArtifact(f"model {version}: the manifest has changed")
        manifest = json.loads(raw)
        for name, entry in manifest["files"].items():
            if _digest_of_file(path / name) != entry["sha256"]:
                raise CorruptArtifact(f"model {version}: {name} has changed")
        arrays = {
            name.removesuffix(".npy"): np.load(path / name, mmap_mode="r", allow_pickle=False)
            for name in manifest["files"]
        }
    except (OSError, ValueError) as error:
        raise CorruptArtifact(f"model {version}: {error}") from error
    return Artifact(version, manifest, arrays)


def load_current(folder: Path) -> tuple[Artifact | None, list[str]]:
    """Return the version to serve, and the problems of the versions preferred to it.

    That is the current version if it is valid, else the newest valid one; None if there is none.
    """
    problems: list[str] = []
    current = current_version(folder)
    names = list_versions(folder)
    # `current` names an older version after a rollback; versions newer than that come last.
    older = [name for name in names if current is None or name < current]
    newer = [name for name in names if current is not None and name > current]
    for name in [*([current] if current else []), *older, *reversed(newer)]:
        try:
            return load(folder, name), problems
        except CorruptArtifact as error:
            problems.append(str(error))
    return None, problems


def roll_back(folder: Path, version: str | None = None) -> Artifact:
    """Make an earlier version the current one: `version`, or the newest valid one before the current."""
    if version is not None:
        artifact = load(folder, version)
        _set_current(folder, version)
        return artifact
    serving = current_version(folder)
    for name in list_versions(folder):
        if serving is None or name < serving:
            try:
                artifact = load(folder, name)
            except CorruptArtifact:
                continue
            _set_current(folder, name)
            return artifact
    raise LookupError("there is no earlier model to go back to")


class _FileEntry(TypedDict):
    sha256: str
    bytes: int


def _write_array(path: Path, array: Array) -> _FileEntry:
    with path.open("wb") as file:
        np.save(file, np.ascontiguousarray(array), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return {"sha256": _digest_of_file(path), "bytes": path.stat().st_size}


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _set_current(folder: Path, version: str) -> None:
    draft = folder / f".{CURRENT}-{os.getpid()}"
    _write(draft, f"{version}\n".encode("ascii"))
    draft.replace(folder / CURRENT)
    fsync_folder(folder)


def _delete_old_versions(folder: Path, serving: str) -> None:
    others = [name for name in list_versions(folder) if name != serving]
    for name in others[KEPT_VERSIONS - 1 :]:
        shutil.rmtree(folder / name, ignore_errors=True)


def _delete_abandoned_drafts(folder: Path) -> None:
    """Delete the drafts of killed trainings; a draft is normally complete within seconds."""
    for path in folder.glob(".draft-*"):
        if age_seconds(path.stat().st_mtime, time.time()) > ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _digest_of_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _stamp() -> str:
    now = time.time_ns()
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime(now // 10**9)) + f"{now // 1000 % 10**6:06d}"


def _digest_of_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
