"""The TMDb service: lifetimes of responses, stale responses, single flight, calls from threads."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import date
from pathlib import Path

import pytest

from movierec.errors import NotFound, UpstreamUnavailable
from tests.tmdb.conftest import Counted, quick
from tests.tmdb.stand_in import FATAL, StandIn
from tests.waiting import wait_until

HOUR, DAY = 3600, 86_400


async def test_every_call(counted: Counted, stand_in: StandIn) -> None:
    tmdb = counted.tmdb
    assert tmdb.state == "not asked yet"
    assert (await tmdb.trending("week")).value.movies[0].title == "The Matrix"
    assert (await tmdb.popular()).value.total_results == 6
    assert (await tmdb.top_rated(page=2)).value.movies == ()
    matches = (await tmdb.search("Matrix")).value.movies
    assert [movie.tmdb_id for movie in matches] == [603, 1_000_002]
    assert [film.title for film in (await tmdb.search("heat", year=1995)).value.movies] == ["Heat"]
    assert (await tmdb.details(603)).value.runtime == 136
    assert (await tmdb.find_by_imdb("tt0133093")).value.tmdb_id == 603
    assert (await tmdb.genres()).value[878] == "Science Fiction"
    assert "w342" in (await tmdb.configuration()).value.poster_sizes
    stand_in.changed.add(603)
    assert 603 in (await tmdb.changes(date(2026, 1, 1), date(2026, 1, 10))).value.tmdb_ids
    assert (await tmdb.image("/poster603.jpg", "w342")).startswith(b"\xff\xd8")
    assert tmdb.state == "ok"


async def test_image_is_fetched_once_and_without_the_key(counted: Counted, stand_in: StandIn) -> None:
    first, again = [await counted.tmdb.image("/poster603.jpg", "w342") for _ in range(2)]
    assert first == again
    assert stand_in.asked == ["/w342/poster603.jpg"]
    assert stand_in.keys == [None]


@pytest.mark.parametrize(("path", "size"), [("/../key", "w92"), ("/a.jpg", "../w92"), ("/a.svg", "w92")])
async def test_only_images_are_fetched_from_the_image_host(counted: Counted, path: str, size: str) -> None:
    with pytest.raises(NotFound):
        await counted.tmdb.image(path, size)
    assert not counted.results


async def test_cached_value_that_is_not_an_image_is_fetched_again(
    counted: Counted, stand_in: StandIn
) -> None:
    await counted.tmdb._store("image w342/poster603.jpg", base64.b64encode(b"<html>").decode())
    for _ in range(2):
        assert (await counted.tmdb.image("/poster603.jpg", "w342")).startswith(b"\xff\xd8")
    assert stand_in.asked == ["/w342/poster603.jpg"]


async def test_each_kind_of_response_has_its_lifetime(counted: Counted, stand_in: StandIn) -> None:
    tmdb, clock = counted.tmdb, counted.clock
    calls = {
        "/trending/movie/day": (lambda: tmdb.trending("day"), HOUR),
        "/movie/popular": (tmdb.popular, DAY),
        "/search/movie": (lambda: tmdb.search("heat"), DAY),
        "/movie/603": (lambda: tmdb.details(603), DAY),
        "/genre/movie/list": (tmdb.genres, 7 * DAY),
    }
    for path, (call, lifetime) in calls.items():
        assert ((await call()).source, (await call()).source) == ("tmdb", "cache")
        clock.advance(lifetime - 5)
        assert (await call()).source == "cache"
        assert stand_in.counts[path] == 1
        clock.advance(10)
        assert (await call()).source == "tmdb"
        assert stand_in.counts[path] == 2


async def test_not_found_is_cached_for_ten_minutes(counted: Counted, stand_in: StandIn) -> None:
    for advance in (0, 590):
        counted.clock.advance(advance)
        with pytest.raises(NotFound):
            await counted.tmdb.details(77)
    assert stand_in.counts["/movie/77"] == 1
    counted.clock.advance(20)
    with pytest.raises(NotFound):
        await counted.tmdb.details(77)
    assert stand_in.counts["/movie/77"] == 2


async def test_imdb_id_of_a_series_is_not_found(counted: Counted, stand_in: StandIn) -> None:
    stand_in.recorded["/find/tt0903747"] = {"movie_results": [], "tv_results": [{"id": 1396}]}
    for _ in range(2):
        with pytest.raises(NotFound):
            await counted.tmdb.find_by_imdb("tt0903747")
    assert len(stand_in.asked) == 1


async def test_case_and_spacing_of_a_search_share_one_response(counted: Counted, stand_in: StandIn) -> None:
    for text in ("The Matrix", "the  matrix", " THE MATRIX "):
        await counted.tmdb.search(text)
    assert len(stand_in.asked) == 1


async def test_changes_are_never_cached(counted: Counted, stand_in: StandIn) -> None:
    for _ in range(2):
        await counted.tmdb.changes(date(2026, 1, 1), date(2026, 1, 10))
    assert len(stand_in.asked) == 2


async def test_details_can_be_refetched(counted: Counted, stand_in: StandIn) -> None:
    await counted.tmdb.details(603)
    assert (await counted.tmdb.details(603, refetch=True)).source == "tmdb"
    assert stand_in.counts["/movie/603"] == 2


@pytest.mark.parametrize("mode", FATAL)
async def test_stale_response_is_served_while_tmdb_is_away(
    counted: Counted, stand_in: StandIn, mode: str
) -> None:
    await counted.tmdb.popular()
    counted.clock.advance(40 * DAY)
    stand_in.mode = mode
    answer = await counted.tmdb.popular()
    assert (answer.source, answer.stale) == ("cache", True)
    assert answer.value.movies[0].title == "The Matrix"


@pytest.mark.parametrize("mode", sorted({*FATAL} - {"refused key"}))  # that is not sent again for a minute
async def test_invalid_response_is_not_cached(counted: Counted, stand_in: StandIn, mode: str) -> None:
    stand_in.mode = mode
    with pytest.raises(UpstreamUnavailable):
        await counted.tmdb.popular()
    stand_in.mode = "well"
    assert (await counted.tmdb.popular()).source == "tmdb"


async def test_slow_response_is_cached_for_the_next_call(counted: Counted, stand_in: StandIn) -> None:
    await counted.tmdb.popular()
    counted.clock.advance(2 * DAY)
    stand_in.gate.clear()  # longer than a call waits that can have a stale response
    assert (await counted.tmdb.popular()).stale is True
    stand_in.gate.set()
    await until_idle(counted)
    assert (await counted.tmdb.popular()).stale is False
    assert stand_in.counts["/movie/popular"] == 2


async def until_idle(counted: Counted) -> None:
    """Wait until no fetch is in progress."""
    await asyncio.to_thread(wait_until, lambda: not counted.tmdb._single_flight._tasks)


async def test_hundred_concurrent_calls_send_one_request(counted: Counted, stand_in: StandIn) -> None:
    stand_in.delay_seconds = 0.05
    answers = await asyncio.gather(*(counted.tmdb.details(603) for _ in range(100)))
    assert len(stand_in.asked) == 1
    assert len({answer.value for answer in answers}) == 1


async def test_cancelled_call_does_not_cancel_the_others(counted: Counted, stand_in: StandIn) -> None:
    stand_in.gate.clear()
    waiting = [asyncio.create_task(counted.tmdb.details(603)) for _ in range(3)]
    await asyncio.to_thread(wait_until, lambda: stand_in.asked)
    waiting[0].cancel()  # the one that started the request
    stand_in.gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert [type(answer).__name__ for answer in answers[1:]] == ["TmdbResponse", "TmdbResponse"]
    assert len(stand_in.asked) == 1


async def test_response_is_cached_even_if_all_calls_are_cancelled(
    counted: Counted, stand_in: StandIn
) -> None:
    stand_in.gate.clear()
    waiting = asyncio.create_task(counted.tmdb.details(603))
    await asyncio.to_thread(wait_until, lambda: stand_in.asked)
    waiting.cancel()
    stand_in.gate.set()
    await until_idle(counted)
    assert (await counted.tmdb.details(603)).source == "cache"


async def test_failure_reaches_all_waiting_calls_and_is_not_cached(
    counted: Counted, stand_in: StandIn
) -> None:
    stand_in.mode, stand_in.delay_seconds = "html", 0.05
    answers = await asyncio.gather(*(counted.tmdb.popular() for _ in range(5)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {UpstreamUnavailable}
    assert len(stand_in.asked) == 1
    stand_in.mode = "well"
    assert (await counted.tmdb.popular()).source == "tmdb"


async def test_cache_survives_a_restart_and_holds_no_key(stand_in: StandIn, tmp_path: Path) -> None:
    for expected in ("tmdb", "cache"):
        client = Counted(quick(stand_in), tmp_path / "tmdb")
        await client.tmdb.start()
        assert (await client.tmdb.details(603)).source == expected
        await client.tmdb.close()
    content = b"".join(path.read_bytes() for path in (tmp_path / "tmdb").iterdir())
    assert quick(stand_in).api_key.encode() not in content


async def test_threads_call_on_the_event_loop(counted: Counted) -> None:
    tmdb = counted.tmdb
    answer = await asyncio.to_thread(lambda: tmdb.wait_for(tmdb.details(603)))
    assert answer.value.movie.title == "The Matrix"
    with pytest.raises(NotFound):
        await asyncio.to_thread(lambda: tmdb.wait_for(tmdb.details(77)))


async def test_movie_takes_little_space_in_the_cache(
    counted: Counted, stand_in: StandIn, tmp_path: Path
) -> None:
    document = stand_in.document("/movie/603", {}) or {}
    document["credits"]["crew"] += [{"name": f"Extra {n}", "job": "Gaffer"} for n in range(2000)]
    stand_in.recorded["/movie/603"] = document
    first, again = [(await counted.tmdb.details(603)).value for _ in range(2)]
    assert first == again
    assert first.directors == ("Grace Example",)
    size = sum(path.stat().st_size for path in (tmp_path / "tmdb").iterdir())
    assert size < len(json.dumps(document)) + 40_000  # the size of an empty cache


async def test_closing_cancels_requests_in_progress(stand_in: StandIn, tmp_path: Path) -> None:
    client = Counted(quick(stand_in, total_seconds=3600.0), tmp_path / "tmdb")
    await client.tmdb.start()
    stand_in.mode = "black hole"
    waiting = asyncio.create_task(client.tmdb.popular())
    await asyncio.to_thread(wait_until, lambda: stand_in.asked)
    # The request alone would never end.
    await client.tmdb.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
