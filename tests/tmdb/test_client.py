"""Asking TMDb over HTTP: retries, pace, breaker, and a key that nobody sees."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from movierec.errors import MovierecError, NotFound, UpstreamUnavailable
from movierec.tmdb import parse
from movierec.tmdb.breaker import CircuitBreaker
from movierec.tmdb.client import CallResult, TmdbClient, retry_after_seconds
from movierec.tmdb.pace import RateLimiter
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import FATAL, KEY, TOKEN, StandIn, http_date


class Asking:
    """A client and what it counted."""

    def __init__(self, stand_in: StandIn, **changes: Any) -> None:
        self.results: list[CallResult] = []
        self.client = TmdbClient(quick(stand_in, **changes), self.results.append)

    async def ask(self, path: str = "/movie/603") -> Any:
        return await self.client.get_json(path, {}, lambda document: document)


@asynccontextmanager
async def asking(stand_in: StandIn, **changes: Any) -> AsyncIterator[Asking]:
    made = Asking(stand_in, **changes)
    await made.client.start()
    try:
        yield made
    finally:
        await made.client.close()


@pytest.mark.parametrize("key", [KEY, TOKEN])
async def test_either_kind_of_key_is_sent_as_tmdb_wants_it(stand_in: StandIn, key: str) -> None:
    async with asking(stand_in, api_key=key) as made:
        assert (await made.ask())["title"] == "The Matrix"
        assert made.results == [CallResult.OK]
    assert stand_in.keys == [KEY if key == KEY else f"Bearer {TOKEN}"]


@pytest.mark.parametrize("key", [KEY, TOKEN])
@pytest.mark.parametrize("mode", [*FATAL, "429", "nobody there"])
async def test_no_failure_shows_the_key(
    stand_in: StandIn, key: str, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = "http://127.0.0.1:9" if mode == "nobody there" else stand_in.url
    stand_in.mode = "500" if mode == "nobody there" else mode
    async with asking(stand_in, api_key=key, base_url=told, total_seconds=0.2) as made:
        with pytest.raises(MovierecError) as caught:
            await made.client.get_json("/movie/603", {}, parse.parse_details)
        assert key not in repr(made.client)
    error = caught.value
    assert isinstance(error, UpstreamUnavailable)
    assert error.retry_after_seconds
    # Not even in what the error was raised from.
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    assert error.__context__ is None
    assert error.__cause__ is None
    assert key not in shown + error.detail + repr(error) + caplog.text


async def test_a_server_error_is_tried_again(stand_in: StandIn) -> None:
    stand_in.mode, stand_in.times = "500", 2
    async with asking(stand_in, total_seconds=3.0) as made:
        assert (await made.ask())["id"] == 603
        assert made.results == [CallResult.SERVER_ERROR, CallResult.SERVER_ERROR, CallResult.OK]


@pytest.mark.parametrize("mode", ["reset", "cut body"])
async def test_a_connection_that_breaks_is_tried_again(stand_in: StandIn, mode: str) -> None:
    stand_in.mode, stand_in.times = mode, 1
    async with asking(stand_in, total_seconds=3.0) as made:
        assert (await made.ask())["id"] == 603
    assert len(stand_in.asked) == 2


async def test_it_is_tried_three_times_at_most(stand_in: StandIn) -> None:
    stand_in.mode = "500"
    async with asking(stand_in, total_seconds=5.0) as made:
        with pytest.raises(UpstreamUnavailable):
            await made.ask()
        assert made.results == [CallResult.SERVER_ERROR] * 3


# What another try would not change.
@pytest.mark.parametrize(
    "mode", ["refused key", "html", "redirect", "black hole", "depth bomb", "html with 404"]
)
async def test_what_will_not_change_is_not_tried_again(stand_in: StandIn, mode: str) -> None:
    stand_in.mode = mode
    async with asking(stand_in) as made:
        with pytest.raises(UpstreamUnavailable):
            await made.ask()
    assert len(stand_in.asked) == 1
    assert "/elsewhere" not in stand_in.asked


async def test_an_unknown_id_is_not_found(stand_in: StandIn) -> None:
    async with asking(stand_in) as made:
        with pytest.raises(NotFound):
            await made.ask("/movie/1")
        assert made.results == [CallResult.NOT_FOUND]


@pytest.mark.parametrize("mode", ["black hole", "one byte a second", "500 MB", "500", "reset", "429"])
async def test_every_answer_comes_in_time(stand_in: StandIn, mode: str) -> None:
    stand_in.mode, stand_in.retry_after = mode, "2"
    async with asking(stand_in, total_seconds=0.6) as made:
        started = time.monotonic()
        with pytest.raises(UpstreamUnavailable):
            await made.ask()
        assert time.monotonic() - started < 2.0


# The header, and how long it means from now.
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
def test_retry_after_in_all_its_forms(header: str | None, seconds: float) -> None:
    assert retry_after_seconds(header, now=784_111_777.0) == seconds


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_nobody_asks_while_tmdb_says_to_wait(stand_in: StandIn, form: str) -> None:
    stand_in.mode = "429"
    stand_in.retry_after = "30" if form == "seconds" else http_date(30)
    async with asking(stand_in) as made:
        for _ in range(3):
            with pytest.raises(UpstreamUnavailable) as caught:
                await made.ask()
            assert 25 <= (caught.value.retry_after_seconds or 0) <= 31
    assert len(stand_in.asked) == 1


async def test_a_short_wait_is_waited_for(stand_in: StandIn) -> None:
    stand_in.mode, stand_in.times, stand_in.retry_after = "429", 1, "1"
    async with asking(stand_in, total_seconds=4.0) as made:
        assert (await made.ask())["id"] == 603


async def test_after_failures_in_a_row_one_request_tries(stand_in: StandIn) -> None:
    stand_in.mode = "html"
    async with asking(stand_in, failures=3, pause_seconds=0.3) as made:
        for _ in range(10):
            with pytest.raises(UpstreamUnavailable):
                await made.ask()
        assert len(stand_in.asked) == 3
        await asyncio.sleep(0.35)
        stand_in.mode, stand_in.delay_seconds = "well", 0.05
        answers = await asyncio.gather(*(made.ask() for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(answer, dict) for answer in answers) == 1
        assert len(stand_in.asked) == 4
        await asyncio.gather(*(made.ask() for _ in range(5)))


async def test_a_refused_key_is_not_sent_again_and_again(stand_in: StandIn) -> None:
    async with asking(stand_in, api_key="wrong", failures=100) as made:
        for _ in range(5):
            with pytest.raises(UpstreamUnavailable, match=r"tmdb\.api_key"):
                await made.ask()
    assert len(stand_in.asked) == 1


@pytest.mark.parametrize("mode", ["500", "429", "html called an image"])
async def test_images_that_fail_do_not_stop_the_rest(stand_in: StandIn, mode: str) -> None:
    """Nor the other way round: they are two hosts."""
    with StandIn() as images:
        images.mode, images.retry_after = mode, "60"
        async with asking(stand_in, image_url=images.url, failures=2) as made:
            assert (await made.ask())["id"] == 603
            for _ in range(3):
                with pytest.raises(UpstreamUnavailable):
                    await made.client.get_image("w342", "/a.jpg")
            assert made.client.last_result is CallResult.OK
            assert (await made.ask())["id"] == 603
        images.mode, stand_in.mode = "well", "html"
        async with asking(stand_in, image_url=images.url, failures=2) as made:
            for _ in range(3):
                with pytest.raises(UpstreamUnavailable):
                    await made.ask()
            assert await made.client.get_image("w342", "/a.jpg")


async def test_so_many_at_once_and_no_more(stand_in: StandIn) -> None:
    stand_in.delay_seconds = 0.1
    async with asking(stand_in, requests_at_once=2, total_seconds=5.0) as made:
        started = time.monotonic()
        await asyncio.gather(*(made.ask() for _ in range(6)))
        assert time.monotonic() - started >= 0.3


async def test_so_many_in_a_second_and_no_more() -> None:
    pace, started = RateLimiter(per_second=20, at_once=100), []
    loop = asyncio.get_running_loop()

    async def take() -> None:
        async with pace.slot(loop.time() + 10):
            started.append(loop.time())

    await asyncio.gather(*(take() for _ in range(45)))
    assert all(later - earlier >= 0.99 for earlier, later in zip(started, started[20:], strict=False))
    assert started[-1] - started[0] < 4


async def test_who_gets_no_turn_in_time_is_told_so_and_the_place_is_free() -> None:
    pace, loop = RateLimiter(per_second=10, at_once=1), asyncio.get_running_loop()
    async with pace.slot(loop.time() + 1):
        with pytest.raises(TimeoutError):
            async with pace.slot(loop.time() + 0.02):
                raise AssertionError("two at once")
    async with pace.slot(loop.time() + 1):
        pass


def test_the_breaker_lets_one_try_and_closes_again() -> None:
    now = [0.0]
    breaker = CircuitBreaker(2, 30.0, lambda: now[0])
    assert breaker.admit() is None
    breaker.record_failure()
    assert breaker.admit() is None
    breaker.record_failure()
    assert breaker.admit() == 30
    now[0] = 31.0
    assert breaker.admit() is None
    assert breaker.admit() == 1  # somebody tries already
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
async def test_no_path_leads_elsewhere(stand_in: StandIn, path: str) -> None:
    async with asking(stand_in) as made:
        with pytest.raises(ValueError, match="not a path"):
            await made.ask(path)
    assert not stand_in.asked
