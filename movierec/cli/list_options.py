"""Filters, printing and lookup shared by the lists in a user's library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from movierec.cli.columns import Column
from movierec.cli.movie_lookup import movie_label
from movierec.cli.output import print_list
from movierec.errors import NotFound

if TYPE_CHECKING:
    from movierec.client.json_types import ListedMovieJson, PageJson, QueryValue


Entry = TypeVar("Entry")


def print_movie_list(
    entries: Iterable[Entry], columns: Sequence[Column], *, as_json: bool, ids: bool, nothing: str
) -> None:
    """Print a list. --ids prints movie ids, which other commands accept."""
    print_list(entries, columns, as_json=as_json, ids=ids, id_of=lambda item: item["movie"], nothing=nothing)


def filter_query(
    search: str | None,
    genre: str | None,
    year: int | None,
    year_min: int | None,
    year_max: int | None,
    order: str | None,
) -> dict[str, QueryValue]:
    """Return the filters and the ordering as query parameters of the API."""
    return {
        "q": search,
        "genre": genre,
        "year": year,
        "year_min": year_min,
        "year_max": year_max,
        "ordering": order,
    }


def find_entry(fetch: Callable[..., PageJson[Entry]], movie: ListedMovieJson, *, missing: str) -> Entry:
    """Return the entry of `movie`, which has an id of its own in the API. Raises NotFound."""
    for entry in fetch(movie=movie["id"])["results"]:
        return entry
    raise NotFound(f"{movie_label(movie)} {missing}")
