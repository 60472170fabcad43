"""Each user's latest list, given again as long as everything it was made of is the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

MAXIMUM_USERS = 500

Made = TypeVar("Made")


class ResultCache(Generic[Made]):
    """What was made last for each of the users who asked last.

    What it was made of is compared whole: nobody has to tell of a change, in whichever process it happened.
    """

    def __init__(self, users: int = MAXIMUM_USERS) -> None:
        self._users = users
        self._kept: OrderedDict[int, tuple[object, Made]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, user_id: int, sources: object) -> Made | None:
        """The latest of a user if it was made of just these sources."""
        with self._lock:
            found = self._kept.get(user_id)
        return found[1] if found is not None and found[0] == sources else None

    def put(self, user_id: int, sources: object, made: Made) -> Made:
        """Remember and return `made`. Neither it nor `sources` may change afterwards."""
        with self._lock:
            self._kept[user_id] = (sources, made)
            self._kept.move_to_end(user_id)
            if len(self._kept) > self._users:
                self._kept.popitem(last=False)
        return made
