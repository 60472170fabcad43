"""Filling an empty catalogue with the films that ship with the package."""

from __future__ import annotations

from collections.abc import Iterable

from movierec import db
from movierec.movies.ingest.upsert import upsert
from movierec.movies.movie_record import MovieRecord
from movierec.movies.starter import StarterMovie, estimate_votes, read


def seed_catalogue(now: int) -> int:
    """Store the shipped films in one transaction; returns how many. Daemons starting together do it once."""
    with db.write():
        if db.is_postgres():
            # Whoever comes second waits for the first, however long that loads.
            db.execute("SET LOCAL lock_timeout = 0")
            db.execute("SET LOCAL statement_timeout = 0")
        if db.increment_revision("starter") > 1:
            return 0
        return len(upsert(list(map(record_from_starter, read())), now))


def record_from_starter(film: StarterMovie) -> MovieRecord:
    """A shipped film as the catalogue takes it; votes are made from the critics until there are real ones."""
    votes = estimate_votes(film.meter, film.reviews, film.year, film.critics_average)
    return MovieRecord(
        title=film.title,
        source="starter",
        imdb_id=film.imdb_id,
        year=film.year,
        release_date=film.released.isoformat() if film.released else None,
        runtime=film.runtime_minutes,
        revenue=film.box_office,
        original_language=film.languages[0] if film.languages else "",
        languages=film.languages,
        countries=film.countries,
        certificate=film.certificate or "",
        critics_score=film.meter,
        critics_reviews=film.reviews,
        vote_average=votes.vote_average,
        vote_count=votes.vote_count,
        popularity=votes.popularity,
        genres=film.genres,
        directors=film.directors,
        writers=film.writers,
        cast=film.cast,
    )


def starter_records(imdb_ids: Iterable[str]) -> list[MovieRecord]:
    """Some of the shipped films."""
    wanted = set(imdb_ids)
    return [record_from_starter(film) for film in read() if film.imdb_id in wanted]
