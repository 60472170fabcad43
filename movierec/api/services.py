"""Services of the daemon, which handlers use through `call.services`."""

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
    """Created once by `create_app`. `clock` returns UTC epoch seconds. `tmdb` is None without an API key."""

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
    """State of a graceful shutdown: a draining daemon finishes its requests and reports that it is not ready."""

    draining: bool = False


SHUTDOWN_STATE: web.AppKey[ShutdownState] = web.AppKey("phase", ShutdownState)
SERVICES: web.AppKey[Services] = web.AppKey("services", Services)


def drain(app: web.Application) -> None:
    """Mark the daemon as draining: its readiness check fails from now on."""
    app[SHUTDOWN_STATE].draining = True
