"""Import of TMDb's responses into the catalogue on request, so that every movie shown has an id here.

A caller waits for TMDb no longer than the settings allow; a later response is stored all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from movierec import config, db
from movierec.durations import HOUR_SECONDS, age_seconds
from movierec.errors import MovierecError, NotFound, Throttled, TmdbDisabled
from movierec.movies.external_ids import ExternalId
from movierec.movies.genres import sync_genres
from movierec.movies.ingest.link_by_title import link_by_title
from movierec.movies.ingest.merge import current_id
from movierec.movies.ingest.tmdb_mapping import record_from_details, record_from_list_item
from movierec.movies.ingest.upsert import ids_if_unchanged, upsert
from movierec.movies.movie_record import MovieRecord
from movierec.movies.queries import by_imdb_id, by_tmdb_id
from movierec.movies.search_ranking import without_year
from movierec.tmdb import LAST_PAGE, MoviePage, SingleFlight, TmdbResponse, TmdbService

Value = TypeVar("Value")
RunInThread = Callable[..., Awaitable[Any]]
Fetch = Callable[[], Coroutine[Any, Any, Value]]
# Awaited before a request to TMDb; may raise Throttled.
BeforeFetch = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class TmdbListPage:
    """A page of a list of TMDb; `ids` are those of the catalogue. `fetched_at`: UTC epoch seconds."""

    ids: list[int]
    page: int
    total_pages: int
    total_results: int
    source: Literal["tmdb", "cache"]
    stale: bool
    fetched_at: int


class TmdbSync:
    """Fetch lists and details from TMDb and store them.

    `read` and `write` run work in the database threads. Without `tmdb` every method behaves as if TMDb were
    unavailable.
    """

    def __init__(
        self,
        tmdb: TmdbService | None,
        settings: config.TmdbSettings,
        clock: Callable[[], float],
        *,
        read: RunInThread,
        write: RunInThread,
    ) -> None:
        self._tmdb, self._settings, self._clock = tmdb, settings, clock
        self._read, self._write = read, write
        self._flights = SingleFlight()

    async def close(self) -> None:
        """Cancel fetches that are still running."""
        await self._flights.close()

    @property
    def is_on(self) -> bool:
        return self._tmdb is not None

    @property
    def _now(self) -> int:
        return int(self._clock())

    # Lists: None where TMDb is off, fails or takes too long.

    async def trending(self, window: Literal["day", "week"], page: int) -> TmdbListPage | None:
        return await self._list(f"trending {window}", page, lambda tmdb, page: tmdb.trending(window, page))

    async def popular(self, page: int) -> TmdbListPage | None:
        return await self._list("popular", page, TmdbService.popular)

    async def top_rated(self, page: int) -> TmdbListPage | None:
        return await self._list("top rated", page, TmdbService.top_rated)

    async def search(self, text: str, *, year: int | None, adult: bool) -> TmdbListPage | None:
        """Return TMDb's first results, to be merged with those of the catalogue.

        A year at the end of the text is stripped: TMDb would look for it in titles, while the ranking here
        interprets it.
        """
        if (tmdb := self._tmdb) is None:
            return None
        title = without_year(text)
        return await self._within(
            self._settings.page_seconds,
            f"search {year} {adult} {title}",
            lambda: self._import_page(tmdb.search(title, year=year, adult=adult), adult=adult),
        )

    async def _list(
        self,
        name: str,
        page: int,
        fetch: Callable[[TmdbService, int], Awaitable[TmdbResponse[MoviePage]]],
    ) -> TmdbListPage | None:
        if (tmdb := self._tmdb) is None:
            return None
        last = min(page, LAST_PAGE)
        imported = await self._within(
            self._settings.list_seconds, f"{name} {last}", lambda: self._import_page(fetch(tmdb, last))
        )
        if imported is not None and page > LAST_PAGE:
            return dataclasses.replace(imported, ids=[], page=page)
        return imported

    async def _import_page(
        self, fetching: Awaitable[TmdbResponse[MoviePage]], *, adult: bool = False
    ) -> TmdbListPage:
        """Store the movies of a page and return their ids. Adult ones only where `adult` is set."""
        response, genres = await asyncio.gather(fetching, self._genre_names())
        page = response.value
        records = [record_from_list_item(movie, genres) for movie in page.movies if adult or not movie.adult]
        return TmdbListPage(
            await self._upsert_if_changed(records),
            page.page,
            page.total_pages,
            page.total_results,
            response.source,
            response.stale,
            response.fetched_at,
        )

    async def _genre_names(self) -> Mapping[int, str]:
        assert self._tmdb is not None
        try:
            response = await self._tmdb.genres()
        except MovierecError:
            return {}  # the movies are worth storing without genres
        if response.source == "tmdb":  # once a week; the other times it is cached
            with contextlib.suppress(MovierecError):
                await self._write(sync_genres, response.value)
        return response.value

    async def _upsert_if_changed(self, records: Sequence[MovieRecord]) -> list[int]:
        """Return the ids of the movies; without a write transaction where nothing is new."""
        records = await self._read(link_by_title, records)
        ids: list[int] | None = await self._read(ids_if_unchanged, records)
        return await self._write(upsert, records, self._now) if ids is None else ids

    # Single movies

    async def fetch_missing_details(self, movie_id: int, before_fetch: BeforeFetch) -> bool:
        """Fetch and store details that are missing or stale; return the success.

        Where `before_fetch` raises Throttled, or TMDb fails, the stored facts remain. Raises nothing.
        """
        if self._tmdb is None:
            return False
        lookup = await self._read(_lookup, movie_id)
        if lookup is None or not (lookup.tmdb_id or lookup.imdb_id):
            return False
        if lookup.details_at is not None and not self.is_stale(lookup.details_at):
            return False
        try:
            await before_fetch()
        except Throttled:
            return False
        fetched_id = await self._within(
            self._settings.page_seconds, f"movie {movie_id}", lambda: self._import_by_lookup(lookup)
        )
        return fetched_id is not None

    def is_stale(self, details_at: int) -> bool:
        """Return True if details of that time must be fetched again."""
        return age_seconds(details_at, self._now) >= self._settings.details_hours * HOUR_SECONDS

    async def _import_by_lookup(self, lookup: _Lookup) -> int:
        assert self._tmdb is not None
        if lookup.tmdb_id:
            return await self._import_details(lookup.tmdb_id)
        assert lookup.imdb_id is not None
        return await self._import_details((await self._tmdb.find_by_imdb(lookup.imdb_id)).value.tmdb_id)

    async def by_tmdb_id(self, tmdb_id: int, before_fetch: BeforeFetch) -> tuple[int, bool]:
        """Return the movie with this TMDb id, fetched if it is not stored, and True if it was fetched just now.

        A stored movie is returned even where `before_fetch` raises Throttled. Raises NotFound, or
        UpstreamUnavailable where the movie is not stored and TMDb does not answer.
        """
        return await self._by_external_id(
            by_tmdb_id, tmdb_id, before_fetch, lambda: self._import_details(tmdb_id)
        )

    async def by_imdb_id(self, imdb_id: str, before_fetch: BeforeFetch) -> tuple[int, bool]:
        """Return the movie with this IMDb id, as `by_tmdb_id` does."""
        lookup = _Lookup(None, imdb_id, None)
        return await self._by_external_id(
            by_imdb_id, imdb_id, before_fetch, lambda: self._import_by_lookup(lookup)
        )

    async def _by_external_id(
        self,
        find: Callable[..., int],
        external_id: ExternalId,
        before_fetch: BeforeFetch,
        fetch: Fetch[int],
    ) -> tuple[int, bool]:
        try:
            movie_id: int = await self._read(find, external_id)
        except NotFound:
            if self._tmdb is None:
                raise
            await before_fetch()
            # Not the key of `fetch_missing_details`, whose number is an id of the catalogue.
            return await asyncio.shield(self._flights.join(f"external id {external_id}", fetch)), True
        return movie_id, await self.fetch_missing_details(movie_id, before_fetch)

    async def _import_details(self, tmdb_id: int) -> int:
        """Fetch a movie's details, store them and return its id."""
        assert self._tmdb is not None
        response = await self._tmdb.details(tmdb_id)
        record = record_from_details(response.value, response.fetched_at)
        ids: list[int] = await self._write(upsert, [record], self._now)
        return ids[0]

    # Genres

    async def sync_genres(self) -> tuple[int, int]:
        """Store TMDb's genres; return the number of new ones and of those that got their TMDb id.

        Raises TmdbDisabled or UpstreamUnavailable.
        """
        if self._tmdb is None:
            raise TmdbDisabled()
        names = (await self._tmdb.genres()).value
        added, linked = await self._write(sync_genres, names)
        return added, linked

    async def _within(self, seconds: float, key: str, fetch: Fetch[Value]) -> Value | None:
        """Return the result of `fetch`, or None where it fails or the timeout expires; then it continues alone."""
        task = self._flights.join(key, fetch)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(task)
        except (MovierecError, TimeoutError):
            return None


@dataclass(frozen=True)
class _Lookup:
    """The ids to look a movie up by, and the time of its details."""

    tmdb_id: int | None
    imdb_id: str | None
    details_at: int | None


def _lookup(movie_id: int) -> _Lookup | None:
    row = db.row("SELECT tmdb_id, imdb_id, details_at FROM movies WHERE id = ?", current_id(movie_id))
    return _Lookup(*row) if row else None
