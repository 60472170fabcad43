"""`/health/`: liveness and readiness of the daemon."""

from __future__ import annotations

from typing import Any

from movierec import __version__, db
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group
from movierec.api.schemas.base import Output
from movierec.api.services import SHUTDOWN_STATE
from movierec.errors import Busy, DatabaseUnavailable
from movierec.tmdb import ATTRIBUTION
from movierec.tmdb import TmdbService as Client

group = Group("/health", tag="health")


class Live(Output):
    status: str


class Tmdb(Output):
    """How TMDb was when it was last asked; whether the daemon is ready does not depend on it."""

    configured: bool
    state: str
    attribution: str


class Ready(Output):
    status: str
    version: str
    database: str
    tmdb: Tmdb


@group.get("/live/", access=Access.PUBLIC, answers={200: Live})
async def live(_call: Call) -> dict[str, Any]:
    """Check that the process answers. Nothing else is checked."""
    return {"status": "ok"}


@group.get("/ready/", access=Access.PUBLIC, answers={200: Ready}, errors=(DatabaseUnavailable, Busy))
def ready(call: Call) -> dict[str, Any]:
    """Check that the database answers and that its schema is up to date."""
    return _ready(call)


@group.get("/", access=Access.PUBLIC, answers={200: Ready}, errors=(DatabaseUnavailable, Busy))
def health(call: Call) -> dict[str, Any]:
    """Check readiness, the same as `/health/ready/`."""
    return _ready(call)


def _ready(call: Call) -> dict[str, Any]:
    if call.request.app[SHUTDOWN_STATE].draining:
        raise Busy("The daemon is stopping.", retry_after_seconds=5)
    if db.pending_migrations():
        raise DatabaseUnavailable("The database needs migrating. Run: movierec-server migrate")
    return {
        "status": "ok",
        "version": __version__,
        "database": "postgresql" if db.is_postgres() else "sqlite",
        "tmdb": _tmdb(call.services.tmdb),
    }


def _tmdb(tmdb: Client | None) -> dict[str, Any]:
    state = "off" if tmdb is None else tmdb.state
    return {"configured": tmdb is not None, "state": state, "attribution": ATTRIBUTION}
