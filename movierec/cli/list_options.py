"""What the lists of the own films share: how they are narrowed and printed, and finding one film in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from movierec.cli.movie_lookup import movie_label
from movierec.cli.output import Column, print_list
from movierec.errors import NotFound


def print_movie_list(
    found: Iterable[Any], columns: Sequence[Column], *, as_json: bool, ids: bool, nothing: str
) -> None:
    """Print a list; its ids are those of the movies, which other commands take."""
    print_list(found, columns, as_json=as_json, ids=ids, id_of=lambda item: item["movie"], nothing=nothing)


def filter_query(
    search: str | None,
    genre: str | None,
    year: int | None,
    year_min: int | None,
    year_max: int | None,
    order: str | None,
) -> dict[str, Any]:
    """The options by which any such list is narrowed and ordered, as the API names them."""
    return {
        "q": search,
        "genre": genre,
        "year": year,
        "year_min": year_min,
        "year_max": year_max,
        "ordering": order,
    }


def find_entry(fetch: Callable[..., Any], movie: Any, *, missing: str) -> Any:
    """The entry that is `movie`: the API names entries by ids of their own. Raises NotFound."""
    for entry in fetch(movie=movie["id"])["results"]:
        return entry
    raise NotFound(f"{movie_label(movie)} {missing}.")
