"""The HTTP client of TMDb: retries, rate limit, circuit breaker, and a secret key."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from movierec.errors import MovierecError, NotFound, UpstreamUnavailable
from movierec.tmdb import parse
from movierec.tmdb.circuit_breaker import CircuitBreaker
from movierec.tmdb.client import CallResult, TmdbClient, retry_after_seconds
from movierec.tmdb.rate_limiter import RateLimiter
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import FATAL, KEY, TOKEN, StandIn, http_date
from tests.waiting import wait_until


class CountingClient:
    """A client and the results that it counted."""

    def __init__(self, stand_in: StandIn, **changes: Any) -> None:
        self.results: list[CallResult] = []
        self.client = TmdbClient(quick(stand_in, **changes), self.results.append)

    async def fetch(self, path: str = "/movie/603") -> Any:
        return await self.client.get_json(path, {}, lambda document: document)


@asynccontextmanager
async def client_of(stand_in: StandIn, **changes: Any) -> AsyncIterator[CountingClient]:
    counting = CountingClient(stand_in, **changes)
    await counting.client.start()
    try:
        yield counting
    finally:
        await counting.client.close()


def end_pause(client: TmdbClient) -> None:
    """Let the pause of the open breaker end now."""
    client._api.breaker._open_until = 0.0


@pytest.mark.parametrize("key", [KEY, TOKEN])
async def test_both_kinds_of_key_are_sent_as_tmdb_expects(stand_in: StandIn, key: str) -> None:
    async with client_of(stand_in, api_key=key) as counting:
        assert (await counting.fetch())["title"] == "The Matrix"
        assert counting.results == [CallResult.OK]
    assert stand_in.keys == [KEY if key == KEY else f"Bearer {TOKEN}"]


@pytest.mark.parametrize("key", [KEY, TOKEN])
@pytest.mark.parametrize("mode", [*FATAL, "429", "nobody there"])
async def test_no_failure_reveals_the_key(
    stand_in: StandIn, key: str, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = "http://127.0.0.1:9" if mode == "nobody there" else stand_in.url
    stand_in.mode = "500" if mode == "nobody there" else mode
    async with client_of(stand_in, api_key=key, base_url=url, total_seconds=0.2) as counting:
        with pytest.raises(MovierecError) as caught:
            await counting.client.get_json("/movie/603", {}, parse.parse_details)
        assert key not in repr(counting.client)
    error = caught.value
    assert isinstance(error, UpstreamUnavailable)
    assert error.retry_after_seconds
    # Not even in the cause or context of the error.
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    assert error.__context__ is None
    assert error.__cause__ is None
    assert key not in shown + error.detail + repr(error) + caplog.text


async def test_server_error_is_retried(stand_in: StandIn) -> None:
    stand_in.mode, stand_in.times = "500", 2
    async with client_of(stand_in, total_seconds=30.0) as counting:
        assert (await counting.fetch())["id"] == 603
        assert counting.results == [CallResult.SERVER_ERROR, CallResult.SERVER_ERROR, CallResult.OK]


@pytest.mark.parametrize("mode", ["reset", "cut body"])
async def test_broken_connection_is_retried(stand_in: StandIn, mode: str) -> None:
    stand_in.mode, stand_in.times = mode, 1
    async with client_of(stand_in, total_seconds=30.0) as counting:
        assert (await counting.fetch())["id"] == 603
    assert len(stand_in.asked) == 2


async def test_request_is_tried_three_times_at_most(stand_in: StandIn) -> None:
    stand_in.mode = "500"
    async with client_of(stand_in, total_seconds=30.0) as counting:
        with pytest.raises(UpstreamUnavailable):
            await counting.fetch()
        assert counting.results == [CallResult.SERVER_ERROR] * 3


# Failures that a retry would not change.
@pytest.mark.parametrize(
    "mode", ["refused key", "html", "redirect", "black hole", "depth bomb", "html with 404"]
)
async def test_permanent_failure_is_not_retried(stand_in: StandIn, mode: str) -> None:
    stand_in.mode = mode
    async with client_of(stand_in) as counting:
        with pytest.raises(UpstreamUnavailable):
            await counting.fetch()
    assert len(stand_in.asked) == 1
    assert "/elsewhere" not in stand_in.asked


async def test_unknown_id_is_not_found(stand_in: StandIn) -> None:
    async with client_of(stand_in) as counting:
        with pytest.raises(NotFound):
            await counting.fetch("/movie/1")
        assert counting.results == [CallResult.NOT_FOUND]


@pytest.mark.parametrize("mode", ["black hole", "one byte a second", "500 MB", "500", "reset", "429"])
async def test_request_ends_within_its_total_time(stand_in: StandIn, mode: str) -> None:
    stand_in.mode, stand_in.retry_after = mode, "2"
    async with client_of(stand_in, total_seconds=0.6) as counting:
        # Without the limit some of the modes would never end.
        with pytest.raises(UpstreamUnavailable):
            await counting.fetch()


# The header, and the pause it means.
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("2.5", 2.5),
        ("0", 1.0),
        (None, 1.0),
        ("", 1.0),
        ("soon", 1.0),
        ("-5", 1.0),
        ("999999999", 300.0),
        ("9" * 400, 1.0),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:27 GMT", 1.0),
        ("Sun, 06 Nov 2094 08:49:37 GMT", 300.0),
        ("Sun, 99 Nov 1994 99:49:37 GMT", 1.0),
    ],
)
def test_forms_of_retry_after(header: str | None, seconds: float) -> None:
    assert retry_after_seconds(header, now=784_111_777.0) == seconds


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_no_request_is_sent_while_tmdb_demands_a_pause(stand_in: StandIn, form: str) -> None:
    stand_in.mode = "429"
    stand_in.retry_after = "30" if form == "seconds" else http_date(30)
    async with client_of(stand_in) as counting:
        for _ in range(3):
            with pytest.raises(UpstreamUnavailable) as caught:
                await counting.fetch()
            assert 25 <= (caught.value.retry_after_seconds or 0) <= 31
    assert len(stand_in.asked) == 1


async def test_short_pause_is_waited_for(stand_in: StandIn) -> None:
    stand_in.mode, stand_in.times, stand_in.retry_after = "429", 1, "1"
    async with client_of(stand_in, total_seconds=30.0) as counting:
        assert (await counting.fetch())["id"] == 603


async def test_after_failures_in_a_row_one_request_probes(stand_in: StandIn) -> None:
    stand_in.mode = "html"
    async with client_of(stand_in, failures=3, pause_seconds=60.0) as counting:
        for _ in range(10):
            with pytest.raises(UpstreamUnavailable):
                await counting.fetch()
        assert len(stand_in.asked) == 3
        end_pause(counting.client)
        stand_in.mode = "well"
        stand_in.gate.clear()
        fetches = [asyncio.create_task(counting.fetch()) for _ in range(5)]
        await asyncio.to_thread(wait_until, lambda: len(stand_in.asked) == 4)
        await asyncio.to_thread(wait_until, lambda: sum(fetch.done() for fetch in fetches) == 4)
        stand_in.gate.set()
        responses = await asyncio.gather(*fetches, return_exceptions=True)
        assert sum(isinstance(response, dict) for response in responses) == 1
        assert len(stand_in.asked) == 4
        await asyncio.gather(*(counting.fetch() for _ in range(5)))


async def test_refused_key_is_not_sent_again(stand_in: StandIn) -> None:
    async with client_of(stand_in, api_key="wrong", failures=100) as counting:
        for _ in range(5):
            with pytest.raises(UpstreamUnavailable, match=r"tmdb\.api_key"):
                await counting.fetch()
    assert len(stand_in.asked) == 1


@pytest.mark.parametrize("mode", ["500", "429", "html called an image"])
async def test_failing_images_do_not_stop_the_api(stand_in: StandIn, mode: str) -> None:
    """Nor the reverse: they are two hosts."""
    with StandIn() as images:
        images.mode, images.retry_after = mode, "60"
        async with client_of(stand_in, image_url=images.url, failures=2) as counting:
            assert (await counting.fetch())["id"] == 603
            for _ in range(3):
                with pytest.raises(UpstreamUnavailable):
                    await counting.client.get_image("w342", "/a.jpg")
            assert counting.client.last_result is CallResult.OK
            assert (await counting.fetch())["id"] == 603
        images.mode, stand_in.mode = "well", "html"
        async with client_of(stand_in, image_url=images.url, failures=2) as counting:
            for _ in range(3):
                with pytest.raises(UpstreamUnavailable):
                    await counting.fetch()
            assert await counting.client.get_image("w342", "/a.jpg")


async def test_concurrent_requests_are_limited(stand_in: StandIn) -> None:
    stand_in.delay_seconds = 0.02
    async with client_of(stand_in, requests_at_once=2, total_seconds=30.0) as counting:
        await asyncio.gather(*(counting.fetch() for _ in range(6)))
    assert len(stand_in.asked) == 6
    assert stand_in.most_at_once == 2


async def test_requests_per_second_are_limited() -> None:
    limiter, started = RateLimiter(per_second=20, at_once=100), []
    loop = asyncio.get_running_loop()

    async def take() -> None:
        async with limiter.slot(loop.time() + 60):
            started.append(loop.time())

    await asyncio.gather(*(take() for _ in range(45)))
    assert all(later - earlier >= 0.99 for earlier, later in zip(started, started[20:], strict=False))
    assert len(started) == 45


async def test_timeout_while_waiting_for_a_slot_leaks_no_slot() -> None:
    limiter, loop = RateLimiter(per_second=10, at_once=1), asyncio.get_running_loop()
    async with limiter.slot(loop.time() + 60):
        with pytest.raises(TimeoutError):
            async with limiter.slot(loop.time() + 0.02):
                raise AssertionError("two at once")
    async with limiter.slot(loop.time() + 60):
        pass


def test_breaker_admits_one_probe_and_closes_after_success() -> None:
    now = [0.0]
    breaker = CircuitBreaker(2, 30.0, lambda: now[0])
    assert breaker.admit() is None
    breaker.record_failure()
    assert breaker.admit() is None
    breaker.record_failure()
    assert breaker.admit() == 30
    now[0] = 31.0
    assert breaker.admit() is None
    assert breaker.admit() == 1  # a probe is in progress
    breaker.record_cancelled()
    assert breaker.admit() is None
    breaker.record_failure()
    assert breaker.admit() == 30
    now[0] = 62.0
    assert breaker.admit() is None
    breaker.record_success()
    assert [breaker.admit(), breaker.admit()] == [None, None]


@pytest.mark.parametrize(
    "path", ["/movie/../account", "/movie/603?x=1", "//elsewhere.example.org/", "/movie/603/"]
)
async def test_path_cannot_leave_the_api(stand_in: StandIn, path: str) -> None:
    async with client_of(stand_in) as counting:
        with pytest.raises(ValueError, match="not a path"):
            await counting.fetch(path)
    assert not stand_in.asked
