"""What movierec asks of TMDb: each thing once a lifetime, whoever asks; older answers while TMDb is away."""

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
from movierec.errors import NotFound, UpstreamUnavailable
from movierec.tmdb import parse
from movierec.tmdb.cache import CacheEntry, ResponseCache
from movierec.tmdb.client import CallResult, TmdbClient
from movierec.tmdb.flights import SingleFlight
from movierec.tmdb.images import image_kind
from movierec.tmdb.parse import (
    BadResponse,
    ChangesPage,
    ImageConfiguration,
    MovieDetails,
    MoviePage,
    TmdbMovie,
)

Value = TypeVar("Value")

HOUR_SECONDS, MINUTE_SECONDS = 3600, 60
ATTRIBUTION = "This product uses the TMDB API but is not endorsed or certified by TMDB."

State = Literal["not asked yet", "ok", "key refused", "throttled", "does not answer"]


@dataclass(frozen=True)
class TmdbResponse(Generic[Value]):
    """What TMDb says; `stale`: it would say something newer, but does not answer. `fetched_at`: epoch seconds."""

    value: Value
    source: Literal["tmdb", "cache"]
    stale: bool
    fetched_at: int


@dataclass(frozen=True)
class _Question(Generic[Value]):
    """`seconds`: how long the answer is good; 0 does not keep it. `trim` leaves out what nobody reads."""

    path: str
    query: Mapping[str, str]
    seconds: float
    read: Callable[[Any], Value]
    trim: Callable[[Any], Any] = lambda document: document

    @property
    def key(self) -> str:
        return self.path + "?" + "&".join(f"{name}={value}" for name, value in sorted(self.query.items()))


