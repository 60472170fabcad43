"""Addition of movies that the catalogue lacks and a movierec export describes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from movierec import movies
from movierec.exchange.importing.movie_matcher import MovieMatch, has_conflicting_ids
from movierec.exchange.readers.records import MovieReference
from movierec.movies import IndexedMovie, MovieRecord


def is_new_movie(name: MovieReference, match: MovieMatch, candidates: Iterable[IndexedMovie]) -> bool:
    """Return True if the reference has an id and its ids differ from those of every candidate."""
    has_id = bool(name.imdb_id or name.tmdb_id or name.movielens_id or name.own_id)
    if match.movie_id is not None or not has_id or not name.title:
        return False
    return all(
        has_conflicting_ids(name, film) or (name.own_id is not None and film.own_id is None)
        for film in candidates
    )


def add_movies(names: Iterable[MovieReference], user_id: int, *, most: int, now: int) -> int:
    """Add the movies and return their number."""
    films = [
        (
            MovieRecord(
                title=name.title,
                source="import",
                original_title=name.original_title,
                year=name.year,
                imdb_id=name.imdb_id,
                tmdb_id=name.tmdb_id,
                movielens_id=name.movielens_id,
            ),
            name.own_id or secrets.token_hex(16),
        )
        for name in names
    ]
    return movies.add_stubs(films, user_id, most=most, now=now)
