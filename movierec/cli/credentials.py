"""The credential file: tokens for all servers, private, replaced atomically, locked while it changes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from movierec.client import StoredTokens
from movierec.paths import private_directory

FILE = "credentials.json"


class StoredEntry(TypedDict):
    """The entry of one server in the file."""

    username: str
    access: str
    refresh: str


class CredentialFile:
    """The tokens for one server, in a file that other processes read and write concurrently."""

    def __init__(self, folder: Path, server: str) -> None:
        self.path = folder / FILE
        self._folder = folder
        self._server = server
        self._lock_depth = 0

    @property
    def username(self) -> str:
        """The user name signed in at this server, "" if nobody is."""
        entry = self.servers().get(self._server)
        return entry["username"] if entry else ""

    def servers(self) -> dict[str, StoredEntry]:
        """Return the stored entry of each server."""
        self._make_private()
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        servers = _parse(content)
        return self._set_damaged_aside() if servers is None else servers

    def load(self) -> StoredTokens | None:
        """Return the tokens for the server, None if nobody is signed in."""
        entry = self.servers().get(self._server)
        return StoredTokens(entry["access"], entry["refresh"]) if entry else None

    def save(self, tokens: StoredTokens, username: str | None = None) -> None:
        """Store `tokens`. The user name is kept if none is given."""
        with self.locked():
            servers = self.servers()
            name = self.username if username is None else username
            servers[self._server] = {"username": name, "access": tokens.access, "refresh": tokens.refresh}
            self._write(servers)

    def delete(self) -> None:
        """Delete the tokens for the server."""
        with self.locked():
            servers = self.servers()
            if servers.pop(self._server, None) is not None:
                self._write(servers)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the exclusive lock of the file among all processes. The kernel releases it if the process dies."""
        if self._lock_depth:
            yield
            return
        private_directory(self._folder)
        descriptor = os.open(self._folder / "credentials.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._lock_depth += 1
            yield
        finally:
            self._lock_depth -= 1
            os.close(descriptor)

    def _write(self, servers: dict[str, StoredEntry]) -> None:
        """Replace the file atomically: readers see the old or the new content, even if this process dies."""
        # A fixed name, written only under the lock: a killed process leaves at most one such file.
        temporary = self.path.with_name(FILE + ".new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps({"version": 1, "servers": servers}, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _make_private(self) -> None:
        """Remove access of other users to folder and file, and warn: they may have read the tokens."""
        for path, mode in ((self._folder, 0o700), (self.path, 0o600)):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mode & 0o077:
                    path.chmod(mode)
                    if path == self.path:
                        _warn(
                            f"{path} was readable by other users and is private again. Sign in again to be safe."
                        )

    def _set_damaged_aside(self) -> dict[str, StoredEntry]:
        # Another process may do the same meanwhile.
        with self.locked(), contextlib.suppress(FileNotFoundError):
            servers = _parse(self.path.read_bytes())
            if servers is not None:
                return servers
            aside = self.path.with_name(FILE + ".damaged")
            self.path.replace(aside)
            _warn(f"{self.path} is damaged; it was set aside as {aside.name}. Sign in again.")
        return {}


def _parse(content: bytes) -> dict[str, StoredEntry] | None:
    """Return the servers in a credential file, None if it is not one."""
    try:
        servers = json.loads(content)["servers"]
        for entry in servers.values():
            if not all(isinstance(entry[name], str) for name in ("username", "access", "refresh")):
                return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return dict(servers)


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)