class TmdbService:
    """One for a process. `start` and `close` it on its event loop; `wait_for` reaches it from other threads.

    Every method raises UpstreamUnavailable where neither TMDb nor the cache answers. `clock` gives UTC epoch
    seconds; `count` is told what came of each request.
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
        self._flights = SingleFlight()
        # One thread, and so one connection; what it does takes a fraction of a millisecond.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tmdb-cache")
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._in_thread(self._cache.open)
        await self._client.start()

    async def close(self) -> None:
        await self._flights.close()
        await self._client.close()
        await self._in_thread(self._cache.close)
        self._thread.shutdown()

    @property
    def state(self) -> State:
        """How TMDb was when it was last asked."""
        result = self._client.last_result
        if result is None:
            return "not asked yet"
        states: dict[CallResult, State] = {
            CallResult.OK: "ok",
            CallResult.KEY_REFUSED: "key refused",
            CallResult.THROTTLED: "throttled",
        }
        return states.get(result, "does not answer")

    def wait_for(self, asking: Coroutine[Any, Any, Value]) -> Value:
        """From a thread: have the event loop ask, and block until there is the answer.

        tmdb.wait_for(tmdb.details(603))
        """
        assert self._loop is not None, "not started"
        return asyncio.run_coroutine_threadsafe(asking, self._loop).result()

    # Lists

    async def trending(self, window: Literal["day", "week"], page: int = 1) -> TmdbResponse[MoviePage]:
        return await self._list(f"/trending/movie/{window}", page, self._settings.trending_hours)

    async def popular(self, page: int = 1) -> TmdbResponse[MoviePage]:
        return await self._list("/movie/popular", page, self._settings.lists_hours)

    async def top_rated(self, page: int = 1) -> TmdbResponse[MoviePage]:
        return await self._list("/movie/top_rated", page, self._settings.lists_hours)

    async def search(
        self, text: str, page: int = 1, *, year: int | None = None, adult: bool = False
    ) -> TmdbResponse[MoviePage]:
        """Films by title; case and spaces make no other search."""
        query = {"query": " ".join(text.casefold().split()), "include_adult": "true" if adult else "false"}
        if year is not None:
            query["primary_release_year"] = str(year)
        return await self._list("/search/movie", page, self._settings.search_hours, query)

    async def _list(
        self, path: str, page: int, hours: float, query: Mapping[str, str] | None = None
    ) -> TmdbResponse[MoviePage]:
        """Raises ValueError beyond the last page that TMDb answers."""
        if not 1 <= page <= parse.LAST_PAGE:
            raise ValueError("no such page")
        query = {**(query or {}), "page": str(page)}
        return await self._answer(_Question(path, query, hours * HOUR_SECONDS, parse.parse_movie_page))

    # Single films

    async def details(self, tmdb_id: int, *, anew: bool = False) -> TmdbResponse[MovieDetails]:
        """All of a film; `anew` whatever the cache has. Raises NotFound."""
        query = {"append_to_response": "credits,keywords,release_dates"}
        seconds = self._settings.details_hours * HOUR_SECONDS
        question = _Question(
            f"/movie/{int(tmdb_id)}", query, seconds, parse.parse_details, trim=parse.trim_details
        )
        return await self._answer(question, anew=anew)

    async def find_by_imdb(self, imdb_id: str) -> TmdbResponse[TmdbMovie]:
        """The film that IMDb calls so, as lists tell it. Raises NotFound."""
        if not re.fullmatch(r"tt\d{7,10}", imdb_id):
            raise NotFound("IMDb has no such ids: they look like tt0133093.")
        question = _Question(
            f"/find/{imdb_id}",
            {"external_source": "imdb_id"},
            self._settings.details_hours * HOUR_SECONDS,
            _found_film,
        )
        return await self._answer(question)

    # The rest

    async def genres(self) -> TmdbResponse[dict[int, str]]:
        """Names of genres by TMDb's ids."""
        seconds = self._settings.genres_hours * HOUR_SECONDS
        return await self._answer(_Question("/genre/movie/list", {}, seconds, parse.parse_genres))

    async def configuration(self) -> TmdbResponse[ImageConfiguration]:
        """Where images are, and in which sizes."""
        seconds = self._settings.genres_hours * HOUR_SECONDS
        return await self._answer(_Question("/configuration", {}, seconds, parse.parse_images))

    async def changes(self, since: date, until: date, page: int = 1) -> TmdbResponse[ChangesPage]:
        """Ids of the films changed between two days, at most 14 apart. Always asked anew."""
        query = {"start_date": since.isoformat(), "end_date": until.isoformat(), "page": str(int(page))}
        return await self._answer(_Question("/movie/changes", query, 0, parse.parse_changes))

    async def image(self, path: str, size: str) -> bytes:
        """A poster or backdrop: a path as films have it, a size of `configuration`. Raises NotFound."""
        if not (parse.is_image_path(path) and parse.is_size(size)):
            raise NotFound("TMDb has no such image.")
        key = f"image {size}{path}"
        # The same path is never another image.
        if (entry := await self._load(key)) and (kept := _image_of(entry)) is not None:
            return kept
        return await asyncio.shield(self._flights.join(key, lambda: self._fetch_image(key, path, size)))

    async def _fetch_image(self, key: str, path: str, size: str) -> bytes:
        content = await self._client.get_image(size, path)
        await self._keep(key, base64.b64encode(content).decode())
        return content

    async def delete_expired(self) -> None:
        """Forget answers that have been kept for too long."""
        await self._in_thread(self._cache.delete_expired)

    # Asking

    async def _answer(self, question: _Question[Value], *, anew: bool = False) -> TmdbResponse[Value]:
        """From the cache while it is good, else from TMDb, else from the cache all the same."""
        kept = await self._kept(question)
        if isinstance(kept, NotFound):
            raise kept
        if kept is not None and not kept.stale and not anew:
            return kept
        fetching = self._flights.join(question.key, lambda: self._fetch(question))
        try:
            async with asyncio.timeout(self._settings.page_seconds if kept is not None else None):
                return await asyncio.shield(fetching)
        except (UpstreamUnavailable, TimeoutError):
            if kept is None:
                raise
            return kept

    async def _kept(self, question: _Question[Value]) -> TmdbResponse[Value] | NotFound | None:
        """What the cache says, marked where it is too old; NotFound where TMDb lately did not know."""
        return await self._in_thread(lambda: self._read_kept(question, int(self._clock())))

    def _read_kept(self, question: _Question[Value], now: int) -> TmdbResponse[Value] | NotFound | None:
        entry = self._cache.load(question.key, now)
        if entry is None:
            return None
        age = now - entry.fetched_at
        if entry.document is None:
            is_good = age < self._settings.misses_minutes * MINUTE_SECONDS
            return _unknown() if is_good else None
        try:
            value = question.read(entry.document)
        except (BadResponse, NotFound, AttributeError):
            return None
        return TmdbResponse(value, "cache", stale=age >= question.seconds, fetched_at=entry.fetched_at)

    async def _fetch(self, question: _Question[Value]) -> TmdbResponse[Value]:
        """Ask TMDb, and keep what it says if it makes sense."""

        def understand(document: Any) -> tuple[Any, Value]:
            trimmed = question.trim(document)
            return trimmed, question.read(trimmed)

        try:
            document, value = await self._client.get_json(question.path, question.query, understand)
        except NotFound:
            await self._keep(question.key, None)
            raise
        if question.seconds:
            await self._keep(question.key, document)
        return TmdbResponse(value, "tmdb", stale=False, fetched_at=int(self._clock()))

    async def _load(self, key: str) -> CacheEntry | None:
        return await self._in_thread(lambda: self._cache.load(key, int(self._clock())))

    async def _keep(self, key: str, document: Any) -> None:
        entry = CacheEntry(document, int(self._clock()))
        await self._in_thread(lambda: self._cache.store(key, entry))

    async def _in_thread(self, work: Callable[[], Value]) -> Value:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _unknown() -> NotFound:
    return NotFound("TMDb knows nothing by that id.")


def _found_film(document: Any) -> TmdbMovie:
    film = parse.parse_found_movie(document)
    if film is None:
        raise _unknown()
    return film


def _image_of(entry: CacheEntry) -> bytes | None:
    """None for what is no image, which is asked for anew."""
    try:
        content = base64.b64decode(entry.document, validate=True)
        image_kind(content)
    except (TypeError, ValueError, binascii.Error, BadResponse):
        return None
    return content
