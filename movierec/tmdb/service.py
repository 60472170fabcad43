"""TMDb with its cache: one request per lifetime of a response, older responses while TMDb is away."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from movierec import config
from movierec.durations import HOUR_SECONDS, MINUTE_SECONDS, age_seconds
from movierec.errors import NotFound, UpstreamUnavailable
from movierec.tmdb import parse
from movierec.tmdb.cache import CacheEntry, ResponseCache
from movierec.tmdb.client import CallResult, TmdbClient
from movierec.tmdb.images import image_kind
from movierec.tmdb.parse import (
    BadResponse,
    ChangesPage,
    Document,
    ImageConfiguration,
    MovieDetails,
    MoviePage,
    TmdbMovie,
)
from movierec.tmdb.single_flight import SingleFlight

Value = TypeVar("Value")

ATTRIBUTION = "This product uses the TMDB API but is not endorsed or certified by TMDB."

State = Literal["not asked yet", "ok", "key refused", "throttled", "does not answer"]


@dataclass(frozen=True)
class TmdbResponse(Generic[Value]):
    """A response of TMDb; `stale` if it is too old but TMDb does not answer. `fetched_at`: epoch seconds."""

    value: Value
    source: Literal["tmdb", "cache"]
    stale: bool
    fetched_at: int


@dataclass(frozen=True)
class _Query(Generic[Value]):
    """A request. `seconds` is the lifetime of the response, 0 for no caching. `trim` drops unused fields."""

    path: str
    query: Mapping[str, str]
    seconds: float
    read: Callable[[Document], Value]
    trim: Callable[[Document], Document] = lambda document: document

    @property
    def key(self) -> str:
        return self.path + "?" + "&".join(f"{name}={value}" for name, value in sorted(self.query.items()))


class TmdbService:
    """One per process. `start` and `close` it on its event loop; other threads use `wait_for`.

    Every method raises UpstreamUnavailable if neither TMDb nor the cache answers. `clock` returns UTC epoch
    seconds; `count` is called with the result of each request.
    """

    def __init__(
        self,
        settings: config.TmdbSettings,
        folder: Path,
        clock: Callable[[], float],
        count: Callable[[CallResult], None] = lambda result: None,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._client = TmdbClient(settings, count)
        self._cache = ResponseCache(folder, megabytes=settings.cache_megabytes, keep_days=settings.keep_days)
        self._single_flight = SingleFlight()
        # One thread, and so one connection; a call takes a fraction of a millisecond.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tmdb-cache")
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Open cache and client."""
        self._loop = asyncio.get_running_loop()
        await self._in_thread(self._cache.open)
        await self._client.start()

    async def close(self) -> None:
        """Cancel the requests in progress; close client and cache."""
        await self._single_flight.close()
        await self._client.close()
        await self._in_thread(self._cache.close)
        self._thread.shutdown()

    @property
    def state(self) -> State:
        """Return the state of TMDb after the last request."""
        result = self._client.last_result
        if result is None:
            return "not asked yet"
        states: dict[CallResult, State] = {
            CallResult.OK: "ok",
            CallResult.KEY_REFUSED: "key refused",
            CallResult.THROTTLED: "throttled",
        }
        return states.get(result, "does not answer")

    def wait_for(self, call: Coroutine[Any, Any, Value]) -> Value:
        """Run a call on the event loop and block this thread until its result.

        tmdb.wait_for(tmdb.details(603))
        """
        assert self._loop is not None, "not started"
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()

    # Lists

    async def trending(self, window: Literal["day", "week"], page: int = 1) -> TmdbResponse[MoviePage]:
        """Return a page of the movies trending this day or week."""
        return await self._list(f"/trending/movie/{window}", page, self._settings.trending_hours)

    async def popular(self, page: int = 1) -> TmdbResponse[MoviePage]:
        """Return a page of the most popular movies."""
        return await self._list("/movie/popular", page, self._settings.lists_hours)

    async def top_rated(self, page: int = 1) -> TmdbResponse[MoviePage]:
        """Return a page of the best rated movies."""
        return await self._list("/movie/top_rated", page, self._settings.lists_hours)

    async def search(
        self, text: str, page: int = 1, *, year: int | None = None, adult: bool = False
    ) -> TmdbResponse[MoviePage]:
        """Search movies by title; case and spacing make no difference."""
        query = {"query": " ".join(text.casefold().split()), "include_adult": "true" if adult else "false"}
        if year is not None:
            query["primary_release_year"] = str(year)
        return await self._list("/search/movie", page, self._settings.search_hours, query)

    async def _list(
        self, path: str, page: int, hours: float, query: Mapping[str, str] | None = None
    ) -> TmdbResponse[MoviePage]:
        """Return a page of a list. Raises ValueError beyond the last page that TMDb answers."""
        if not 1 <= page <= parse.LAST_PAGE:
            raise ValueError("no such page")
        query = {**(query or {}), "page": str(page)}
        return await self._answer(_Query(path, query, hours * HOUR_SECONDS, parse.parse_movie_page))

    # Single movies

    async def details(self, tmdb_id: int, *, refetch: bool = False) -> TmdbResponse[MovieDetails]:
        """Return the details of a movie; `refetch` ignores the cache. Raises NotFound."""
        query = {"append_to_response": "credits,keywords,release_dates"}
        seconds = self._settings.details_hours * HOUR_SECONDS
        request = _Query(
            f"/movie/{int(tmdb_id)}", query, seconds, parse.parse_details, trim=parse.trim_details
        )
        return await self._answer(request, refetch=refetch)

    async def find_by_imdb(self, imdb_id: str) -> TmdbResponse[TmdbMovie]:
        """Return the movie of an IMDb id, with the fields of a list. Raises NotFound."""
        if not re.fullmatch(r"tt\d{7,10}", imdb_id):
            raise NotFound("This is not an IMDb id: those look like tt0133093.")
        request = _Query(
            f"/find/{imdb_id}",
            {"external_source": "imdb_id"},
            self._settings.details_hours * HOUR_SECONDS,
            _found_movie,
        )
        return await self._answer(request)

    # Other requests

    async def genres(self) -> TmdbResponse[dict[int, str]]:
        """Return the names of genres by TMDb's ids."""
        seconds = self._settings.genres_hours * HOUR_SECONDS
        return await self._answer(_Query("/genre/movie/list", {}, seconds, parse.parse_genres))

    async def configuration(self) -> TmdbResponse[ImageConfiguration]:
        """Return the addresses and sizes of images."""
        seconds = self._settings.genres_hours * HOUR_SECONDS
        return await self._answer(_Query("/configuration", {}, seconds, parse.parse_images))

    async def changes(self, since: date, until: date, page: int = 1) -> TmdbResponse[ChangesPage]:
        """Return the ids of the movies changed between two days, at most 14 apart. Never cached."""
        query = {"start_date": since.isoformat(), "end_date": until.isoformat(), "page": str(int(page))}
        return await self._answer(_Query("/movie/changes", query, 0, parse.parse_changes))

    async def image(self, path: str, size: str) -> bytes:
        """Return a poster or backdrop: the path of a movie's image, a size of `configuration`. Raises NotFound."""
        if not (parse.is_image_path(path) and parse.is_size(size)):
            raise NotFound("TMDb has no such image.")
        key = f"image {size}{path}"
        # The image of a path never changes.
        if (entry := await self._load(key)) and (cached := _image_of(entry)) is not None:
            return cached
        return await asyncio.shield(self._single_flight.join(key, lambda: self._fetch_image(key, path, size)))

    async def _fetch_image(self, key: str, path: str, size: str) -> bytes:
        content = await self._client.get_image(size, path)
        await self._store(key, base64.b64encode(content).decode())
        return content

    async def delete_expired(self) -> None:
        """Delete expired responses from the cache."""
        await self._in_thread(self._cache.delete_expired)

    # Cache and fetch

    async def _answer(self, request: _Query[Value], *, refetch: bool = False) -> TmdbResponse[Value]:
        """Return a fresh response from the cache, else from TMDb, else a stale one from the cache."""
        cached = await self._cached(request)
        if isinstance(cached, NotFound):
            raise cached
        if cached is not None and not cached.stale and not refetch:
            return cached
        fetching = self._single_flight.join(request.key, lambda: self._fetch(request))
        try:
            async with asyncio.timeout(self._settings.page_seconds if cached is not None else None):
                return await asyncio.shield(fetching)
        except (UpstreamUnavailable, TimeoutError):
            if cached is None:
                raise
            return cached

    async def _cached(self, request: _Query[Value]) -> TmdbResponse[Value] | NotFound | None:
        """Return the cached response, marked if stale; NotFound if TMDb recently answered that."""
        return await self._in_thread(lambda: self._read_cached(request, int(self._clock())))

    def _read_cached(self, request: _Query[Value], now: int) -> TmdbResponse[Value] | NotFound | None:
        entry = self._cache.load(request.key, now)
        if entry is None:
            return None
        age = age_seconds(entry.fetched_at, now)
        if entry.document is None:
            is_fresh = age < self._settings.misses_minutes * MINUTE_SECONDS
            return _not_found() if is_fresh else None
        try:
            value = request.read(entry.document)
        except (BadResponse, NotFound, AttributeError):
            return None
        return TmdbResponse(value, "cache", stale=age >= request.seconds, fetched_at=entry.fetched_at)

    async def _fetch(self, request: _Query[Value]) -> TmdbResponse[Value]:
        """Fetch from TMDb, and cache a valid response."""

        def parse_document(document: Document) -> tuple[Document, Value]:
            trimmed = request.trim(document)
            return trimmed, request.read(trimmed)

        try:
            document, value = await self._client.get_json(request.path, request.query, parse_document)
        except NotFound:
            await self._store(request.key, None)
            raise
        if request.seconds:
            await self._store(request.key, document)
        return TmdbResponse(value, "tmdb", stale=False, fetched_at=int(self._clock()))

    async def _load(self, key: str) -> CacheEntry | None:
        return await self._in_thread(lambda: self._cache.load(key, int(self._clock())))

    async def _store(self, key: str, document: object) -> None:
        entry = CacheEntry(document, int(self._clock()))
        await self._in_thread(lambda: self._cache.store(key, entry))

    async def _in_thread(self, work: Callable[[], Value]) -> Value:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _not_found() -> NotFound:
    return NotFound("TMDb has nothing under that id.")


def _found_movie(document: Document) -> TmdbMovie:
    movie = parse.parse_found_movie(document)
    if movie is None:
        raise _not_found()
    return movie


def _image_of(entry: CacheEntry) -> bytes | None:
    """Return the image of an entry; None for anything else, which is then fetched again."""
    try:
        content = base64.b64decode(entry.document, validate=True)
        image_kind(content)
    except (TypeError, ValueError, binascii.Error, BadResponse):
        return None
    return content
