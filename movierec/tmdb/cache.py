"""Cache of TMDb's responses on disk, with the time of each. Blocks: use it in threads.

Values are JSON bytes and nothing else: diskcache's own formats would let anybody who can write the file run code.
"""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import diskcache
from diskcache.core import MODE_RAW

from movierec.durations import DAY_SECONDS, age_seconds

Result = TypeVar("Result")

# Longest wait for a lock; after that the entry counts as missing.
LOCK_TIMEOUT_SECONDS = 1.0

logger = logging.getLogger("movierec.tmdb")


class NotJson(OSError):
    """A row that this cache did not write. diskcache treats an OSError as a missing entry."""


class JsonDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Stores text keys and JSON bytes in the database itself: no pickles, and no files named by a row."""

    def put(self, key: object) -> tuple[str, bool]:
        if not isinstance(key, str):
            raise TypeError("keys are texts")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if not raw or not isinstance(key, str):
            raise NotJson("a key that is not text")
        return key

    def store(self, value: object, read: bool, key: object = None) -> tuple[int, int, None, sqlite3.Binary]:
        if read or not isinstance(value, bytes):
            raise TypeError("values are bytes of JSON")
        return 0, MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:
        if mode != MODE_RAW or filename is not None or read or not isinstance(value, (bytes, memoryview)):
            raise NotJson("a value that is no JSON")
        return bytes(value)

    def remove(self, file_path: object) -> None:
        """Delete nothing: there are no files, and a row that names one is not trusted."""


class CacheEntry(NamedTuple):
    """A response and its time (UTC epoch seconds); `document` is None where TMDb answered not found."""

    document: Any
    fetched_at: int


class ResponseCache:
    """Entries by key. A damaged cache behaves like an empty one: no method raises for that."""

    def __init__(self, folder: Path, *, megabytes: int, keep_days: int) -> None:
        self._folder, self._size_limit = folder, megabytes * 1024 * 1024
        self._keep_seconds = keep_days * DAY_SECONDS
        self._cache: diskcache.Cache | None = None

    def open(self) -> None:
        """Open the folder; delete its content if it cannot be read as a cache."""
        for last_try in (False, True):
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._folder.chmod(0o700)
                self._cache = diskcache.Cache(
                    str(self._folder),
                    timeout=LOCK_TIMEOUT_SECONDS,
                    disk=JsonDisk,
                    size_limit=self._size_limit,
                )
                return
            except (sqlite3.Error, OSError, diskcache.Timeout, TypeError, ValueError) as error:
                logger.warning("the cache of TMDb's responses cannot be opened: %s", type(error).__name__)
                if not last_try:
                    shutil.rmtree(self._folder, ignore_errors=True)

    def load(self, key: str, now: int) -> CacheEntry | None:
        """Return the entry of `key`, of any age within the retention period, or None."""
        content = self._try(lambda cache: cache.get(key))
        entry = None if content is None else _entry(content)
        if entry is None or not -DAY_SECONDS <= age_seconds(entry.fetched_at, now) < self._keep_seconds:
            return None
        return entry

    def store(self, key: str, entry: CacheEntry) -> None:
        """Store an entry for the retention period."""
        content = json.dumps(entry._asdict(), separators=(",", ":"), allow_nan=False).encode()
        self._try(lambda cache: cache.set(key, content, expire=self._keep_seconds))

    def delete_expired(self) -> None:
        """Delete expired entries; diskcache itself deletes only some of them, when others are stored."""
        self._try(lambda cache: cache.expire())

    def close(self) -> None:
        """Close the connection of this thread."""
        self._try(lambda cache: cache.close())
        self._cache = None

    def _try(self, work: Callable[[diskcache.Cache], Result]) -> Result | None:
        if self._cache is None:
            return None
        try:
            return work(self._cache)
        except (sqlite3.Error, OSError, diskcache.Timeout) as error:
            logger.warning("the cache of TMDb's responses failed: %s", type(error).__name__)
            return None


def _entry(content: bytes) -> CacheEntry | None:
    """Return an entry, None for content that this cache would not have written."""
    try:
        values = json.loads(content)
        entry = CacheEntry(values["document"], values["fetched_at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return entry if type(entry.fetched_at) is int else None
