"""Uploaded files that wait for their import, in one folder of the state, readable by the daemon only."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from pathlib import Path

from movierec import db
from movierec.config import Settings
from movierec.durations import DAY_SECONDS, age_seconds
from movierec.errors import Conflict

_ARRIVING, _COMPLETE = ".part", ".upload"
# Age at which a file without a job is deleted: its job follows in milliseconds, no upload takes a day.
GRACE_SECONDS = {_COMPLETE: 60, _ARRIVING: DAY_SECONDS}


def folder(settings: Settings) -> Path:
    """Return the folder of uploads and of the temporary files of imports."""
    path = settings.paths.state / "uploads"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


class IncomingUpload:
    """A file being uploaded, at most one per user over all daemons. Blocks: use it in a thread.

    Raises Conflict while another upload of the user is in progress.
    """

    def __init__(self, settings: Settings, user_id: int) -> None:
        self.path = folder(settings) / f"{user_id}{_ARRIVING}"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._file = os.fdopen(handle, "wb", buffering=0)
        try:
            # The lock is released when the daemon dies; the next upload then truncates the file.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another upload may have completed the file between open and lock.
            if not os.path.samestat(os.fstat(handle), self.path.stat()):
                raise FileNotFoundError
        except (BlockingIOError, FileNotFoundError) as error:
            self._file.close()
            raise Conflict(
                "Another upload of yours is in progress. Wait for its end or cancel it."
            ) from error
        self._file.truncate()
        os.utime(handle)

    def write(self, content: bytes) -> None:
        """Append bytes."""
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]

    def complete(self) -> str:
        """Complete the file and return its name, a parameter of the job."""
        os.fsync(self._file.fileno())
        complete_path = self.path.with_name(secrets.token_hex(16) + _COMPLETE)
        # Renamed before the lock is released: no other upload may write to it.
        self.path = self.path.rename(complete_path)
        self._file.close()
        return self.path.name

    def discard(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)
        self._file.close()


def upload_path(settings: Settings, name: str) -> Path:
    """Return the path of a complete upload."""
    return folder(settings) / name


def delete(settings: Settings, name: str) -> None:
    """Delete an upload whose job has ended."""
    upload_path(settings, name).unlink(missing_ok=True)


def delete_expired(settings: Settings) -> None:
    """Delete old files that no active job waits for: of cancelled jobs and of killed daemons."""
    old = [path for path in folder(settings).iterdir() if _is_old(path)]
    if not old:  # the usual case, checked every few seconds
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
        return age_seconds(path.stat().st_mtime, time.time())
    except FileNotFoundError:
        return 0.0
