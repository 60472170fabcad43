"""Uploaded files waiting for their import: in one folder of the state, readable by the daemon only."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from pathlib import Path

from movierec import db
from movierec.config import Settings
from movierec.errors import Conflict

_ARRIVING, _COMPLETE = ".part", ".upload"
# Between a file's completion and its job lie milliseconds; no upload takes a day.
GRACE_SECONDS = {_COMPLETE: 60, _ARRIVING: 86_400}


def folder(settings: Settings) -> Path:
    """Where uploads lie, and temporary files of imports."""
    path = settings.paths.state / "uploads"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


class IncomingUpload:
    """A file that is arriving, one at a time of each user, whatever daemon it is sent to. Blocks: to be used
    from a thread. Raises Conflict where another one is arriving."""

    def __init__(self, settings: Settings, user_id: int) -> None:
        self.path = folder(settings) / f"{user_id}{_ARRIVING}"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._file = os.fdopen(handle, "wb", buffering=0)
        try:
            # Let go when its daemon dies, whose file then is begun anew.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # It may have been completed between being opened and being locked.
            if not os.path.samestat(os.fstat(handle), self.path.stat()):
                raise FileNotFoundError
        except (BlockingIOError, FileNotFoundError) as error:
            self._file.close()
            raise Conflict("Another file of yours is arriving. Wait for it or stop sending it.") from error
        self._file.truncate()
        os.utime(handle)

    def write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]

    def complete(self) -> str:
        """Keep it; returns its name, to be given to the job."""
        os.fsync(self._file.fileno())
        completed = self.path.with_name(secrets.token_hex(16) + _COMPLETE)
        # Renamed before it is let go: nobody else may write to it.
        self.path = self.path.rename(completed)
        self._file.close()
        return self.path.name

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._file.close()


def upload_path(settings: Settings, name: str) -> Path:
    return folder(settings) / name


def delete(settings: Settings, name: str) -> None:
    """Forget an upload whose job has ended."""
    upload_path(settings, name).unlink(missing_ok=True)


def delete_expired(settings: Settings) -> None:
    """Remove files that no active job waits for: of cancelled jobs, and of daemons that were killed."""
    old = [path for path in folder(settings).iterdir() if _is_old(path)]
    if not old:  # as nearly always, every few seconds
        return
    waiting = {
        json.loads(parameters).get("upload")
        for (parameters,) in db.rows("SELECT parameters FROM jobs WHERE state IN ('queued', 'running')")
    }
    for path in old:
        if path.name not in waiting:
            path.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    grace = GRACE_SECONDS.get(path.suffix)
    return grace is not None and _age_seconds(path) > grace


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
