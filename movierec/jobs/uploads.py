"""Uploaded files waiting for their import: in one folder of the state, readable by the daemon only."""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path

from movierec import db
from movierec.config import Settings

_ARRIVING, _COMPLETE = ".part", ".upload"
# Between a file's completion and its job lie milliseconds; no upload takes a day.
GRACE_SECONDS = {_COMPLETE: 60, _ARRIVING: 86_400}


def folder(settings: Settings) -> Path:
    """Where uploads lie, and temporary files of imports."""
    path = settings.paths.state / "uploads"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


class Upload:
    """A file that is arriving. Blocks: to be used from a thread."""

    def __init__(self, settings: Settings) -> None:
        self._arriving = folder(settings) / (secrets.token_hex(16) + _ARRIVING)
        handle = os.open(self._arriving, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb", buffering=0)
        self.path = self._arriving

    def write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]

    def complete(self) -> str:
        """Keep it; returns its name, to be given to the job."""
        os.fsync(self._file.fileno())
        self._file.close()
        self.path = self._arriving.with_suffix(_COMPLETE)
        self._arriving.rename(self.path)
        return self.path.name

    def discard(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


def path_of(settings: Settings, name: str) -> Path:
    return folder(settings) / name


def remove(settings: Settings, name: str) -> None:
    """Forget an upload whose job has ended."""
    path_of(settings, name).unlink(missing_ok=True)


def sweep(settings: Settings) -> None:
    """Remove files that no active job waits for: of cancelled jobs, and of daemons that were killed."""
    waiting = {
        json.loads(parameters).get("upload")
        for (parameters,) in db.rows("SELECT parameters FROM jobs WHERE state IN ('queued', 'running')")
    }
    for path in folder(settings).iterdir():
        grace = GRACE_SECONDS.get(path.suffix)
        if grace is not None and path.name not in waiting and _age_seconds(path) > grace:
            path.unlink(missing_ok=True)


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
