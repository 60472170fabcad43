"""What a daemon is made of: the collaborators that handlers reach through `call.services`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from movierec.api.threads import Threads
from movierec.auth import Keys
from movierec.config import Settings
from movierec.jobs import Worker
from movierec.recommender import Recommender

Clock = Callable[[], float]


@dataclass(frozen=True)
class Services:
    """Made once by `create_app`; `clock` gives UTC epoch seconds."""

    settings: Settings
    clock: Clock
    threads: Threads
    keys: Keys
    recommender: Recommender
    worker: Worker


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
