"""Requests to TMDb on behalf of a reader: which are made, what is stored, and what a failure leaves."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, cast

import pytest

from movierec import config, db, movies
from movierec.config import TmdbSettings
from movierec.errors import NotFound, Throttled, TmdbDisabled, UpstreamUnavailable
from movierec.movies import TmdbSync
from movierec.tmdb import LAST_PAGE, MoviePage, TmdbResponse, TmdbService, parse
from tests.films import NOW, movie_count, movie_id
from tests.tmdb import answers
from tests.tmdb.answers import HEAT, MATRIX, NEW, Known

pytestmark = pytest.mark.usefixtures("database")

HOUR = 3600
ADULT = Known(90_001, "Behind Closed Doors", "tt9990001", adult=True)
KNOWN = {movie.tmdb_id: movie for movie in (MATRIX, HEAT, *NEW, ADULT)}


class Tmdb:
    """A TMDb that answers at once from KNOWN; `failing` names methods that fail, `calls` those that were called."""

    def __init__(self, *failing: str) -> None:
        self.failing = set(failing)
        self.calls: list[tuple[object, ...]] = []
        self.source: Any = "cache"
        self.genre_names = answers.GENRES
        self.called, self.released = asyncio.Event(), asyncio.Event()
        self.released.set()

    async def _answer(self, value: Any, *call: object) -> TmdbResponse[Any]:
        self.calls.append(call)
        self.called.set()
        await self.released.wait()
        if call[0] in self.failing:
            raise UpstreamUnavailable()
        return TmdbResponse(value, self.source, True, NOW - 5)

    async def _page(self, *call: object) -> TmdbResponse[Any]:
        shown = tuple(parse.parse_movie(movie.listed()) for movie in (MATRIX, NEW[0], ADULT))
        return await self._answer(MoviePage(shown, 2, 3, 55), *call)

    async def trending(self, window: str, page: int) -> TmdbResponse[Any]:
        return await self._page("trending", window, page)

    async def search(self, title: str, *, year: int | None, adult: bool) -> TmdbResponse[Any]:
        return await self._page("search", title, year, adult)

    async def genres(self) -> TmdbResponse[Any]:
        return await self._answer(self.genre_names, "genres")

    async def find_by_imdb(self, imdb_id: str) -> TmdbResponse[Any]:
        movie = next(one for one in KNOWN.values() if one.imdb_id == imdb_id)
        return await self._answer(parse.parse_movie(movie.listed()), "find", imdb_id)

    async def details(self, tmdb_id: int) -> TmdbResponse[Any]:
        return await self._answer(parse.parse_details(KNOWN[tmdb_id].details()), "details", tmdb_id)


async def here(work: Callable[..., Any], *args: Any) -> Any:
    """Run work in a database thread."""

    def run() -> Any:
        try:
            return work(*args)
        finally:
            db.close()

    return await asyncio.to_thread(run)


def sync_with(tmdb: Tmdb | None, **settings: Any) -> TmdbSync:
    return TmdbSync(
        cast(TmdbService, tmdb), TmdbSettings(page_seconds=60, list_seconds=60, **settings), lambda: NOW + 0.5,
        read=here, write=here,
    )  # fmt: skip


async def allow() -> None:
    """Allow every request."""


async def refuse() -> None:
    """Refuse every request."""
    raise Throttled()


async def titles(ids: Iterable[int]) -> list[str]:
    return [(await here(movies.detail, each)).summary.title for each in ids]


async def test_list_is_stored_and_returned_with_the_ids_of_the_catalogue() -> None:
    tmdb = Tmdb()
    page = await sync_with(tmdb).trending("week", 2)
    assert page is not None
    assert await titles(page.ids) == ["The Matrix", NEW[0].title], "adult movies are left out"
    assert page.ids[0] == await here(movie_id, "tt0133093")
    assert (page.page, page.total_pages, page.total_results) == (2, 3, 55)
    assert (page.source, page.stale, page.fetched_at) == ("cache", True, NOW - 5)
    assert ("trending", "week", 2) in tmdb.calls
    facts = (await here(movies.detail, page.ids[1])).facts
    assert (facts["created_at"], facts["updated_at"]) == (NOW, NOW)


@pytest.mark.parametrize("name", ["popular", "top_rated"])
async def test_other_lists_are_fetched_by_their_own_request(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(tmdb: Tmdb, page: int) -> TmdbResponse[Any]:
        return await tmdb._page(name, page)

    monkeypatch.setattr(TmdbService, name, answer)
    tmdb = Tmdb()
    page = await getattr(sync_with(tmdb), name)(1)
    assert len(page.ids) == 2
    assert (name, 1) in tmdb.calls


async def test_page_after_the_last_is_empty_with_the_totals_of_the_last() -> None:
    tmdb = Tmdb()
    sync = sync_with(tmdb)
    last = await sync.trending("day", LAST_PAGE)
    beyond = await sync.trending("day", LAST_PAGE + 7)
    assert last is not None
    assert len(last.ids) == 2
    assert beyond == dataclasses.replace(last, ids=[], page=LAST_PAGE + 7)
    assert [call for call in tmdb.calls if call[0] == "trending"] == [("trending", "day", LAST_PAGE)] * 2
    assert await sync_with(Tmdb("trending")).trending("day", LAST_PAGE + 7) is None


async def test_search_strips_a_year_and_includes_adult_movies_only_on_request() -> None:
    tmdb = Tmdb()
    page = await sync_with(tmdb).search("matrix 1999", year=None, adult=False)
    assert page is not None
    assert len(page.ids) == 2
    everything = await sync_with(tmdb).search("matrix", year=1999, adult=True)
    assert everything is not None
    assert await titles(everything.ids) == ["The Matrix", NEW[0].title, ADULT.title]
    searches = [call for call in tmdb.calls if call[0] == "search"]
    assert searches == [("search", "matrix", None, False), ("search", "matrix", 1999, True)]


async def test_without_tmdb_nothing_is_fetched() -> None:
    sync = sync_with(None)
    matrix = await here(movie_id, "tt0133093")
    assert not sync.is_on
    assert await sync.trending("day", 1) is None
    assert await sync.popular(1) is None
    assert await sync.search("matrix", year=None, adult=False) is None
    assert not await sync.fetch_missing_details(matrix, allow)
    assert await sync.by_imdb_id("tt0133093", allow) == (matrix, False)
    with pytest.raises(NotFound):
        await sync.by_tmdb_id(MATRIX.tmdb_id, allow)
    with pytest.raises(TmdbDisabled):
        await sync.sync_genres()
    assert sync_with(Tmdb()).is_on


async def test_failing_tmdb_leaves_the_catalogue_as_it_is() -> None:
    before, matrix = await here(movie_count), await here(movie_id, "tt0133093")
    sync = sync_with(Tmdb("trending", "search", "details", "find"))
    assert await sync.trending("day", 1) is None
    assert await sync.search("matrix", year=None, adult=False) is None
    assert not await sync.fetch_missing_details(matrix, allow)
    assert await sync.by_imdb_id("tt0133093", allow) == (matrix, False)
    with pytest.raises(UpstreamUnavailable):
        await sync.by_tmdb_id(NEW[0].tmdb_id, allow)
    assert await here(movie_count) == before


async def test_movies_are_stored_without_genres_where_these_fail() -> None:
    page = await sync_with(Tmdb("genres")).trending("day", 1)
    assert page is not None
    assert (await here(movies.detail, page.ids[1])).summary.genres == []
    page = await sync_with(Tmdb()).trending("day", 1)
    assert page is not None
    assert (await here(movies.detail, page.ids[1])).summary.genres != []


@pytest.mark.parametrize(("source", "is_stored"), [("tmdb", True), ("cache", False)])
async def test_genres_just_fetched_are_stored_with_a_list(source: str, is_stored: bool) -> None:
    tmdb = Tmdb()
    tmdb.source, tmdb.genre_names = source, {**answers.GENRES, 99_999: "Newly Invented"}
    page = await sync_with(tmdb).trending("day", 1)
    assert page is not None
    assert page.source == source
    count = await here(db.value, "SELECT COUNT(*) FROM genres WHERE name = 'Newly Invented'")
    assert count == is_stored


async def test_genres_are_synced_on_request() -> None:
    tmdb = Tmdb()
    tmdb.genre_names = {878: "science fiction", 18: "Drama", 99_999: "Newly Invented"}
    assert await sync_with(tmdb).sync_genres() == (1, 2)


async def test_list_without_news_is_not_written() -> None:
    sync = sync_with(Tmdb())
    first = await sync.trending("day", 1)
    revision = await here(db.revision, "catalogue")
    assert await sync.trending("day", 1) == first
    assert await here(db.revision, "catalogue") == revision


async def test_missing_details_are_fetched_by_imdb_id_and_then_kept_while_fresh() -> None:
    tmdb = Tmdb()
    sync, matrix = sync_with(tmdb), await here(movie_id, "tt0133093")
    assert await sync.fetch_missing_details(matrix, allow)
    assert tmdb.calls == [("find", "tt0133093"), ("details", MATRIX.tmdb_id)]
    assert (await here(movies.detail, matrix)).facts["tagline"] == "Nothing is what it seems."
    assert await here(db.value, "SELECT details_at FROM movies WHERE id = ?", matrix) == NOW - 5
    assert not await sync.fetch_missing_details(matrix, allow)
    assert len(tmdb.calls) == 2


async def test_details_are_fetched_again_when_they_are_stale() -> None:
    tmdb = Tmdb()
    sync, matrix = sync_with(tmdb, details_hours=24.0), await here(movie_id, "tt0133093")
    await sync.fetch_missing_details(matrix, allow)
    tmdb.calls.clear()
    for age, is_fetched in ((24 * HOUR - 1, False), (24 * HOUR, True)):
        await here(db.execute, "UPDATE movies SET details_at = ? WHERE id = ?", NOW - age, matrix)
        assert sync.is_stale(NOW - age) is is_fetched
        assert await sync.fetch_missing_details(matrix, allow) is is_fetched
    assert tmdb.calls == [("details", MATRIX.tmdb_id)], "the TMDb id is known by now"


async def test_details_are_not_fetched_for_movies_without_ids_or_beyond_the_limit() -> None:
    tmdb = Tmdb()
    sync, matrix = sync_with(tmdb), await here(movie_id, "tt0133093")
    [home_video] = await here(movies.upsert, [movies.MovieRecord("Home Video", "staff")], NOW)
    assert not await sync.fetch_missing_details(home_video, allow)
    assert not await sync.fetch_missing_details(10**9, allow)
    assert not await sync.fetch_missing_details(matrix, refuse)
    assert await sync.by_imdb_id("tt0133093", refuse) == (matrix, False)
    with pytest.raises(Throttled):
        await sync.by_tmdb_id(NEW[0].tmdb_id, refuse)
    assert tmdb.calls == []


async def test_details_of_a_merged_movie_are_fetched_for_the_survivor() -> None:
    tmdb = Tmdb()
    matrix, heat = await here(movie_id, "tt0133093"), await here(movie_id, "tt0113277")
    await here(movies.merge_movies, heat, matrix, NOW)
    assert await sync_with(tmdb).fetch_missing_details(heat, allow)
    assert ("details", MATRIX.tmdb_id) in tmdb.calls


async def test_movie_is_fetched_by_its_external_id_once() -> None:
    tmdb, new = Tmdb(), NEW[0]
    sync = sync_with(tmdb)
    stored, is_new = await sync.by_tmdb_id(new.tmdb_id, allow)
    assert (await titles([stored]), is_new) == ([new.title], True)
    assert await sync.by_tmdb_id(new.tmdb_id, allow) == (stored, False)
    assert tmdb.calls == [("details", new.tmdb_id)]
    adult, is_new = await sync.by_imdb_id(ADULT.imdb_id or "", allow)
    assert (await titles([adult]), is_new) == ([ADULT.title], True)
    matrix = await here(movie_id, "tt0133093")
    assert await sync.by_imdb_id("tt0133093", allow) == (matrix, True), "stored, and its details were missing"


async def test_slow_response_is_not_waited_for_but_stored() -> None:
    tmdb = Tmdb()
    tmdb.released.clear()
    sync = TmdbSync(
        cast(TmdbService, tmdb), config.TmdbSettings(page_seconds=0, list_seconds=0), lambda: NOW,
        read=here, write=here,
    )  # fmt: skip
    matrix = await here(movie_id, "tt0133093")
    assert await sync.trending("day", 1) is None
    assert not await sync.fetch_missing_details(matrix, allow)
    tmdb.released.set()
    for task in list(sync._flights._tasks.values()):
        await task
    assert (await here(movies.detail, matrix)).facts["tagline"] == "Nothing is what it seems."
    assert await here(movies.by_tmdb_id, NEW[0].tmdb_id)


async def test_closing_cancels_fetches_that_run() -> None:
    tmdb = Tmdb()
    tmdb.released.clear()
    sync = sync_with(tmdb)
    request = asyncio.create_task(sync.by_tmdb_id(NEW[0].tmdb_id, allow))
    await tmdb.called.wait()
    await sync.close()
    with pytest.raises(asyncio.CancelledError):
        await request
    with pytest.raises(NotFound):
        await here(movies.by_tmdb_id, NEW[0].tmdb_id)
