"""Movies that an import names, fetched from TMDb: the stored records."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from movierec import movies
from movierec.exchange.importing import MovieReference
from movierec.jobs.context import JobContext
from movierec.jobs.import_lookup import movie_fetcher
from movierec.tmdb import MovieDetails, TmdbResponse, parse
from tests.films import NOW
from tests.tmdb.answers import MATRIX


@pytest.mark.usefixtures("database")
def test_details_are_as_old_as_the_cached_response() -> None:
    """A later time would hide the changes at TMDb since the response."""
    fetched_at = NOW - 5 * 86_400

    class CachedTmdb:
        async def details(self, _tmdb_id: int) -> TmdbResponse[MovieDetails]:
            return TmdbResponse(parse.parse_details(MATRIX.details()), "cache", True, fetched_at)

        def wait_for(self, call: Any) -> Any:
            return asyncio.run(call)

    class Context:
        tmdb, now = CachedTmdb(), NOW

    fetch = movie_fetcher(cast(JobContext, Context()))
    assert fetch is not None
    assert fetch([MovieReference(tmdb_id=MATRIX.tmdb_id)])
    assert movies.detail(movies.by_tmdb_id(MATRIX.tmdb_id)).facts["details_at"] == fetched_at
