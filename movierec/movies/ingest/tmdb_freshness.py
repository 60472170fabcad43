"""Queries for the movies whose details TMDb has not sent yet, or not recently."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from movierec import db


class TmdbLookupIds(NamedTuple):
    """Ids to look a movie up at TMDb; at least one is set."""

    tmdb_id: int | None
    imdb_id: str | None


def without_details(movie_ids: Collection[int]) -> list[TmdbLookupIds]:
    """Return the lookup ids of those movies that lack TMDb's details and have a TMDb or IMDb id."""
    lookups: list[TmdbLookupIds] = []
    for batch in db.batches(sorted(movie_ids)):
        lookups += [
            TmdbLookupIds(*row)
            for row in db.rows(
                "SELECT tmdb_id, imdb_id FROM movies WHERE details_at IS NULL "
                f"AND (tmdb_id IS NOT NULL OR imdb_id IS NOT NULL) AND id IN ({db.placeholders(batch)}) ORDER BY id",
                *batch,
            )
        ]
    return lookups


def details_older_than(tmdb_ids: Collection[int], before: int) -> list[int]:
    """Return those TMDb ids whose movies have details older than `before` (UTC epoch seconds)."""
    stale_ids: list[int] = []
    for batch in db.batches(sorted(set(tmdb_ids))):
        sql = f"SELECT tmdb_id FROM movies WHERE details_at < ? AND tmdb_id IN ({db.placeholders(batch)})"
        stale_ids += [tmdb_id for (tmdb_id,) in db.rows(f"{sql} ORDER BY tmdb_id", before, *batch)]
    return stale_ids


def oldest_details() -> int | None:
    """Return the time of the oldest details from TMDb (UTC epoch seconds); None where no movie has any."""
    details_at = db.value("SELECT MIN(details_at) FROM movies")
    return None if details_at is None else int(details_at)
