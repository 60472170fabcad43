"""TMDb's answers become films of the catalogue, so that each has its id here when somebody sees it.

Nobody waits longer for TMDb than the settings say; what comes later is stored all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from movierec import config, db
from movierec.errors import MovierecError, NotFound, Throttled, TmdbDisabled
from movierec.movies.genres import sync_genres
from movierec.movies.ingest.link_by_title import link_by_title
from movierec.movies.ingest.merge import current_id
from movierec.movies.ingest.tmdb_mapping import record_from_details, record_from_list_item
from movierec.movies.ingest.upsert import ids_if_unchanged, upsert
from movierec.movies.movie_record import MovieRecord
from movierec.movies.queries import by_imdb_id, by_tmdb_id
from movierec.movies.search_ranking import without_year
from movierec.tmdb import LAST_PAGE, MoviePage, SingleFlight, TmdbResponse, TmdbService

RunInThread = Callable[..., Awaitable[Any]]

HOUR_SECONDS = 3600


@dataclass(frozen=True)
class TmdbListPage:
    """A page of a list as TMDb has it; `ids` are those of the catalogue. `fetched_at`: UTC epoch seconds."""

    ids: list[int]
    page: int
    total_pages: int
    total_results: int
    source: Literal["tmdb", "cache"]
    stale: bool
    fetched_at: int


class TmdbSync:
    """`read` and `write` run work in the database threads. Without `tmdb` everything is as if it were away."""

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
        """Break off what nobody waits for any more."""
        await self._flights.close()

    @property
    def is_on(self) -> bool:
        return self._tmdb is not None

    @property
    def _now(self) -> int:
        return int(self._clock())

    # Lists: None where the catalogue must do.

    async def trending(self, window: Literal["day", "week"], page: int) -> TmdbListPage | None:
        return await self._list(f"trending {window}", page, lambda tmdb, page: tmdb.trending(window, page))

    async def popular(self, page: int) -> TmdbListPage | None:
        return await self._list("popular", page, TmdbService.popular)

    async def top_rated(self, page: int) -> TmdbListPage | None:
        return await self._list("top rated", page, TmdbService.top_rated)

    async def search(self, text: str, *, year: int | None, adult: bool) -> TmdbListPage | None:
        """What TMDb finds first, to be merged with what the catalogue finds.

        TMDb would look in titles for a year behind the text; ranking knows what it means.
        """
        if (tmdb := self._tmdb) is None:
            return None
        asked = without_year(text)
        found: TmdbListPage | None = await self._in_time(
            f"search {year} {adult} {asked}",
            lambda: self._films(tmdb.search(asked, year=year, adult=adult), adult=adult),
            self._settings.page_seconds,
        )
        return found

    async def _list(
        self,
        name: str,
        page: int,
        ask: Callable[[TmdbService, int], Coroutine[Any, Any, TmdbResponse[MoviePage]]],
    ) -> TmdbListPage | None:
        if (tmdb := self._tmdb) is None:
            return None
        asked = min(page, LAST_PAGE)
        found: TmdbListPage | None = await self._in_time(
            f"{name} {asked}", lambda: self._films(ask(tmdb, asked)), self._settings.list_seconds
        )
        if found is not None and page > LAST_PAGE:
            return dataclasses.replace(found, ids=[], page=page)
        return found

    async def _films(
        self, asking: Coroutine[Any, Any, TmdbResponse[MoviePage]], *, adult: bool = False
    ) -> TmdbListPage:
        """The films of an answer, stored. Adult ones only where they were asked for."""
        answer, genres = await asyncio.gather(asking, self._genre_names())
        page = answer.value
        films = [record_from_list_item(film, genres) for film in page.movies if adult or not film.adult]
        return TmdbListPage(
            await self._stored(films),
            page.page,
            page.total_pages,
            page.total_results,
            answer.source,
            answer.stale,
            answer.fetched_at,
        )

    async def _genre_names(self) -> Mapping[int, str]:
        assert self._tmdb is not None
        try:
            answer = await self._tmdb.genres()
        except MovierecError:
            return {}  # the films are worth more than that
        if answer.source == "tmdb":  # once a week
            with contextlib.suppress(MovierecError):
                await self._write(sync_genres, answer.value)
        return answer.value

    async def _stored(self, films: Sequence[MovieRecord]) -> list[int]:
        """Their ids. What is known already costs no write."""
        films = await self._read(link_by_title, films)
        ids: list[int] | None = await self._read(ids_if_unchanged, films)
        return await self._write(upsert, films, self._now) if ids is None else ids

    # Single films

    async def complete(self, movie_id: int, before: Callable[[], Awaitable[None]]) -> bool:
        """Have TMDb tell what is lacking or old of a film; whether it did.

        `before` is awaited before TMDb is asked; who is Throttled by it gets what there is. Raises nothing:
        that can be shown.
        """
        if self._tmdb is None:
            return False
        known = await self._read(_standing, movie_id)
        if known is None or not (known.tmdb_id or known.imdb_id):
            return False
        if known.details_at is not None and not self.is_old(known.details_at):
            return False
        try:
            await before()
        except Throttled:
            return False
        done = await self._in_time(
            f"film {movie_id}", lambda: self._completed(known), self._settings.page_seconds
        )
        return done is not None

    def is_old(self, details_at: int) -> bool:
        """Whether TMDb should be asked again for a film that it told of then."""
        return self._now - details_at >= self._settings.details_hours * HOUR_SECONDS

    async def _completed(self, known: _Standing) -> int:
        assert self._tmdb is not None
        tmdb_id = known.tmdb_id or (await self._tmdb.find_by_imdb(known.imdb_id)).value.tmdb_id
        return await self._detailed(tmdb_id)

    async def by_tmdb_id(self, tmdb_id: int, on_miss: Callable[[], Awaitable[None]]) -> tuple[int, bool]:
        """The id of a film that TMDb calls so, and whether TMDb told of it just now.

        `on_miss` is awaited before TMDb has to be asked; a film that is here is then shown even if it raises
        Throttled.

        Raises NotFound, or UpstreamUnavailable where it is not stored and TMDb does not answer.
        """
        return await self._by(by_tmdb_id, tmdb_id, on_miss, lambda: self._detailed(tmdb_id))

    async def by_imdb_id(self, imdb_id: str, on_miss: Callable[[], Awaitable[None]]) -> tuple[int, bool]:
        """The same by its id on IMDb."""
        return await self._by(
            by_imdb_id, imdb_id, on_miss, lambda: self._completed(_Standing(None, imdb_id, None))
        )

    async def _by(
        self,
        find: Callable[[Any], int],
        outside_id: int | str,
        on_miss: Callable[[], Awaitable[None]],
        fetch: Callable[[], Coroutine[Any, Any, int]],
    ) -> tuple[int, bool]:
        try:
            movie_id: int = await self._read(find, outside_id)
        except NotFound:
            if self._tmdb is None:
                raise
            await on_miss()
            # Not as `complete` calls it: there the number is one of the catalogue.
            return await asyncio.shield(self._flights.join(f"outside id {outside_id}", fetch)), True
        return movie_id, await self.complete(movie_id, on_miss)

    async def _detailed(self, tmdb_id: int) -> int:
        """The id of a film, stored with all that TMDb tells of it."""
        assert self._tmdb is not None
        answer = await self._tmdb.details(tmdb_id)
        film = record_from_details(answer.value, answer.fetched_at)
        ids: list[int] = await self._write(upsert, [film], self._now)
        return ids[0]

    # The rest

    async def genres(self) -> tuple[int, int]:
        """Take over TMDb's genres; returns how many are new and how many got their id of TMDb.

        Raises TmdbOff or UpstreamUnavailable.
        """
        if self._tmdb is None:
            raise TmdbDisabled()
        names = (await self._tmdb.genres()).value
        added, joined = await self._write(sync_genres, names)
        return added, joined

    async def _in_time(self, key: str, start: Callable[[], Coroutine[Any, Any, Any]], seconds: float) -> Any:
        """What `start` comes to, None where that fails or takes longer; it then goes on by itself."""
        task = self._flights.join(key, start)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(task)
        except (MovierecError, TimeoutError):
            return None


@dataclass(frozen=True)
class _Standing:
    """By which ids a film can be asked for, and when it was told whole."""

    tmdb_id: int | None
    imdb_id: Any
    details_at: int | None


def _standing(movie_id: int) -> _Standing | None:
    found = db.row("SELECT tmdb_id, imdb_id, details_at FROM movies WHERE id = ?", current_id(movie_id))
    return _Standing(*found) if found else None
