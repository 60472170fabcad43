"""Filling an empty catalogue with the films that ship with the package."""

from __future__ import annotations

from collections.abc import Iterable

from movierec import db
from movierec.movies.ingest.upsert import store
from movierec.movies.movie_record import FilmFacts
from movierec.movies.starter import StarterFilm, read, stand_in


def load_starter(now: int) -> int:
    """Store the shipped films in one transaction; returns how many. Daemons starting together do it once."""
    with db.write():
        if db.is_postgres():
            # Whoever comes second waits for the first, however long that loads.
            db.execute("SET LOCAL lock_timeout = 0")
            db.execute("SET LOCAL statement_timeout = 0")
        if db.increment_revision("starter") > 1:
            return 0
        return len(store(list(map(facts_of, read())), now))


def facts_of(film: StarterFilm) -> FilmFacts:
    """A shipped film as the catalogue takes it; votes are made from the critics until there are real ones."""
    votes = stand_in(film.meter, film.reviews, film.year, film.critics_average)
    return FilmFacts(
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


def starter_films(imdb_ids: Iterable[str]) -> list[FilmFacts]:
    """Some of the shipped films."""
    wanted = set(imdb_ids)
    return [facts_of(film) for film in read() if film.imdb_id in wanted]
