"""What is asked of TMDb, and how seldom: lifetimes, older answers, single flight, the way from a thread."""

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

HOUR, DAY = 3600, 86_400


async def test_everything_that_can_be_asked(counted: Counted, stand_in: StandIn) -> None:
    tmdb = counted.tmdb
    assert tmdb.state == "not asked yet"
    assert (await tmdb.trending("week")).value.movies[0].title == "The Matrix"
    assert (await tmdb.popular()).value.total_results == 6
    assert (await tmdb.top_rated(page=2)).value.movies == ()
    found = (await tmdb.search("Matrix")).value.movies
    assert [film.tmdb_id for film in found] == [603, 1_000_002]
    assert [film.title for film in (await tmdb.search("heat", year=1995)).value.films] == ["Heat"]
    assert (await tmdb.details(603)).value.runtime == 136
    assert (await tmdb.find_by_imdb("tt0133093")).value.tmdb_id == 603
    assert (await tmdb.genres()).value[878] == "Science Fiction"
    assert "w342" in (await tmdb.configuration()).value.poster_sizes
    stand_in.changed.add(603)
    assert 603 in (await tmdb.changes(date(2026, 1, 1), date(2026, 1, 10))).value.tmdb_ids
    assert (await tmdb.image("/poster603.jpg", "w342")).startswith(b"\xff\xd8")
    assert tmdb.state == "ok"


async def test_an_image_is_fetched_once_and_without_the_key(counted: Counted, stand_in: StandIn) -> None:
    first, again = [await counted.tmdb.image("/poster603.jpg", "w342") for _ in range(2)]
    assert first == again
    assert stand_in.asked == ["/w342/poster603.jpg"]
    assert stand_in.keys == [None]


@pytest.mark.parametrize(("path", "size"), [("/../key", "w92"), ("/a.jpg", "../w92"), ("/a.svg", "w92")])
async def test_only_images_are_asked_of_the_images_host(counted: Counted, path: str, size: str) -> None:
    with pytest.raises(NotFound):
        await counted.tmdb.image(path, size)
    assert not counted.results


async def test_what_was_kept_and_is_no_image_is_fetched_anew(counted: Counted, stand_in: StandIn) -> None:
    await counted.tmdb._keep("image w342/poster603.jpg", base64.b64encode(b"<html>").decode())
    for _ in range(2):
        assert (await counted.tmdb.image("/poster603.jpg", "w342")).startswith(b"\xff\xd8")
    assert stand_in.asked == ["/w342/poster603.jpg"]


async def test_each_kind_of_answer_has_its_lifetime(counted: Counted, stand_in: StandIn) -> None:
    tmdb, clock = counted.tmdb, counted.clock
    asks = {
        "/trending/movie/day": (lambda: tmdb.trending("day"), HOUR),
        "/movie/popular": (tmdb.popular, DAY),
        "/search/movie": (lambda: tmdb.search("heat"), DAY),
        "/movie/603": (lambda: tmdb.details(603), DAY),
        "/genre/movie/list": (tmdb.genres, 7 * DAY),
    }
    for path, (ask, lifetime) in asks.items():
        assert ((await ask()).source, (await ask()).source) == ("tmdb", "cache")
        clock.advance(lifetime - 5)
        assert (await ask()).source == "cache"
        assert stand_in.counts[path] == 1
        clock.advance(10)
        assert (await ask()).source == "tmdb"
        assert stand_in.counts[path] == 2


async def test_what_tmdb_does_not_know_is_not_asked_again_for_ten_minutes(
    counted: Counted, stand_in: StandIn
) -> None:
    for advance in (0, 590):
        counted.clock.advance(advance)
        with pytest.raises(NotFound):
            await counted.tmdb.details(77)
    assert stand_in.counts["/movie/77"] == 1
    counted.clock.advance(20)
    with pytest.raises(NotFound):
        await counted.tmdb.details(77)
    assert stand_in.counts["/movie/77"] == 2


async def test_an_imdb_id_of_a_series_is_not_found(counted: Counted, stand_in: StandIn) -> None:
    stand_in.recorded["/find/tt0903747"] = {"movie_results": [], "tv_results": [{"id": 1396}]}
    for _ in range(2):
        with pytest.raises(NotFound):
            await counted.tmdb.find_by_imdb("tt0903747")
    assert len(stand_in.asked) == 1


async def test_the_same_search_is_one_search(counted: Counted, stand_in: StandIn) -> None:
    for text in ("The Matrix", "the  matrix", " THE MATRIX "):
        await counted.tmdb.search(text)
    assert len(stand_in.asked) == 1


async def test_changes_are_asked_anew_each_time(counted: Counted, stand_in: StandIn) -> None:
    for _ in range(2):
        await counted.tmdb.changes(date(2026, 1, 1), date(2026, 1, 10))
    assert len(stand_in.asked) == 2


async def test_details_can_be_asked_anew(counted: Counted, stand_in: StandIn) -> None:
    await counted.tmdb.details(603)
    assert (await counted.tmdb.details(603, anew=True)).source == "tmdb"
    assert stand_in.counts["/movie/603"] == 2


