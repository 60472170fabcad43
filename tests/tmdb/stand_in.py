"""A TMDb server on loopback that responds from `answers`, or misbehaves in a chosen mode."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from aiohttp import web

from tests.tmdb import answers

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.stand.in"

Misbehaviour = Callable[["StandIn", web.Request], Awaitable[web.StreamResponse]]


class StandIn:
    """A server in a thread. `mode` is its behaviour, for the first `times` requests if that is set.

    `asked` holds the requested paths with queries, without the key. While `gate` is closed every response waits.
    """

    def __init__(self) -> None:
        self.mode = "well"
        self.times: int | None = None
        self.asked: list[str] = []
        self.keys: list[str | None] = []
        self.retry_after: str | None = None
        self.delay_seconds = 0.0
        self.gate = threading.Event()
        self.gate.set()
        # The largest number of requests that were in progress at once.
        self.most_at_once = 0
        self._in_progress = 0
        self.recorded: dict[str, Any] = {}
        self.films = dict(answers.FILMS)
        # Ids that the changes of any day list.
        self.changed: set[int] = set()
        self._ready = threading.Event()

    def reset(self) -> None:
        """Behave well again, and clear the recorded requests."""
        self.mode, self.times, self.retry_after, self.delay_seconds = "well", None, None, 0.0
        self.gate.set()
        self.most_at_once = 0
        self.films = dict(answers.FILMS)
        self.changed.clear()
        self.recorded.clear()
        self.asked.clear()
        self.keys.clear()

    @property
    def counts(self) -> Counter[str]:
        """Return the number of requests of each path."""
        return Counter(asked.partition("?")[0] for asked in self.asked)

    def __enter__(self) -> StandIn:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = int(runner.addresses[0][1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query = {name: value for name, value in request.query.items() if name != "api_key"}
        asked = request.path + "".join(f"?{'&'.join(f'{n}={v}' for n, v in query.items())}" if query else "")
        self.asked.append(asked)
        self.keys.append(request.query.get("api_key") or request.headers.get("Authorization"))
        self._in_progress += 1
        self.most_at_once = max(self.most_at_once, self._in_progress)
        try:
            return await self._respond(request)
        finally:
            self._in_progress -= 1

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        while not self.gate.is_set():  # noqa: ASYNC110 -- it is opened by another thread
            await asyncio.sleep(0.002)  # clock: polls what threads of the test set
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)  # clock: as slow as a test asks for
        if self.mode == "well" or (self.times is not None and len(self.asked) > self.times):
            return self._good(request)
        return await MISBEHAVIOUR[self.mode](self, request)

    def _good(self, request: web.Request) -> web.Response:
        if request.path.startswith("/w"):  # an image
            return web.Response(body=b"\xff\xd8\xff image", content_type="image/jpeg")
        if request.query.get("api_key") != KEY and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _json({"status_code": 7, "success": False}, 401)
        document = self.document(request.path, dict(request.query))
        if document is None:
            return _json({"success": False, "status_code": 34, "status_message": "not found"}, 404)
        return _json(document)

    def document(self, path: str, query: dict[str, str]) -> dict[str, Any] | None:
        """Return the response to a request, None for 404."""
        if path in self.recorded:
            return self.recorded[path]  # type: ignore[no-any-return]
        kind, _, rest = path.strip("/").partition("/")
        if kind == "configuration":
            return answers.CONFIGURATION
        if kind == "genre":
            return {"genres": [{"id": number, "name": name} for number, name in answers.GENRES.items()]}
        if kind == "movie" and rest.isdigit():
            film = self.films.get(int(rest))
            return film.details() if film else None
        if kind == "movie" and rest == "changes":
            results = [{"id": number, "adult": False} for number in sorted(self.changed)]
            return {"results": results, "page": 1, "total_pages": 1, "total_results": len(results)}
        if kind == "find":
            films = [film for film in self.films.values() if film.imdb_id == rest]
            return {"movie_results": [film.listed() for film in films], "tv_results": []}
        return self._listed(kind, query)

    def _listed(self, kind: str, query: dict[str, str]) -> dict[str, Any]:
        number = int(query.get("page", "1"))
        films = sorted(self.films.values(), key=lambda film: -film.popularity)
        if query.get("include_adult", "false") != "true":
            films = [film for film in films if not film.adult]
        if kind == "search":
            films = [film for film in films if query["query"] in film.title.casefold()]
        if year := query.get("primary_release_year"):
            films = [film for film in films if film.released.startswith(year)]
        return answers.page(films[(number - 1) * 20 : number * 20], number, len(films))


def _json(document: Any, status: int = 200, **headers: str) -> web.Response:
    return web.Response(
        text=json.dumps(document), status=status, content_type="application/json", headers=headers
    )


async def _black_hole(_self: StandIn, _request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)  # clock: a server that hangs
    raise AssertionError("a client waited for an hour")


async def _reset(_self: StandIn, request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _drip(self: StandIn, request: web.Request) -> web.StreamResponse:
    body = self._good(request).body
    assert isinstance(body, bytes)
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(request)
    for byte in body:
        await response.write(bytes([byte]))
        await asyncio.sleep(1)  # clock: slower than any client waits
    return response


async def _cut(self: StandIn, request: web.Request) -> web.StreamResponse:
    body = self._good(request).body
    assert isinstance(body, bytes)
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    await asyncio.sleep(0.02)  # clock: the first half leaves before the connection breaks
    assert request.transport is not None
    request.transport.abort()
    return response


async def _endless(_self: StandIn, request: web.Request) -> web.StreamResponse:
    """Respond with up to 500 MB, as long as the client reads them."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    chunk = b'{"results": [' + b" " * 65_536
    with contextlib.suppress(ConnectionError):
        for _ in range(8_000):
            await response.write(chunk)
    return response


