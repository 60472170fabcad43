"""HTTP client of TMDb: timeouts, retries, rate limit and circuit breaker. No cache, and no parsing of its own.

The key is added to a request at the last moment. No exception of aiohttp leaves this file: its text may hold the
address and the headers, and so the key.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import math
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, TypeVar

import aiohttp

from movierec import __version__, config
from movierec.errors import NotFound, UpstreamUnavailable
from movierec.tmdb.circuit_breaker import CircuitBreaker
from movierec.tmdb.images import IMAGE_KINDS, image_kind
from movierec.tmdb.parse import BadResponse, Document
from movierec.tmdb.rate_limiter import RateLimiter

Value = TypeVar("Value")

MAX_BYTES = 5 * 1024 * 1024
# Maximum size of a JSON document, several times the largest that TMDb sends: parsing holds the GIL.
MAX_DOCUMENT_BYTES = 1024 * 1024
MAX_TRIES = 3
# Pause before the second try; twice as long before the third; each ± 50 %.
RETRY_SECONDS = 0.2
# Limits of a pause that TMDb demands, and the pause after it refused the key.
MAX_PAUSE_SECONDS, MIN_PAUSE_SECONDS, KEY_REFUSED_PAUSE_SECONDS = 300.0, 1.0, 60.0

logger = logging.getLogger("movierec.tmdb")


class CallResult(StrEnum):
    """Result of a request, a label of the metric `tmdb_calls_total`."""

    OK = "ok"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
    KEY_REFUSED = "key_refused"
    SERVER_ERROR = "server_error"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BAD_RESPONSE = "bad_answer"


@dataclass(frozen=True)
class Outcome:
    """Outcome of one request: `content` if it succeeded; `pause_seconds` if TMDb demands a pause."""

    result: CallResult
    content: Any = None
    pause_seconds: float = 0.0


# Reads the status, content type and body of a response; runs in a thread.
Reader = Callable[[int, str, bytes], Outcome]


@dataclass(frozen=True, repr=False)
class _Request:
    """A request. Has no repr, because it holds the key."""

    address: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    read: Reader


class _Host:
    """State of one of TMDb's hosts: the API may answer while the images do not."""

    def __init__(self, name: str, settings: config.TmdbSettings) -> None:
        self.name = name
        self.breaker = CircuitBreaker(settings.failures, settings.pause_seconds, time.monotonic)
        self.rate_limiter = RateLimiter(settings.requests_per_second, settings.requests_at_once)
        self.last_result: CallResult | None = None

    def check_admission(self, deadline: float) -> None:
        """Raise UpstreamUnavailable at once if a request would be refused."""
        if self.rate_limiter.paused_seconds > deadline - asyncio.get_running_loop().time():
            raise _unavailable(CallResult.THROTTLED, self.rate_limiter.paused_seconds)
        if (seconds := self.breaker.admit()) is not None:
            raise _unavailable(self.last_result or CallResult.UNREACHABLE, seconds)

    def record(self, outcome: Outcome) -> None:
        """Update breaker and rate limiter after a request."""
        result = outcome.result
        if result is not self.last_result and result not in (CallResult.OK, CallResult.NOT_FOUND):
            logger.warning("%s: %s", self.name, result.value)
        self.last_result = CallResult.OK if result is CallResult.NOT_FOUND else result
        if result is CallResult.KEY_REFUSED:
            self.breaker.trip(KEY_REFUSED_PAUSE_SECONDS)
        elif result in (CallResult.OK, CallResult.NOT_FOUND, CallResult.THROTTLED):
            self.breaker.record_success()
        else:
            self.breaker.record_failure()
        if result is CallResult.THROTTLED:
            self.rate_limiter.pause(outcome.pause_seconds)


