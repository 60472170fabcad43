"""Trained models on disk: `models/<version>/` with a manifest, published whole or not at all.

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
from typing import Any

import numpy as np
import numpy.typing as npt

from movierec.files import fsync_folder

Array = npt.NDArray[np.generic]

MANIFEST = "manifest.json"
CURRENT = "current"
KEPT_VERSIONS = 3
# Digits of the manifest's digest in a version's name.
DIGEST_DIGITS = 16
NAME = re.compile(rf"\d{{8}}T\d{{12}}-[0-9a-f]{{{DIGEST_DIGITS}}}")
ABANDONED_SECONDS = 3600
# What is read in one piece when a digest is computed.
CHUNK_BYTES = 1 << 20


class CorruptArtifact(Exception):
    """A version's files are not what its manifest, or its name, says."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A version that has been checked. Arrays are memory-mapped: all workers share one copy."""

    version: str
    manifest: Mapping[str, Any]
    arrays: Mapping[str, Array]


def publish(folder: Path, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> str:
    """Write a new version, make it the current one, and return its name.

    `facts` (JSON: settings, watermark, metrics, library versions) go into the manifest. A crash at any
    moment leaves the previous version serving.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder)
    draft = folder / f".draft-{os.getpid()}-{time.time_ns()}"
    draft.mkdir(mode=0o700)
    try:
        files = {f"{name}.npy": _write_array(draft / f"{name}.npy", array) for name, array in arrays.items()}
        manifest = json.dumps(
            {**facts, "files": files}, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False
        ).encode()
        _write(draft / MANIFEST, manifest)
        fsync_folder(draft)
        version = f"{_stamp()}-{_digest_of(manifest)[:DIGEST_DIGITS]}"
        draft.rename(folder / version)
        fsync_folder(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _point_to(folder, version)
    _forget_old(folder, version)
    return version


def list_versions(folder: Path) -> list[str]:
    """Names of the versions on disk, newest first; they are not checked."""
    if not folder.is_dir():
        return []
    found = (path.name for path in folder.iterdir() if NAME.fullmatch(path.name))
    return sorted(found, reverse=True)


def current_version(folder: Path) -> str | None:
    """The name that `current` holds, whether or not that version is whole."""
    try:
        return (folder / CURRENT).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None


def load(folder: Path, version: str) -> Artifact:
    """A version, every byte checked; raises CorruptArtifact."""
    if not NAME.fullmatch(version):
        raise CorruptArtifact(f"{version[:80]!r} is no version of a model")
    place = folder / version
    try:
        raw = (place / MANIFEST).read_bytes()
        if _digest_of(raw)[:DIGEST_DIGITS] != version.rpartition("-")[2]:
            raise CorruptArtifact(f"model {version}: the manifest has changed")
        manifest = json.loads(raw)
        for name, entry in manifest["files"].items():
            if _digest(place / name) != entry["sha256"]:
                raise CorruptArtifact(f"model {version}: {name} has changed")
        arrays = {
            name.removesuffix(".npy"): np.load(place / name, mmap_mode="r", allow_pickle=False)
            for name in manifest["files"]
        }
    except (OSError, ValueError) as error:
        raise CorruptArtifact(f"model {version}: {error}") from error
    return Artifact(version, manifest, arrays)


def load_current(folder: Path) -> tuple[Artifact | None, list[str]]:
    """The version to serve, and what is wrong with those that should have been served instead.

    The current one if it is whole, else the newest that is; None where there is none.
    """
    complaints: list[str] = []
    wanted = current_version(folder)
    found = list_versions(folder)
    # `current` names an older version after a rollback; versions newer than that come last.
    older = [name for name in found if wanted is None or name < wanted]
    newer = [name for name in found if wanted is not None and name > wanted]
    for name in [*([wanted] if wanted else []), *older, *reversed(newer)]:
        try:
            return load(folder, name), complaints
        except CorruptArtifact as error:
            complaints.append(str(error))
    return None, complaints


def roll_back(folder: Path, version: str | None = None) -> Artifact:
    """Make an earlier version the current one: the named one, or the newest whole one before the current."""
    if version is not None:
        artifact = load(folder, version)
        _point_to(folder, version)
        return artifact
    serving = current_version(folder)
    for name in list_versions(folder):
        if serving is None or name < serving:
            try:
                artifact = load(folder, name)
            except CorruptArtifact:
                continue
            _point_to(folder, name)
            return artifact
    raise LookupError("there is no earlier model to go back to")


def _write_array(path: Path, array: Array) -> dict[str, Any]:
    with path.open("wb") as file:
        np.save(file, np.ascontiguousarray(array), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return {"sha256": _digest(path), "bytes": path.stat().st_size}


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _point_to(folder: Path, version: str) -> None:
    draft = folder / f".{CURRENT}-{os.getpid()}"
    _write(draft, f"{version}\n".encode("ascii"))
    draft.replace(folder / CURRENT)
    fsync_folder(folder)


def _forget_old(folder: Path, serving: str) -> None:
    others = [name for name in list_versions(folder) if name != serving]
    for name in others[KEPT_VERSIONS - 1 :]:
        shutil.rmtree(folder / name, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what a training that was killed has left behind; a draft is written within seconds."""
    for path in folder.glob(".draft-*"):
        if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


def _stamp() -> str:
    now = time.time_ns()
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime(now // 10**9)) + f"{now // 1000 % 10**6:06d}"


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
