"""Fetch movies that an import names and the catalogue lacks from TMDb, and store them."""

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

# A search stores at most this many movies, of the same year or this many years apart.
MAX_MATCHES, MAX_YEARS_APART = 5, 1


def movie_fetcher(context: JobContext) -> MovieFetcher | None:
    """Return a function that stores the movies that references may mean; None if TMDb is not used."""
    tmdb = context.tmdb
    if tmdb is None:
        return None

    def fetch(references: Sequence[MovieReference]) -> bool:
        results = tmdb.wait_for(_fetch_all(tmdb, references))
        answered = [result for result in results if not isinstance(result, UpstreamUnavailable)]
        records = [record for result in answered for record in result]
        if records:
            movies.upsert(movies.link_by_title(records), context.now)
        # One failure may be chance; if all fail, TMDb is away.
        return bool(answered)

    return fetch


async def _fetch_all(
    tmdb: TmdbService, references: Sequence[MovieReference]
) -> list[list[MovieRecord] | UpstreamUnavailable]:
    return await asyncio.gather(*(_fetch(tmdb, reference) for reference in references))


async def _fetch(tmdb: TmdbService, reference: MovieReference) -> list[MovieRecord] | UpstreamUnavailable:
    try:
        return await _records(tmdb, reference)
    except UpstreamUnavailable as error:
        return error
    except MovierecError:
        return []


async def _records(tmdb: TmdbService, reference: MovieReference) -> list[MovieRecord]:
    """Fetch by an id, else by title and year; a title alone is too ambiguous."""
    if reference.tmdb_id is not None:
        details = await tmdb.details(reference.tmdb_id)
        return [movies.record_from_details(details.value, details.fetched_at)]
    if reference.imdb_id is not None:
        movie = (await tmdb.find_by_imdb(reference.imdb_id)).value
        return [dataclasses.replace(movies.record_from_list_item(movie, {}), imdb_id=reference.imdb_id)]
    if reference.year is None or not reference.title:
        return []
    page = (await tmdb.search(reference.title)).value
    records = [movies.record_from_list_item(movie, {}) for movie in page.movies]
    matches = [
        record
        for record in records
        if record.year and abs(record.year - reference.year) <= MAX_YEARS_APART and not record.adult
    ]
    return matches[:MAX_MATCHES]
