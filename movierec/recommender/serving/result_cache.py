"""Cache of the latest result of each user, reused while everything it was computed from is unchanged."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

MAXIMUM_USERS = 500

Result = TypeVar("Result")


class ResultCache(Generic[Result]):
    """The latest result of each of the users who asked most recently (LRU).

    The sources of a result are compared whole, so that no process has to announce a change.
    """

    def __init__(self, users: int = MAXIMUM_USERS) -> None:
        self._users = users
        self._entries: OrderedDict[int, tuple[object, Result]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, user_id: int, sources: object) -> Result | None:
        """Return the latest result of a user if it was computed from equal sources."""
        with self._lock:
            entry = self._entries.get(user_id)
        return entry[1] if entry is not None and entry[0] == sources else None

    def put(self, user_id: int, sources: object, result: Result) -> Result:
        """Store and return `result`. Neither it nor `sources` may change afterwards."""
        with self._lock:
            self._entries[user_id] = (sources, result)
            self._entries.move_to_end(user_id)
            if len(self._entries) > self._users:
                self._entries.popitem(last=False)
        return result
