"""A daemon in a thread of the test process, and a client that validates every answer against its schema."""

from __future__ import annotations

import asyncio
import functools
import http.client
import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import TypeAdapter

from movierec import db
from movierec.api.app import ENDPOINTS, create_app
from movierec.api.endpoint import FileContent
from movierec.api.listener import listen
from movierec.api.schemas import Problem
from movierec.config import Settings

_numbers = itertools.count(1)

PASSWORD = "correct horse battery"


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Account:
    """A signed-in user."""

    id: int
    username: str
    email: str
    access: str
    refresh: str


class TestClock:
    """Clock of the daemon: the real time plus the seconds that a test adds."""

    __test__ = False

    def __init__(self, real: Callable[[], float]) -> None:
        self._real = real
        self.ahead_seconds = 0.0

    def __call__(self) -> float:
        return self._real() + self.ahead_seconds

    def advance(self, seconds: float) -> None:
        self.ahead_seconds += seconds


@dataclass
class RunningDaemon:
    """Client of a running daemon at `url`. `call` checks status, headers and schema of the answer."""

    url: str
    settings: Settings
    clock: TestClock
    _accounts: dict[str, Account] = field(default_factory=dict)

    def request(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send a request and return the reply unchecked."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=180)
        sent = dict(headers or {})
        if document is not None:
            body = json.dumps(document).encode()
            sent.setdefault("Content-Type", "application/json")
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def call(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        token: str | Account | None = None,
        status: int | tuple[int, ...] = 200,
        **options: Any,
    ) -> Any:
        """Send a request, assert its status and schema, and return the JSON document."""
        token = token.access if isinstance(token, Account) else token
        reply = self.request(method, path, document, token=token, **options)
        expected = (status,) if isinstance(status, int) else status
        assert reply.status in expected, f"{method} {path}: {reply.status} {reply.body[:2000]!r}"
        assert reply.headers["X-Request-ID"]
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"]
        if not reply.body:
            return None
        content = reply.json()
        if reply.status >= 400:
            assert reply.headers["Content-Type"] == "application/problem+json"
            _adapter(Problem).validate_python(content)
            assert content["status"] == reply.status
        else:
            _check_schema(method, path, reply.status, content)
        return content

    def get(self, path: str, **options: Any) -> Any:
        return self.call("GET", path, **options)

    def post(self, path: str, document: Any = None, **options: Any) -> Any:
        return self.call("POST", path, document, **options)

    def put(self, path: str, document: Any = None, **options: Any) -> Any:
        return self.call("PUT", path, document, **options)

    def patch(self, path: str, document: Any = None, **options: Any) -> Any:
        return self.call("PATCH", path, document, **options)

    def delete(self, path: str, **options: Any) -> Any:
        return self.call("DELETE", path, **{"status": 204, **options})

    def register(self, username: str | None = None) -> Account:
        """Create an account and sign in."""
        name = username or f"user{next(_numbers)}"
        document = {
            "username": name,
            "email": f"{name}@example.org",
            "password": PASSWORD,
            "password_confirm": PASSWORD,
        }
        answer = self.post("/api/v1/auth/", document, status=201)
        return Account(answer["user"]["id"], name, document["email"], **answer["tokens"])

    def admin(self) -> Account:
        """Create a staff account and sign in."""
        account = self.register()
        db.execute("UPDATE users SET is_staff = ? WHERE id = ?", True, account.id)
        return account


@functools.cache
def _adapter(model: type[Any]) -> TypeAdapter[Any]:
    """Return the validator of a schema, which is expensive to build."""
    return TypeAdapter(model)


def _check_schema(method: str, path: str, status: int, content: Any) -> None:
    """Validate a successful answer against the schema that its endpoint declares."""
    concrete = urlsplit(path).path.rstrip("/")
    for endpoint in ENDPOINTS:
        if endpoint.method == method and endpoint.matches(concrete):
            model: Any = endpoint.answers[status]
            assert model is not None, f"{method} {path}: a body where none is declared"
            assert not isinstance(model, FileContent), f"{method} {path}: a file is declared"
            _adapter(model).validate_python(content)
            return


class Daemon:
    """Runs `create_app(settings)` in a thread with its own event loop."""

    def __init__(self, settings: Settings, **collaborators: Any) -> None:
        self._settings = settings
        self._collaborators = collaborators
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._port = 0

    def __enter__(self) -> RunningDaemon:
        import time

        clock = TestClock(time.time)
        self._thread = threading.Thread(target=self._run, args=(clock,), daemon=True)
        self._thread.start()
        assert self._started.wait(180), "the daemon did not start"
        if self._failure:
            raise self._failure
        return RunningDaemon(f"http://127.0.0.1:{self._port}", self._settings, clock)

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(180)
        assert not self._thread.is_alive(), "the daemon did not stop"

    def _run(self, clock: TestClock) -> None:
        asyncio.run(self._serve(clock))

    async def _serve(self, clock: TestClock) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            app: web.Application = create_app(self._settings, clock=clock, **self._collaborators)
            runner, self._port = await listen(app, "127.0.0.1", 0)
        except BaseException as failure:
            self._failure = failure
            self._started.set()
            return
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()
