"""Lists of what a user keeps: narrowed, ordered, a page at a time; the same for every shelf."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from movierec import db, movies
from movierec.errors import NotFound
from movierec.library.changes import HISTORY, LibraryTable, tag_json
from movierec.movies.title_keys import title_key

Item = TypeVar("Item")

# Terms of ORDER BY that every list takes; each shelf adds its own.
MOVIE_ORDERINGS = {"title": "movies.title", "year": "movies.year"}


@dataclass(frozen=True)
class LibraryFilter:
    """What a list is narrowed by; None does not narrow. Ratings are stars, dates are `2024-05-01`.

    Of ratings: `rating_min`, `rating_max`, `has_review`. Of the history: `rewatch`, `tag`. Of any: the others;
    `watched_min` and `watched_max` of films seen between two days, by an entry of the history.
    """

    films: movies.MovieFilters = field(default_factory=lambda: movies.MovieFilters(adult=None))
    movie: int | None = None
    title: str | None = None
    rating_min: float | None = None
    rating_max: float | None = None
    has_review: bool | None = None
    watched_min: str | None = None
    watched_max: str | None = None
    rewatch: bool | None = None
    tag: str | None = None


NO_FILTER = LibraryFilter()

_CONDITIONS: dict[str, str] = {
    "movie": "movies.id = ?",
    # Contains, on both databases, and without the wildcards of LIKE.
    "title": "EXISTS (SELECT 1 FROM movie_titles WHERE movie_id = movies.id AND REPLACE(key, ?, '') <> key)",
    "rating_min": "ratings.steps >= ?",
    "rating_max": "ratings.steps <= ?",
    "has_review": "(ratings.review <> '') = ?",
    "rewatch": "history.rewatch = ?",
    # A tag as JSON writes it; the quotes around it are no other tag's, for within a tag they are escaped.
    "tag": "REPLACE(history.tags, ?, '') <> history.tags",
}


def page(
    shelf: LibraryTable,
    columns: str,
    made: Callable[[db.Row], Item],
    user_id: int,
    narrowing: LibraryFilter,
    *,
    order: str,
    limit: int,
    offset: int,
) -> tuple[int, list[Item]]:
    """How many items pass, and one page of them. `order` comes from `movies.ordering`."""
    condition, values = _where(shelf, narrowing)
    films = f"{shelf.table} JOIN movies ON movies.id = {shelf.table}.movie_id"
    source = f"FROM {films} WHERE {shelf.table}.user_id = ? AND {condition}"
    # Without looking at the films where none is left out: that takes ten times as long.
    counted = f"FROM {shelf.table} WHERE user_id = ?" if narrowing == NO_FILTER else source
    count = db.value(f"SELECT COUNT(*) {counted}", user_id, *values)
    found = db.rows(
        f"SELECT {columns} {source} ORDER BY {order}, {shelf.table}.id DESC LIMIT ? OFFSET ?",
        user_id,
        *values,
        limit,
        offset,
    )
    return count, list(map(made, found))


def one_row(shelf: LibraryTable, columns: str, user_id: int, condition: str, *values: Any) -> db.Row:
    """One row of a user. Raises NotFound."""
    found = db.row(
        f"SELECT {columns} FROM {shelf.table} WHERE {shelf.table}.user_id = ? AND {condition}",
        user_id,
        *values,
    )
    if found is None:
        raise NotFound()
    return found


def _where(shelf: LibraryTable, narrowing: LibraryFilter) -> tuple[str, list[Any]]:
    condition, values = narrowing.films.where()
    watched, days = _watched(shelf, narrowing)
    condition, values = f"{condition} AND {watched}", [*values, *days]
    for name, sql in _CONDITIONS.items():
        value = getattr(narrowing, name)
        if value is not None:
            condition += f" AND {sql}"
            values.append(_SPELLED.get(name, lambda value: value)(value))
    return condition, values


def _watched(shelf: LibraryTable, narrowing: LibraryFilter) -> tuple[str, list[str]]:
    """The condition that an entry of the history, or any of the film's, is of these days."""
    bounds = {
        "history.watched_at >= ?": narrowing.watched_min,
        "history.watched_at <> '' AND SUBSTR(history.watched_at, 1, 10) <= ?": narrowing.watched_max,
    }
    days = {sql: day for sql, day in bounds.items() if day is not None}
    condition = " AND ".join(days) or "TRUE"
    if days and shelf is not HISTORY:
        of_film = f"history.user_id = {shelf.table}.user_id AND history.movie_id = movies.id"
        condition = f"EXISTS (SELECT 1 FROM history WHERE {of_film} AND {condition})"
    return condition, list(days.values())


_SPELLED: dict[str, Callable[[Any], Any]] = {
    "title": title_key,
    "rating_min": lambda stars: stars * 2,
    "rating_max": lambda stars: stars * 2,
    "tag": tag_json,
}
