"""Pages of a user's movies: translate query parameters into filters, and add the movie to each item."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from movierec import library, movies
from movierec.api.call import Call
from movierec.api.movies import listed_movie_json
from movierec.api.pages import page_json
from movierec.api.schemas import Page
from movierec.api.schemas.library import LibraryQuery
from movierec.api.schemas.movies import ListedMovie
from movierec.errors import ValidationFailed
from movierec.movies import MovieFilters

MOVIE_FILTERS = ("genre", "year", "year_min", "year_max")
LIBRARY_FILTERS = [
    field.name
    for field in dataclasses.fields(library.LibraryFilter)
    if field.name not in ("movie_filters", "title")
]


class HasMovieId(Protocol):
    """An item of a list that refers to a movie."""

    @property
    def movie_id(self) -> int: ...


Item = TypeVar("Item", bound=HasMovieId)
Encoded = TypeVar("Encoded")


class ListItems(Protocol[Item]):
    """A query of `library`: returns the number of all items and those of one page."""

    def __call__(
        self, user_id: int, filters: library.LibraryFilter, /, *, order: str, limit: int, offset: int
    ) -> tuple[int, list[Item]]: ...


def movie_page_json(
    call: Call,
    query: LibraryQuery,
    list_items: ListItems[Item],
    orderings: Mapping[str, str],
    encode: Callable[[Item, ListedMovie], Encoded],
) -> Page[Encoded]:
    """Return the requested page of the caller's items, fetched with `list_items`."""
    values = {**query.model_dump(), "genre": movies.resolve_genre(query.genre)}
    filters = library.LibraryFilter(
        movie_filters=MovieFilters(**{name: values[name] for name in MOVIE_FILTERS}, adult=None),
        title=values["q"],
        **{name: values[name] for name in LIBRARY_FILTERS if name in values},
    )
    order = movies.order_by(values["ordering"], orderings)
    count, items = list_items(call.user_id, filters, order=order, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, with_movies(items, encode))


def check_same_movie(sent_id: int | None, movie_id: int) -> None:
    """Check that the movie of a body, if it has one, is that of the stored object. Raises ValidationFailed."""
    if sent_id is not None and movies.current_id(sent_id) != movies.current_id(movie_id):
        raise ValidationFailed.of("movie", f"This belongs to movie {movie_id}, which cannot be changed.")


def with_movies(items: Sequence[Item], encode: Callable[[Item, ListedMovie], Encoded]) -> list[Encoded]:
    """Encode items together with the movie of each."""
    summaries = {movie.id: movie for movie in movies.summaries([item.movie_id for item in items])}
    # These movies were merged since the items were read.
    merged_ids = {item.movie_id for item in items} - summaries.keys()
    summaries.update((movie_id, movies.detail(movie_id).summary) for movie_id in merged_ids)
    return [encode(item, listed_movie_json(summaries[item.movie_id])) for item in items]
