"""A server with scripted responses: broken connections, other software, errors."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any


def http_response(
    status: int, document: Any = None, *, kind: str = "application/json", **headers: str
) -> bytes:
    """Return an HTTP response as bytes."""
    body = (
        document
        if isinstance(document, bytes)
        else b""
        if document is None
        else json.dumps(document).encode()
    )
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Length: {len(body)}",
        f"Content-Type: {kind}",
        "Connection: close",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def problem_response(status: int, code: str, detail: str = "Because.", **more: Any) -> bytes:
    """Return a problem document (RFC 9457) as an HTTP response."""
    document = {"status": status, "code": code, "detail": detail, "request_id": "r1", "errors": [], **more}
    return http_response(status, document, kind="application/problem+json")


class ScriptedServer:
    """Server that sends each connection the next bytes of a script; b"" closes it. It records the requests."""

    def __init__(self, *script: bytes, read_body: bool = True) -> None:
        self._script = list(script)
        self._read_body = read_body
        self.requests: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(60)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                head = b""
                while (line := stream.readline()) not in (b"\r\n", b""):
                    head += line
                length = [line for line in head.lower().splitlines() if line.startswith(b"content-length:")]
                if length and self._read_body:
                    head += stream.read(int(length[0].split(b":")[1]))
                self.requests.append(head.decode())
                connection.sendall(self._script.pop(0) if self._script else b"")
