"""Which films TMDb has told whole, and when: what there is still to ask it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from movierec import db


class TmdbLookupIds(NamedTuple):
    """How to ask TMDb for a film; one of the two is known."""

    tmdb_id: int | None
    imdb_id: str | None


def without_details(movie_ids: Collection[int]) -> list[TmdbLookupIds]:
    """Those of some films that TMDb has not told whole, and that it can be asked for."""
    found: list[TmdbLookupIds] = []
    for batch in db.batches(sorted(movie_ids)):
        found += [
            TmdbLookupIds(*row)
            for row in db.rows(
                "SELECT tmdb_id, imdb_id FROM movies WHERE details_at IS NULL "
                f"AND (tmdb_id IS NOT NULL OR imdb_id IS NOT NULL) AND id IN ({db.placeholders(batch)}) ORDER BY id",
                *batch,
            )
        ]
    return found


def details_older_than(tmdb_ids: Collection[int], before: int) -> list[int]:
    """Those of TMDb's ids whose films it told whole, but not since then (UTC epoch seconds)."""
    found: list[int] = []
    for batch in db.batches(sorted(set(tmdb_ids))):
        sql = f"SELECT tmdb_id FROM movies WHERE details_at < ? AND tmdb_id IN ({db.placeholders(batch)})"
        found += [tmdb_id for (tmdb_id,) in db.rows(f"{sql} ORDER BY tmdb_id", before, *batch)]
    return found


def oldest_details() -> int | None:
    """When TMDb told the film whole whose details are oldest (UTC epoch seconds); None where it told of none."""
    found = db.value("SELECT MIN(details_at) FROM movies")
    return None if found is None else int(found)
