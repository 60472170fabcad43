"""State of the daemon."""

from __future__ import annotations

from movierec.api.schemas.base import Output


class Live(Output):
    status: str


class Tmdb(Output):
    """State of TMDb at its last call. The daemon is ready without it."""

    configured: bool
    state: str
    attribution: str


class Ready(Output):
    status: str
    version: str
    database: str
    tmdb: Tmdb
