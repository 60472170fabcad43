"""`/health/`: liveness and readiness of the daemon."""

from __future__ import annotations

from movierec import __version__, db
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group
from movierec.api.schemas import health as schemas
from movierec.api.services import SHUTDOWN_STATE
from movierec.errors import Busy, DatabaseUnavailable
from movierec.tmdb import ATTRIBUTION
from movierec.tmdb import TmdbService as Client

group = Group("/health", tag="health")


@group.get("/live/", access=Access.PUBLIC, answers={200: schemas.Live})
async def check_liveness(_call: Call) -> schemas.Live:
    """Check that the process answers. Nothing else is checked."""
    return {"status": "ok"}


@group.get("/ready/", access=Access.PUBLIC, answers={200: schemas.Ready}, errors=(DatabaseUnavailable, Busy))
def check_readiness(call: Call) -> schemas.Ready:
    """Check that the database answers and that its schema is up to date."""
    return _ready(call)


@group.get("/", access=Access.PUBLIC, answers={200: schemas.Ready}, errors=(DatabaseUnavailable, Busy))
def check_health(call: Call) -> schemas.Ready:
    """Check readiness, the same as `/health/ready/`."""
    return _ready(call)


def _ready(call: Call) -> schemas.Ready:
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


def _tmdb(tmdb: Client | None) -> schemas.Tmdb:
    state = "off" if tmdb is None else tmdb.state
    return {"configured": tmdb is not None, "state": state, "attribution": ATTRIBUTION}
