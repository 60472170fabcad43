"""Identifying columns of the whole catalogue, for callers that match thousands of movies in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from movierec import db


class IndexedMovie(NamedTuple):
    """The identity of a movie; `own_id` is its movierec id, if it has one."""

    id: int
    title: str
    original_title: str
    year: int | None
    popularity: float
    imdb_id: str | None
    tmdb_id: int | None
    movielens_id: int | None
    own_id: str | None


_INDEXED = (
    "SELECT movies.id, title, original_title, year, popularity, imdb_id, tmdb_id, movielens_id, own_id "
    "FROM movies LEFT JOIN own_ids ON own_ids.movie_id = movies.id"
)


def indexed_movies(above: int = 0) -> Iterator[IndexedMovie]:
    """Yield all movies with ids greater than `above`."""
    yield from map(IndexedMovie._make, db.rows(f"{_INDEXED} WHERE movies.id > ?", above))


def indexed_titles(above: int = 0) -> list[tuple[int, str]]:
    """Return the ids of those movies with each of their title keys (`title_key`), without spaces."""
    return db.rows("SELECT movie_id, compact FROM movie_titles WHERE movie_id > ?", above)


def indexed_aliases() -> list[tuple[str, str | int, int]]:
    """Return the external ids of merged movies: column, value, and the id of the survivor."""
    columns = ("imdb_id", "tmdb_id", "movielens_id", "own_id")
    return [
        (column, external_id, movie_id)
        for movie_id, *ids in db.rows(f"SELECT movie_id, {', '.join(columns)} FROM movie_aliases")
        for column, external_id in zip(columns, ids, strict=True)
        if external_id is not None
    ]
