"""CORS: scripts of listed web origins may call the API with tokens, never with cookies."""

from __future__ import annotations

from aiohttp import web

from movierec.api.services import SERVICES

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "X-Request-ID",
)
EXPOSED_HEADERS = (
    "ETag",
    "Location",
    "Retry-After",
    "X-Request-ID",
    "RateLimit",
    "RateLimit-Policy",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
)

# Chromium keeps a preflight for two hours at most, Firefox for a day.
PREFLIGHT_CACHE_SECONDS = 7200


async def add_cors_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Let the scripts of a listed origin read an answer. Called before the headers of any answer are sent."""
    if not request.app[SERVICES].settings.server.cors_origins:
        return
    vary = response.headers.get("Vary")
    response.headers["Vary"] = f"{vary}, Origin" if vary else "Origin"
    if (origin := _listed_origin(request)) is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED_HEADERS)


def preflight_response(request: web.Request) -> web.Response | None:
    """Return the answer to a preflight from a listed origin, None for any other request.

    It allows the same for all paths: an error of the request itself is more use to a script than a failed preflight.
    """
    if (
        request.method != "OPTIONS"
        or "Access-Control-Request-Method" not in request.headers
        or _listed_origin(request) is None
    ):
        return None
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": ", ".join(METHODS),
            "Access-Control-Allow-Headers": ", ".join(REQUEST_HEADERS),
            "Access-Control-Max-Age": str(PREFLIGHT_CACHE_SECONDS),
            "Cache-Control": "no-store",
        },
    )


def _listed_origin(request: web.Request) -> str | None:
    """Return the origin of the page whose script sent a request, if it is listed."""
    origin = request.headers.get("Origin")
    return origin if origin in request.app[SERVICES].settings.server.cors_origins else None
