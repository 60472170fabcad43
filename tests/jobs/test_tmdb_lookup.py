"""Films that an import names, asked of TMDb: what is stored of its answers."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from movierec import movies
from movierec.exchange.importing import MovieReference
from movierec.jobs.context import JobContext
from movierec.jobs.tmdb_lookup import movie_fetcher
from movierec.tmdb import MovieDetails, TmdbResponse, parse
from tests.films import NOW
from tests.tmdb.answers import MATRIX


@pytest.mark.usefixtures("database")
def test_a_film_is_as_old_as_the_answer_that_told_of_it() -> None:
    """Else what TMDb changed since then would never be asked for."""
    told_at = NOW - 5 * 86_400

    class Kept:
        async def details(self, _tmdb_id: int) -> TmdbResponse[MovieDetails]:
            return TmdbResponse(parse.parse_details(MATRIX.details()), "cache", True, told_at)

        def wait_for(self, asking: Any) -> Any:
            return asyncio.run(asking)

    class Now:
        tmdb, now = Kept(), NOW

    look_up = movie_fetcher(cast(JobContext, Now()))
    assert look_up is not None
    assert look_up([MovieReference(tmdb_id=MATRIX.tmdb_id)])
    assert movies.detail(movies.by_tmdb_id(MATRIX.tmdb_id)).facts["details_at"] == told_at
