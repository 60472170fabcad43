"""HTTP server: sockets, problem documents for requests that the HTTP parser refuses, graceful shutdown."""

from __future__ import annotations

import functools
import re
import secrets
import socket
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod, HttpProcessingError
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from movierec.api.middleware import Handler, add_default_headers, failures, request_middleware
from movierec.api.middleware import logger as requests
from movierec.api.problems import HTTP_STATUS, problem_response
from movierec.api.services import SERVICES
from movierec.errors import InternalError, MalformedRequest, MethodNotImplemented, MovierecError

_REQUEST_LINE = re.compile(r"""b(['"])[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP/1\.[01]\1""")

# Longer than proxies usually keep an idle connection, shorter than a client keeps a dead one.
KEEPALIVE_SECONDS = 75.0


class _ProblemHandler(RequestHandler):
    """Answers requests that the HTTP parser refuses with a problem document, like every other error.

    Nothing of such a request is logged, neither a line of it nor the parser's exception, which quotes it.
    """

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Parse what arrived. A body that the parser refuses ends its request, whose handler waits for the rest."""
        super().data_received(data)
        request = self._current_request
        if request is None or not self._messages or not isinstance(self._messages[-1][0], _ErrInfo):
            return
        if not request.content.is_eof():
            self._messages.clear()
            request.content.set_exception(web.RequestPayloadError())

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        request_id = secrets.token_hex(8)
        if status < 500:
            error: MovierecError = MethodNotImplemented() if _is_unknown_method(exc) else MalformedRequest()
            requests.info(
                "request refused", extra={"request_id": request_id, "status": HTTP_STATUS[type(error)]}
            )
        else:
            error = InternalError()
            failures.error("unexpected error", exc_info=exc, extra={"request_id": request_id})
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        answer = problem_response(error, "", request_id)
        add_default_headers(answer, request_id)
        answer.force_close()
        return answer

    def log_exception(self, *args: object, **options: Any) -> None:
        """Log an unexpected error of a connection. What the parser refused has been answered."""
        if not isinstance(options.get("exc_info"), web.RequestPayloadError | HttpProcessingError):
            super().log_exception(*args, **options)


def _is_unknown_method(error: BaseException | None) -> bool:
    """Return True for a proper request line whose method the parser does not know. Its message quotes the line."""
    return isinstance(error, BadHttpMethod) and _REQUEST_LINE.search(str(error)) is not None


class _ProblemServer(web.Server):
    def __call__(self) -> RequestHandler:
        return _ProblemHandler(self, loop=self._loop, **self._kwargs)


async def _handle(request: web.BaseRequest, handler: Handler) -> web.StreamResponse:
    """Process a request, and answer what is refused before the middleware as the middleware would."""
    assert isinstance(request, web.Request)
    try:
        return await handler(request)
    except web.HTTPException as error:
        return await request_middleware(request, functools.partial(_raise, error))


async def _raise(error: web.HTTPException, _request: web.Request) -> web.StreamResponse:
    raise error


class ProblemRunner(web.AppRunner):
    """Runs the application, for the daemon and for the tests."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(
            app,
            access_log=None,
            keepalive_timeout=KEEPALIVE_SECONDS,
            shutdown_timeout=app[SERVICES].settings.server.shutdown_seconds,
            handler_cancellation=False,
            # Encoded bodies are refused; decoding one to discard it would cost as much as to read it.
            auto_decompress=False,
        )

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        handler = functools.partial(_handle, handler=cast(Handler, server.request_handler))
        return _ProblemServer(handler, request_factory=server.request_factory, **server._kwargs)


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
