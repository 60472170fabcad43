"""Addition of movies that the catalogue lacks and a movierec export describes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from movierec import movies
from movierec.exchange.importing.movie_matcher import MovieMatch, has_conflicting_ids
from movierec.exchange.readers.records import MovieReference
from movierec.movies import IndexedMovie, MovieRecord


def is_new_movie(reference: MovieReference, match: MovieMatch, candidates: Iterable[IndexedMovie]) -> bool:
    """Return True if the reference has an id and its ids differ from those of every candidate."""
    has_id = bool(reference.imdb_id or reference.tmdb_id or reference.movielens_id or reference.own_id)
    if match.movie_id is not None or not has_id or not reference.title:
        return False
    return all(
        has_conflicting_ids(reference, movie) or (reference.own_id is not None and movie.own_id is None)
        for movie in candidates
    )


def add_movies(references: Iterable[MovieReference], user_id: int, *, maximum: int, now: int) -> int:
    """Add the movies as stubs, at most `maximum` per account, and return their number."""
    stubs = [
        (
            MovieRecord(
                title=reference.title,
                source="import",
                original_title=reference.original_title,
                year=reference.year,
                imdb_id=reference.imdb_id,
                tmdb_id=reference.tmdb_id,
                movielens_id=reference.movielens_id,
            ),
            reference.own_id or secrets.token_hex(16),
        )
        for reference in references
    ]
    return movies.add_stubs(stubs, user_id, most=maximum, now=now)
