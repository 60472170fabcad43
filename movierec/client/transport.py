"""HTTP transport to one server: connections, timeouts, retries. It knows neither tokens nor JSON."""

from __future__ import annotations

import http.client
import select
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from movierec.errors import ServerUnreachable

CONNECT_SECONDS = 5.0
# Idle connections are reused for this long. The daemon keeps them longer, a proxy between may not.
REUSE_SECONDS = 5.0
# Pauses before the second and the third attempt.
PAUSES_SECONDS = (0.1, 0.4)
# Maximum size of a chunk of a download.
PIECE_BYTES = 256 * 1024


class UploadBody(NamedTuple):
    """A request body of `size` bytes. `chunks` restarts it, as a retry needs."""

    size: int
    chunks: Callable[[], Iterable[bytes]]


class HttpReply(NamedTuple):
    """A response. A successful download has `pieces`, read as they arrive, in place of a body."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    pieces: Iterator[bytes] | None = None


class DownloadStream(NamedTuple):
    """A file that is being received, of `size` bytes if that is known.

    Its pieces raise ServerUnreachable if the stream ends too soon.
    """

    size: int | None
    pieces: Iterator[bytes]


class Transport:
    """One connection to one server, kept between requests. Proxies of the environment are never used,
    redirects never followed: a token goes to the server it was made for.
    """

    _connection: http.client.HTTPConnection | None = None

    def __init__(self, server: str) -> None:
        self._server = server
        self._parts = urlsplit(server)
        self._used_at = 0.0

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def exchange(
        self,
        method: str,
        target: str,
        content: bytes | UploadBody | None,
        headers: Mapping[str, str],
        seconds: float,
        *,
        retry: bool,
        download: bool = False,
    ) -> HttpReply:
        """Send a request and read the response; `retry` only idempotent requests.

        With `download` the body of a success is not read: the reply has its `pieces`.

        Raises ServerUnreachable if no complete response arrives.
        """
        for pause_seconds in (*PAUSES_SECONDS, None):
            try:
                return self._once(method, target, content, headers, seconds, download)
            except (ConnectionResetError, BrokenPipeError, http.client.IncompleteRead) as failure:
                if not retry or pause_seconds is None:
                    raise self._unreachable(failure, seconds) from failure
                time.sleep(pause_seconds)
            except (OSError, http.client.HTTPException) as failure:
                raise self._unreachable(failure, seconds) from failure
        raise AssertionError("the last attempt returns or raises")

    def _once(
        self,
        method: str,
        target: str,
        content: bytes | UploadBody | None,
        headers: Mapping[str, str],
        seconds: float,
        download: bool,
    ) -> HttpReply:
        connection = self._connected(seconds)
        body = content.chunks() if isinstance(content, UploadBody) else content
        try:
            try:
                connection.request(method, self._parts.path.rstrip("/") + target, body, dict(headers))
            except (BrokenPipeError, ConnectionResetError):
                # Rejected before the body was sent: the response with the reason may have arrived already.
                return self._reply(connection, download)
            return self._reply(connection, download)
        except BaseException:
            self.close()
            raise

    def _reply(self, connection: http.client.HTTPConnection, download: bool) -> HttpReply:
        response = connection.getresponse()
        if download and response.status == 200:
            return HttpReply(response.status, response.headers, b"", self._pieces(response))
        with response:
            reply = HttpReply(response.status, response.headers, response.read())
        self._used_at = time.monotonic()
        return reply

    def _pieces(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        left = response.length
        try:
            while piece := response.read(PIECE_BYTES):
                left = None if left is None else left - len(piece)
                yield piece
            if left:
                raise http.client.IncompleteRead(b"", left)
        except (OSError, http.client.HTTPException) as failure:
            raise ServerUnreachable(
                f"The response of {self._server} ended early and is incomplete. Try again."
            ) from failure
        finally:
            self.close()

    def _connected(self, seconds: float) -> http.client.HTTPConnection:
        if self._connection and self._connection.sock:
            # Readable before a request is sent: the other end has closed the connection.
            hung_up, _, _ = select.select([self._connection.sock], [], [], 0)
            if hung_up or time.monotonic() - self._used_at > REUSE_SECONDS:
                self.close()
        if self._connection is None or self._connection.sock is None:
            https = self._parts.scheme == "https"
            kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
            self._connection = kind(self._parts.hostname or "", self._parts.port, timeout=CONNECT_SECONDS)
            self._connection.connect()
        self._connection.sock.settimeout(seconds)
        return self._connection

    def _unreachable(self, failure: Exception, seconds: float) -> ServerUnreachable:
        if isinstance(failure, ConnectionRefusedError):
            what = f"No daemon answers at {self._server}."
            return ServerUnreachable(f"{what} Start one with: movierec-server serve (or set MOVIEREC_SERVER)")
        if isinstance(failure, TimeoutError):
            return ServerUnreachable(f"The daemon at {self._server} did not answer in time. Try again later.")
        reason = getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
        return ServerUnreachable(f"Cannot connect to {self._server}: {reason}. Check MOVIEREC_SERVER.")
