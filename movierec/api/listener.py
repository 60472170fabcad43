"""Listening: sockets, the HTTP parser's own refusals as problems, stopping without cutting anybody off."""

from __future__ import annotations

import secrets
import socket
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from movierec.api.middleware import add_default_headers
from movierec.api.problems import problem_response
from movierec.api.services import SERVICES
from movierec.errors import InternalError, MalformedRequest

# Longer than the usual proxy keeps an idle connection, shorter than a client would hold a dead one.
KEEPALIVE_SECONDS = 75.0


class _ProblemHandler(RequestHandler):
    """Answers what the HTTP parser refuses as every other error is answered."""

    __slots__ = ()

    def handle_error(
        self,
        request: Any,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        plain = super().handle_error(request, status, exc, message)
        error = InternalError() if plain.status >= 500 else MalformedRequest()
        request_id = secrets.token_hex(8)
        answer = problem_response(error, "", request_id)
        add_default_headers(answer, request_id)
        answer.force_close()
        return answer


class _ProblemServer(web.Server):
    def __call__(self) -> Any:
        return _ProblemHandler(self, loop=self._loop, **self._kwargs)


class ProblemRunner(web.AppRunner):
    """Runs an application of ours; used by the daemon and by the tests alike."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(
            app,
            access_log=None,
            keepalive_timeout=KEEPALIVE_SECONDS,
            shutdown_timeout=app[SERVICES].settings.server.shutdown_seconds,
            handler_cancellation=False,
        )

    async def _make_server(self) -> Any:
        made = await super()._make_server()
        return _ProblemServer(made.request_handler, request_factory=made.request_factory, **made._kwargs)


async def listen_on_socket(app: web.Application, listening: socket.socket) -> ProblemRunner:
    """Start `app` on a socket that is bound already."""
    runner = ProblemRunner(app)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    return runner


async def listen(app: web.Application, host: str, port: int) -> tuple[ProblemRunner, int]:
    """Start `app`; returns its runner and the port it got (`port` 0 takes a free one)."""
    runner = ProblemRunner(app)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner, int(runner.addresses[0][1])