class TmdbClient:
    """Client for API and images. `start` and `close` it on its event loop. `count` is called with each result."""

    def __init__(
        self, settings: config.TmdbSettings, count: Callable[[CallResult], None] = lambda result: None
    ) -> None:
        self._settings, self._count = settings, count
        self._api, self._images = _Host("TMDb", settings), _Host("TMDb's images", settings)
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"<Client of {self._settings.base_url}>"

    @property
    def last_result(self) -> CallResult | None:
        """Return the result of the last request to the API, None before the first."""
        return self._api.last_result

    async def start(self) -> None:
        """Open the HTTP session."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit_per_host=self._settings.requests_at_once),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"movierec/{__version__}"},
            timeout=aiohttp.ClientTimeout(total=None, connect=self._settings.connect_seconds),
            # Proxies from the environment would see a v3 key.
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the HTTP session."""
        if self._session is not None:
            await self._session.close()

    async def get_json(
        self, path: str, query: Mapping[str, str], parse: Callable[[Document], Value]
    ) -> Value:
        """Return what `parse` makes of the JSON object at a path of the API.

        `parse` runs in a thread and raises BadResponse, or NotFound if the response means that. Raises NotFound,
        or UpstreamUnavailable if no valid response comes in time.
        """
        if not re.fullmatch(r"(/[a-z0-9_]+)+", path):
            raise ValueError("not a path of TMDb")
        address = self._settings.base_url.rstrip("/") + path
        headers, query = _with_key(self._settings.api_key, query)
        read = functools.partial(_read_document, parse)
        content: Value = await self._send(self._api, _Request(address, query, headers, read))
        return content

    async def get_image(self, size: str, path: str) -> bytes:
        """Return an image, fetched without the key from another host. Raises like `get_json`."""
        address = f"{self._settings.image_url.rstrip('/')}/{size}{path}"
        content: bytes = await self._send(self._images, _Request(address, {}, {}, _read_image))
        return content

    async def _send(self, host: _Host, request: _Request) -> Any:
        """Send a request, and retry while that may help and the deadline allows."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.total_seconds
        for attempt in range(1, MAX_TRIES + 1):
            host.check_admission(deadline)
            outcome = await self._send_in_slot(host, request, deadline)
            if outcome.result is CallResult.OK:
                return outcome.content
            if outcome.result is CallResult.NOT_FOUND:
                raise NotFound("TMDb has nothing under that id.")
            pause = outcome.pause_seconds or RETRY_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
            may_retry = outcome.result in (
                CallResult.SERVER_ERROR,
                CallResult.UNREACHABLE,
                CallResult.THROTTLED,
            )
            if attempt == MAX_TRIES or not may_retry or loop.time() + pause >= deadline:
                raise _unavailable(outcome.result, pause)
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def _send_in_slot(self, host: _Host, request: _Request, deadline: float) -> Outcome:
        """Send one admitted request; always report its end to the breaker."""
        outcome = None
        try:
            async with host.rate_limiter.slot(deadline):
                outcome = await self._send_once(request, deadline)
        except TimeoutError:
            # Not a failure of TMDb: too many requests wait for a slot.
            return Outcome(CallResult.TIMEOUT)
        finally:
            if outcome is None:
                host.breaker.record_cancelled()
        self._count(outcome.result)
        host.record(outcome)
        return outcome

    async def _send_once(self, request: _Request, deadline: float) -> Outcome:
        """Send one request. Returns a result for every error, so that no exception holds the key."""
        assert self._session is not None, "not started"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                try:
                    async with self._session.get(
                        request.address, params=request.query, headers=request.headers, allow_redirects=False
                    ) as response:
                        body = await _body_of(response)
                        if body is None:
                            return Outcome(CallResult.BAD_RESPONSE)
                        if response.status == 429:
                            pause = retry_after_seconds(response.headers.get("Retry-After"), time.time())
                            return Outcome(CallResult.THROTTLED, pause_seconds=pause)
                        return await asyncio.to_thread(
                            request.read, response.status, response.content_type, body
                        )
                except aiohttp.ServerTimeoutError:
                    return Outcome(CallResult.TIMEOUT)
                except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError):
                    return Outcome(CallResult.UNREACHABLE)
                except (aiohttp.ClientError, ValueError):
                    return Outcome(CallResult.BAD_RESPONSE)
        return Outcome(CallResult.TIMEOUT)


def _with_key(key: str, query: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return headers and query. A v3 key is 32 hexadecimal digits; a v4 token is sent as a bearer token."""
    if re.fullmatch(r"[0-9a-f]{32}", key):
        return {}, {**query, "api_key": key}
    return {"Authorization": f"Bearer {key}"}, dict(query)


async def _body_of(response: aiohttp.ClientResponse) -> bytes | None:
    """Read a body, never more than the limit; return None if it is larger."""
    if (response.content_length or 0) > MAX_BYTES:
        return None
    body = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)


def _read_document(
    parse: Callable[[Document], object], status: int, content_type: str, body: bytes
) -> Outcome:
    if status >= 500:
        return Outcome(CallResult.SERVER_ERROR)
    if status in (401, 403):
        return Outcome(CallResult.KEY_REFUSED)
    if len(body) > MAX_DOCUMENT_BYTES:
        return Outcome(CallResult.BAD_RESPONSE)
    try:
        content = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return Outcome(CallResult.BAD_RESPONSE)
    if not isinstance(content, dict):
        return Outcome(CallResult.BAD_RESPONSE)
    # Codes 6 and 34 are TMDb's "not found"; a 404 of a proxy in between has neither.
    if status == 404 and content.get("status_code") in (6, 34):
        return Outcome(CallResult.NOT_FOUND)
    if status != 200:
        return Outcome(CallResult.BAD_RESPONSE)
    try:
        return Outcome(CallResult.OK, parse(content))
    except BadResponse:
        return Outcome(CallResult.BAD_RESPONSE)
    except NotFound:
        return Outcome(CallResult.NOT_FOUND)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _read_image(status: int, content_type: str, body: bytes) -> Outcome:
    if status >= 500:
        return Outcome(CallResult.SERVER_ERROR)
    if status == 404:
        return Outcome(CallResult.NOT_FOUND)
    if status != 200 or content_type not in IMAGE_KINDS.values():
        return Outcome(CallResult.BAD_RESPONSE)
    try:
        image_kind(body)
    except BadResponse:
        return Outcome(CallResult.BAD_RESPONSE)
    return Outcome(CallResult.OK, body)


def retry_after_seconds(header: str | None, now: float) -> float:
    """Return the pause of a Retry-After header (seconds or a date) within the limits; `now`: UTC epoch seconds."""
    text = (header or "").strip()
    seconds = MIN_PAUSE_SECONDS
    if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text):
        seconds = float(text)
    elif text:
        with contextlib.suppress(ValueError, OverflowError):
            at = parsedate_to_datetime(text)
            seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now
    return min(max(seconds, MIN_PAUSE_SECONDS), MAX_PAUSE_SECONDS)


_DETAILS = {
    CallResult.THROTTLED: "TMDb received too many requests. Try again shortly.",
    CallResult.KEY_REFUSED: "TMDb refuses the key. Its administrator must correct tmdb.api_key.",
    CallResult.BAD_RESPONSE: "TMDb sent an invalid response. Try again shortly.",
    CallResult.TIMEOUT: "TMDb did not answer in time. Try again shortly.",
}


def _unavailable(result: CallResult, seconds: float) -> UpstreamUnavailable:
    return UpstreamUnavailable(_DETAILS.get(result), retry_after_seconds=max(1, math.ceil(seconds)))
