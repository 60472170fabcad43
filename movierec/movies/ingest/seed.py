"""Seed: load the shipped catalogue into an empty database."""

from __future__ import annotations

from collections.abc import Iterable

from movierec import db
from movierec.movies.ingest.upsert import upsert
from movierec.movies.movie_record import MovieRecord
from movierec.movies.starter import StarterMovie, estimate_votes, read


def seed_catalogue(now: int) -> int:
    """Insert the shipped movies in one transaction; return their number.

    If several daemons start together, one of them does it, and the others return 0.
    """
    with db.write():
        if db.is_postgres():
            # A second daemon waits for the first, however long its load takes.
            db.execute("SET LOCAL lock_timeout = 0")
            db.execute("SET LOCAL statement_timeout = 0")
        if db.increment_revision("starter") > 1:
            return 0
        return len(upsert(list(map(record_from_starter, read())), now))


def record_from_starter(movie: StarterMovie) -> MovieRecord:
    """Convert a shipped movie; its votes are estimated from the critics' until TMDb or ratings have real ones."""
    votes = estimate_votes(movie.meter, movie.reviews, movie.year, movie.critics_average)
    return MovieRecord(
        title=movie.title,
        source="starter",
        imdb_id=movie.imdb_id,
        year=movie.year,
        release_date=movie.released.isoformat() if movie.released else None,
        runtime=movie.runtime_minutes,
        revenue=movie.box_office,
        original_language=movie.languages[0] if movie.languages else "",
        languages=movie.languages,
        countries=movie.countries,
        certificate=movie.certificate or "",
        critics_score=movie.meter,
        critics_reviews=movie.reviews,
        vote_average=votes.vote_average,
        vote_count=votes.vote_count,
        popularity=votes.popularity,
        genres=movie.genres,
        directors=movie.directors,
        writers=movie.writers,
        cast=movie.cast,
    )


def starter_records(imdb_ids: Iterable[str]) -> list[MovieRecord]:
    """Return the records of some of the shipped movies, by IMDb id."""
    wanted = set(imdb_ids)
    return [record_from_starter(movie) for movie in read() if movie.imdb_id in wanted]
