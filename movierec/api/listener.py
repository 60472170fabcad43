"""HTTP server: sockets, problem documents for requests that the HTTP parser refuses, graceful shutdown."""

from __future__ import annotations

import secrets
import socket

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from movierec.api.middleware import add_default_headers
from movierec.api.problems import problem_response
from movierec.api.services import SERVICES
from movierec.errors import InternalError, MalformedRequest

# Longer than proxies usually keep an idle connection, shorter than a client keeps a dead one.
KEEPALIVE_SECONDS = 75.0


class _ProblemHandler(RequestHandler):
    """Answers requests that the HTTP parser refuses with a problem document, like every other error."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        response = super().handle_error(request, status, exc, message)
        error = InternalError() if response.status >= 500 else MalformedRequest()
        request_id = secrets.token_hex(8)
        answer = problem_response(error, "", request_id)
        add_default_headers(answer, request_id)
        answer.force_close()
        return answer


class _ProblemServer(web.Server):
    def __call__(self) -> RequestHandler:
        return _ProblemHandler(self, loop=self._loop, **self._kwargs)


class ProblemRunner(web.AppRunner):
    """Runs the application, for the daemon and for the tests."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(
            app,
            access_log=None,
            keepalive_timeout=KEEPALIVE_SECONDS,
            shutdown_timeout=app[SERVICES].settings.server.shutdown_seconds,
            handler_cancellation=False,
        )

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return _ProblemServer(
            server.request_handler, request_factory=server.request_factory, **server._kwargs
        )


async def listen_on_socket(app: web.Application, listening: socket.socket) -> ProblemRunner:
    """Start `app` on a bound socket."""
    runner = ProblemRunner(app)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    return runner


async def listen(app: web.Application, host: str, port: int) -> tuple[ProblemRunner, int]:
    """Start `app` and return its runner and port. Port 0 selects a free one."""
    runner = ProblemRunner(app)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner, int(runner.addresses[0][1])