async def _throttle(self: StandIn, _request: web.Request) -> web.StreamResponse:
    headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
    return _json({"status_code": 25, "status_message": "over the limit"}, 429, **headers)


def _text(text: str, status: int = 200, content_type: str = "application/json") -> Misbehaviour:
    async def answer(_self: StandIn, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status, content_type=content_type)

    return answer


def _spoiled(spoil: Callable[[dict[str, Any]], Any]) -> Misbehaviour:
    """Respond well, but with something wrong in every movie."""

    async def answer(self: StandIn, request: web.Request) -> web.StreamResponse:
        document = self.document(request.path, dict(request.query)) or answers.MATRIX.details()
        for name in ("results", "movie_results"):
            if name in document:
                return _json({**document, name: [spoil(film) for film in document[name]]})
        return _json(spoil(document))

    return answer


async def _redirect(self: StandIn, _request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": f"{self.url}/elsewhere"})


_EVIL = "\x1b[31mRed\x07 Alert\x1b]0;owned\x07\x00 \u009b2J\ud800"

MISBEHAVIOUR: dict[str, Misbehaviour] = {
    "black hole": _black_hole,
    "reset": _reset,
    "one byte a second": _drip,
    "cut body": _cut,
    "500 MB": _endless,
    "429": _throttle,
    "500": _text('{"status_code": 11}', 500),
    "html": _text("<html><h1>Welcome to our wi-fi</h1></html>", 200, "text/html"),
    "html called an image": _text("<html><h1>Welcome to our wi-fi</h1></html>", 200, "image/jpeg"),
    "html with 404": _text("<html>nothing here</html>", 404, "text/html"),
    "refused key": _text('{"status_code": 7, "success": false}', 401),
    "redirect": _redirect,
    "a list": _text("[]"),
    "no results": _text('{"page": 1}'),
    "not a number": _text('{"page": NaN, "results": []}'),
    "depth bomb": _text("[" * 200_000),
    "nested depth bomb": _text('{"results": [' + '{"id":' * 100_000),
    "wrong types": _spoiled(lambda film: {name: [value] for name, value in film.items()}),
    "nulls": _spoiled(dict.fromkeys),
    "escape sequences": _spoiled(lambda film: {**film, "title": _EVIL, "overview": _EVIL}),
    "a million results": _text(
        '{"page": 1, "total_pages": 50000, "total_results": 1000000, "results": ['
        + ",".join(f'{{"id":{number},"title":"F"}}' for number in range(1, 160_000))
        + "]}"
    ),
}

# All except those whose response still contains something valid.
FATAL = sorted(MISBEHAVIOUR.keys() - {"escape sequences", "429"})


def http_date(seconds_ahead: float) -> str:
    """Return a Retry-After header in the form of a date."""
    return formatdate(time.time() + seconds_ahead, usegmt=True)


def main() -> None:
    """Serve for a daemon started by hand.

    Prints the address, then reads lines of JSON with attributes to set (mode, delay_seconds, retry_after) and
    prints the number of requests since the line before.
    """
    with StandIn() as running:
        print(running.url, flush=True)
        for line in sys.stdin:
            asked = len(running.asked)
            running.asked.clear()
            for name, value in json.loads(line or "{}").items():
                setattr(running, name, value)
            print(asked, flush=True)


if __name__ == "__main__":
    main()
