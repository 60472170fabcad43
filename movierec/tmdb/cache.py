"""TMDb's answers on disk, with the time they came. Blocks: to be used from threads.

Values are JSON bytes and nothing else: diskcache's own formats would let whoever can write the file run code.
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

Result = TypeVar("Result")

DAY_SECONDS = 86_400
# A lock held for longer is no reason to make somebody wait: the answer is simply not found.
LOCK_TIMEOUT_SECONDS = 1.0

logger = logging.getLogger("movierec.tmdb")


class NotJson(OSError):
    """A row that this cache did not write. diskcache treats an OSError as a missing entry."""


class JsonDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Text keys and JSON bytes in the database itself: no pickles, and no files whose names it would trust."""

    def put(self, key: object) -> tuple[str, bool]:
        if not isinstance(key, str):
            raise TypeError("keys are texts")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if not raw or not isinstance(key, str):
            raise NotJson("a key that is no text")
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
        """There are no files; a row that names one is not believed."""


class CacheEntry(NamedTuple):
    """What TMDb said and when (UTC epoch seconds); `document` None: it knows nothing of that."""

    document: Any
    fetched_at: int


class ResponseCache:
    """Entries by key. Whatever is wrong with it, it is as if nothing were kept: no method raises for that."""

    def __init__(self, folder: Path, *, megabytes: int, keep_days: int) -> None:
        self._folder, self._size_limit = folder, megabytes * 1024 * 1024
        self._keep_seconds = keep_days * DAY_SECONDS
        self._cache: diskcache.Cache | None = None

    def open(self) -> None:
        """Open the folder; one that cannot be read as a cache is emptied."""
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
                logger.warning("the cache of TMDb's answers cannot be opened: %s", type(error).__name__)
                if not last_try:
                    shutil.rmtree(self._folder, ignore_errors=True)

    def load(self, key: str, now: int) -> CacheEntry | None:
        """What is kept under `key`, however old within the days it may be kept."""
        content = self._try(lambda cache: cache.get(key))
        entry = None if content is None else _entry(content)
        if entry is None or not now - self._keep_seconds < entry.fetched_at <= now + DAY_SECONDS:
            return None
        return entry

    def store(self, key: str, entry: CacheEntry) -> None:
        content = json.dumps(entry._asdict(), separators=(",", ":"), allow_nan=False).encode()
        self._try(lambda cache: cache.set(key, content, expire=self._keep_seconds))

    def delete_expired(self) -> None:
        """Forget what has been kept for too long; otherwise that happens little by little, when others come."""
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
            logger.warning("the cache of TMDb's answers does not work: %s", type(error).__name__)
            return None


def _entry(content: bytes) -> CacheEntry | None:
    """None for whatever this cache would not have written."""
    try:
        told = json.loads(content)
        entry = CacheEntry(told["document"], told["fetched_at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return entry if type(entry.fetched_at) is int else None
