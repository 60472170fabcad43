"""Middleware of every request: request id, host check, problem documents, headers, one log line."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from movierec.api.cors import preflight_response
from movierec.api.problems import from_http_exception, problem_response
from movierec.api.services import SERVICES
from movierec.config import ServerSettings
from movierec.errors import (
    InternalError,
    MalformedRequest,
    MethodNotImplemented,
    MisdirectedRequest,
    MovierecError,
    StorageFull,
    UnsupportedMediaType,
)
from movierec.files import is_disk_full

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Server": "movierec",
}

# Logged and counted for a client that went away before the answer, as nginx does. Nobody receives it.
CLIENT_CLOSED_REQUEST = 499

# RFC 9110, 7.2: a name or an address, and a port.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::([0-9]{1,5}))?", re.ASCII)

_LOOPBACK = ("localhost", "127.0.0.1", "::1")

logger = logging.getLogger("movierec.access")
failures = logging.getLogger("movierec.api")


@web.middleware
async def request_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Process every request, except those that the HTTP parser refuses."""
    started = time.perf_counter()
    request[REQUEST_ID] = request_id = _request_id(request)
    response = await _answered(request, handler, request_id)
    if not response.prepared:
        add_default_headers(response, request_id)
    _log(request, response.status, (time.perf_counter() - started) * 1000)
    return response


def add_default_headers(response: web.StreamResponse, request_id: str) -> None:
    response.headers["X-Request-ID"] = request_id
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)


async def _answered(request: web.Request, handler: Handler, request_id: str) -> web.StreamResponse:
    try:
        _check_host(request)
        _check_encoding(request)
        if request.method == "CONNECT":
            raise MethodNotImplemented()
        return preflight_response(request) or await handler(request)
    except MovierecError as error:
        return problem_response(error, request.path, request_id)
    except web.HTTPException as error:
        return _answer_of_router(error, request, request_id)
    except (ConnectionError, web.RequestPayloadError) as error:
        if _is_closed(request):
            return web.Response(status=CLIENT_CLOSED_REQUEST)
        if isinstance(error, ConnectionError):
            return _unexpected(request, request_id)
        answer = problem_response(MalformedRequest(), request.path, request_id)
        answer.force_close()  # where the next request begins is unknown
        return answer
    except Exception as error:
        if is_disk_full(error):
            return problem_response(StorageFull(retry_after_seconds=60), request.path, request_id)
        return _unexpected(request, request_id)


def _unexpected(request: web.Request, request_id: str) -> web.Response:
    failures.exception("unexpected error", extra={"request_id": request_id})
    return problem_response(InternalError(), request.path, request_id)


def _answer_of_router(error: web.HTTPException, request: web.Request, request_id: str) -> web.Response:
    """Answer a request that no endpoint takes: OPTIONS with the methods of the path, others with a problem."""
    methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} if request.path == "*" else set()
    if isinstance(error, web.HTTPMethodNotAllowed):
        methods = error.allowed_methods
    allow = {"Allow": ", ".join(sorted({*methods, "OPTIONS"}))} if methods else {}
    if methods and request.method == "OPTIONS":
        return web.Response(status=204, headers={**allow, "Cache-Control": "no-store"})
    answer = problem_response(from_http_exception(error), request.path, request_id)
    answer.headers.update(allow)
    return answer


def _is_closed(request: web.Request) -> bool:
    """Return True if the client has closed the connection."""
    return request.transport is None or request.transport.is_closing()


def _request_id(request: web.Request) -> str:
    sent = request.headers.get("X-Request-ID", "")
    return sent if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", sent) else secrets.token_hex(8)


def _check_host(request: web.Request) -> None:
    """Refuse unknown host names, against DNS rebinding: a page that points its own name at loopback."""
    settings = request.app[SERVICES].settings.server
    match = _HOST.fullmatch(request.host)
    if match is None or int(match[2] or 0) > 65535:
        raise MalformedRequest("The Host header is not a name or an address with an optional port.")
    name = match[1].strip("[]").lower()
    if name not in _own_names(settings) and "*" not in settings.allowed_hosts:
        raise MisdirectedRequest()


def _check_encoding(request: web.Request) -> None:
    """Refuse encoded bodies before any of it is read: a kilobyte may stand for a gigabyte."""
    encodings = ",".join(request.headers.getall("Content-Encoding", ()))
    if any(name.strip().lower() not in ("", "identity") for name in encodings.split(",")):
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")


def _own_names(server: ServerSettings) -> set[str]:
    public = re.sub(r"^https?://|[:/].*$", "", server.public_url)
    return {name.lower() for name in (*_LOOPBACK, server.host, public, *server.allowed_hosts) if name}


def _log(request: web.Request, status: int, milliseconds: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource else None
    # Unknown methods and paths would create metric series without limit.
    method = request.method if route else "any"
    labels = request.app[SERVICES].metrics.request_seconds.labels(method, route or "none", status)
    labels.observe(milliseconds / 1000)
    logger.info(
        "request",
        extra={
            "request_id": request[REQUEST_ID],
            "method": request.method,
            "route": route,
            "status": status,
            "ms": round(milliseconds, 1),
        },
    )
