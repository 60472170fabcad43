"""What a daemon is made of: the collaborators that handlers reach through `call.services`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from movierec.api.metrics import DaemonMetrics
from movierec.api.threads import ThreadPools
from movierec.auth import SigningKeys
from movierec.config import Settings
from movierec.jobs import Worker
from movierec.movies import TmdbSync
from movierec.recommender import ModelKeeper
from movierec.tmdb import TmdbService

Clock = Callable[[], float]


@dataclass(frozen=True)
class Services:
    """Made once by `create_app`; `clock` gives UTC epoch seconds. Without a key there is no `tmdb`."""

    settings: Settings
    clock: Clock
    threads: ThreadPools
    keys: SigningKeys
    recommender: ModelKeeper
    worker: Worker
    sync: TmdbSync
    tmdb: TmdbService | None = None
    metrics: DaemonMetrics = field(default_factory=DaemonMetrics)


@dataclass
class ShutdownState:
    """Whether the daemon is stopping: it finishes what it has, and tells whoever watches to go elsewhere."""

    draining: bool = False


SHUTDOWN_STATE: web.AppKey[ShutdownState] = web.AppKey("phase", ShutdownState)
SERVICES: web.AppKey[Services] = web.AppKey("services", Services)


def drain(app: web.Application) -> None:
    """From now on the daemon says that it is not ready."""
    app[SHUTDOWN_STATE].draining = True