@pytest.mark.parametrize("mode", FATAL)
async def test_older_answers_are_served_while_tmdb_is_away(
    counted: Counted, stand_in: StandIn, mode: str
) -> None:
    await counted.tmdb.popular()
    counted.clock.advance(40 * DAY)
    stand_in.mode = mode
    answer = await counted.tmdb.popular()
    assert (answer.source, answer.stale) == ("cache", True)
    assert answer.value.movies[0].title == "The Matrix"


@pytest.mark.parametrize("mode", sorted({*FATAL} - {"refused key"}))  # which is not sent again for a minute
async def test_nothing_bad_is_kept(counted: Counted, stand_in: StandIn, mode: str) -> None:
    stand_in.mode = mode
    with pytest.raises(UpstreamUnavailable):
        await counted.tmdb.popular()
    stand_in.mode = "well"
    assert (await counted.tmdb.popular()).source == "tmdb"


async def test_a_slow_answer_is_kept_for_the_next_who_asks(counted: Counted, stand_in: StandIn) -> None:
    await counted.tmdb.popular()
    counted.clock.advance(2 * DAY)
    stand_in.delay_seconds = 0.25  # longer than anybody waits who can have an older answer
    assert (await counted.tmdb.popular()).stale is True
    await asyncio.sleep(0.3)
    assert (await counted.tmdb.popular()).stale is False
    assert stand_in.counts["/movie/popular"] == 2


async def test_a_hundred_who_ask_at_once_make_one_request(counted: Counted, stand_in: StandIn) -> None:
    stand_in.delay_seconds = 0.05
    answers = await asyncio.gather(*(counted.tmdb.details(603) for _ in range(100)))
    assert len(stand_in.asked) == 1
    assert len({answer.value for answer in answers}) == 1


async def test_one_who_gives_up_does_not_take_it_from_the_others(counted: Counted, stand_in: StandIn) -> None:
    stand_in.delay_seconds = 0.1
    waiting = [asyncio.create_task(counted.tmdb.details(603)) for _ in range(3)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()  # the one that began it
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert [type(answer).__name__ for answer in answers[1:]] == ["Answer", "Answer"]
    assert len(stand_in.asked) == 1


async def test_when_all_give_up_the_answer_is_kept_all_the_same(counted: Counted, stand_in: StandIn) -> None:
    stand_in.delay_seconds = 0.05
    waiting = asyncio.create_task(counted.tmdb.details(603))
    await asyncio.sleep(0.02)
    waiting.cancel()
    await asyncio.sleep(0.2)
    assert (await counted.tmdb.details(603)).source == "cache"


async def test_a_failure_is_told_to_all_and_then_forgotten(counted: Counted, stand_in: StandIn) -> None:
    stand_in.mode, stand_in.delay_seconds = "html", 0.05
    answers = await asyncio.gather(*(counted.tmdb.popular() for _ in range(5)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {UpstreamUnavailable}
    assert len(stand_in.asked) == 1
    stand_in.mode = "well"
    assert (await counted.tmdb.popular()).source == "tmdb"


async def test_answers_survive_a_restart_and_hold_no_key(stand_in: StandIn, tmp_path: Path) -> None:
    for expected in ("tmdb", "cache"):
        made = Counted(quick(stand_in), tmp_path / "tmdb")
        await made.tmdb.start()
        assert (await made.tmdb.details(603)).source == expected
        await made.tmdb.close()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "tmdb").iterdir())
    assert quick(stand_in).api_key.encode() not in kept


async def test_threads_ask_over_the_event_loop(counted: Counted) -> None:
    tmdb = counted.tmdb
    answer = await asyncio.to_thread(lambda: tmdb.wait_for(tmdb.details(603)))
    assert answer.value.movie.title == "The Matrix"
    with pytest.raises(NotFound):
        await asyncio.to_thread(lambda: tmdb.wait_for(tmdb.details(77)))


async def test_a_film_takes_little_of_the_cache(counted: Counted, stand_in: StandIn, tmp_path: Path) -> None:
    document = stand_in.document("/movie/603", {}) or {}
    document["credits"]["crew"] += [{"name": f"Extra {n}", "job": "Gaffer"} for n in range(2000)]
    stand_in.recorded["/movie/603"] = document
    first, again = [(await counted.tmdb.details(603)).value for _ in range(2)]
    assert first == again
    assert first.directors == ("Grace Example",)
    size = sum(path.stat().st_size for path in (tmp_path / "tmdb").iterdir())
    assert size < len(json.dumps(document)) + 40_000  # empty, a cache is as large as that


async def test_closing_breaks_off_what_is_under_way(stand_in: StandIn, tmp_path: Path) -> None:
    made = Counted(quick(stand_in, total_seconds=60.0), tmp_path / "tmdb")
    await made.tmdb.start()
    stand_in.mode = "black hole"
    waiting = asyncio.create_task(made.tmdb.popular())
    await asyncio.sleep(0.1)
    async with asyncio.timeout(2):
        await made.tmdb.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
