"""The whole catalogue as what identifies its films: for whoever has thousands of films to find in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from movierec import db


class IndexedMovie(NamedTuple):
    """`own_id` is what movierec gave a film that no other service knows."""

    id: int
    title: str
    original_title: str
    year: int | None
    popularity: float
    imdb_id: str | None
    tmdb_id: int | None
    movielens_id: int | None
    own_id: str | None


_KNOWN = (
    "SELECT movies.id, title, original_title, year, popularity, imdb_id, tmdb_id, movielens_id, own_id "
    "FROM movies LEFT JOIN own_ids ON own_ids.movie_id = movies.id"
)


def indexed_movies(above: int = 0) -> Iterator[IndexedMovie]:
    """All films with ids above `above`."""
    yield from map(IndexedMovie._make, db.rows(f"{_KNOWN} WHERE movies.id > ?", above))


def indexed_titles(above: int = 0) -> list[tuple[int, str]]:
    """Film and title of those, as `title_key` writes it but without spaces; of a film there may be several."""
    return db.rows("SELECT movie_id, compact FROM movie_titles WHERE movie_id > ?", above)


def indexed_aliases() -> list[tuple[str, str | int, int]]:
    """Outside ids of films that were merged into others: which id, its value, and the film it leads to."""
    columns = ("imdb_id", "tmdb_id", "movielens_id", "own_id")
    return [
        (column, told, movie_id)
        for movie_id, *ids in db.rows(f"SELECT movie_id, {', '.join(columns)} FROM movie_aliases")
        for column, told in zip(columns, ids, strict=True)
        if told is not None
    ]
