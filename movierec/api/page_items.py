"""Pages of a user's movies: translate query parameters into filters, and add the movie to each item."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from movierec import library, movies
from movierec.api.call import Call
from movierec.api.movies import listed_movie_json
from movierec.api.pages import page_json
from movierec.api.schemas.library import LibraryQuery
from movierec.movies import MovieFilters

MOVIE_FILTERS = ("genre", "year", "year_min", "year_max")
LIBRARY_FILTERS = [
    field.name for field in dataclasses.fields(library.LibraryFilter) if field.name not in ("films", "title")
]


class HasMovieId(Protocol):
    @property
    def movie_id(self) -> int: ...


Item = TypeVar("Item", bound=HasMovieId)


def movie_page_json(
    call: Call,
    query: LibraryQuery,
    listed: Callable[..., tuple[int, list[Item]]],
    orderings: Mapping[str, str],
    encoded: Callable[[Item], dict[str, Any]],
) -> dict[str, Any]:
    """Return the requested page of the caller's items, fetched with `listed`."""
    found: dict[str, Any] = {**query.model_dump(), "genre": movies.resolve_genre(query.genre)}
    narrowing = library.LibraryFilter(
        films=MovieFilters(**{name: found[name] for name in MOVIE_FILTERS}, adult=None),
        title=found["q"],
        **{name: found[name] for name in LIBRARY_FILTERS if name in found},
    )
    order = movies.order_by(found["ordering"], orderings)
    count, items = listed(call.user_id, narrowing, order=order, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, with_movies(items, encoded))


def with_movies(items: Sequence[Item], encoded: Callable[[Item], dict[str, Any]]) -> list[dict[str, Any]]:
    """Encode items, with the movie of each after its id."""
    films = {film.id: film for film in movies.summaries([item.movie_id for item in items])}
    # These movies were merged since the items were read.
    gone = {item.movie_id for item in items} - films.keys()
    films.update((movie_id, movies.detail(movie_id).listed) for movie_id in gone)
    return [
        {
            "movie": films[item.movie_id].id,
            "movie_detail": listed_movie_json(films[item.movie_id]),
            **encoded(item),
        }
        for item in items
    ]
