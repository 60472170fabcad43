"""Films that an import names and the catalogue lacks, looked up at TMDb and stored."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

from movierec import movies
from movierec.errors import MovierecError, UpstreamUnavailable
from movierec.exchange.importing import MovieFetcher, MovieReference
from movierec.jobs.context import JobContext
from movierec.movies import MovieRecord
from movierec.tmdb import TmdbService

# Of what a search finds: films of the year or beside it, the first of them.
MOST_KEPT, NEAR_YEARS = 5, 1


def movie_fetcher(running: JobContext) -> MovieFetcher | None:
    """What stores the films that some names may mean; None where TMDb is not used."""
    tmdb = running.tmdb
    if tmdb is None:
        return None

    def look_up(names: Sequence[MovieReference]) -> bool:
        told = tmdb.wait_for(_ask_all(tmdb, names))
        found = [film for films in told if not isinstance(films, UpstreamUnavailable) for film in films]
        if found:
            movies.upsert(movies.link_by_title(found), running.now)
        # One failure may be chance; all of them are not.
        return any(not isinstance(films, UpstreamUnavailable) for films in told)

    return look_up


async def _ask_all(
    tmdb: TmdbService, names: Sequence[MovieReference]
) -> list[list[MovieRecord] | UpstreamUnavailable]:
    return await asyncio.gather(*(_ask(tmdb, name) for name in names))


async def _ask(tmdb: TmdbService, name: MovieReference) -> list[MovieRecord] | UpstreamUnavailable:
    try:
        return await _films(tmdb, name)
    except UpstreamUnavailable as error:
        return error
    except MovierecError:
        return []


async def _films(tmdb: TmdbService, name: MovieReference) -> list[MovieRecord]:
    """By an id, else by title; without a year a title tells too little."""
    if name.tmdb_id is not None:
        details = await tmdb.details(name.tmdb_id)
        return [movies.record_from_details(details.value, details.fetched_at)]
    if name.imdb_id is not None:
        film = (await tmdb.find_by_imdb(name.imdb_id)).value
        return [dataclasses.replace(movies.record_from_list_item(film, {}), imdb_id=name.imdb_id)]
    if name.year is None or not name.title:
        return []
    found = [movies.record_from_list_item(film, {}) for film in (await tmdb.search(name.title)).value.movies]
    near = [
        film for film in found if film.year and abs(film.year - name.year) <= NEAR_YEARS and not film.adult
    ]
    return near[:MOST_KEPT]
