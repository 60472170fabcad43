"""Pages of library tables, filtered and ordered: the same for ratings, favorites, watchlist and history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from movierec import db, movies
from movierec.errors import NotFound
from movierec.library.changes import HISTORY, LibraryTable, tag_json
from movierec.movies.title_keys import title_key

Item = TypeVar("Item")

# Terms of ORDER BY that every list accepts; each table adds its own.
MOVIE_ORDERINGS = {"title": "movies.title", "year": "movies.year"}


@dataclass(frozen=True)
class LibraryFilter:
    """Conditions on the items of a list; None sets none. Ratings are in stars, dates are like `2024-05-01`.

    For ratings only: `rating_min`, `rating_max`, `has_review`. For the history only: `rewatch`, `tag`. The
    others apply to any list; `watched_min` and `watched_max` select movies with a history entry between two days.
    """

    movie_filters: movies.MovieFilters = field(default_factory=lambda: movies.MovieFilters(adult=None))
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
    # A substring test that works on both databases, without the wildcards of LIKE.
    "title": "EXISTS (SELECT 1 FROM movie_titles WHERE movie_id = movies.id AND REPLACE(key, ?, '') <> key)",
    "rating_min": "ratings.steps >= ?",
    "rating_max": "ratings.steps <= ?",
    "has_review": "(ratings.review <> '') = ?",
    "rewatch": "history.rewatch = ?",
    # The tag in JSON, with its quotes: a quote inside another tag is escaped, so it matches whole tags only.
    "tag": "REPLACE(history.tags, ?, '') <> history.tags",
}


def page(
    table: LibraryTable,
    columns: str,
    to_item: Callable[[db.Row], Item],
    user_id: int,
    filters: LibraryFilter,
    *,
    order: str,
    limit: int,
    offset: int,
) -> tuple[int, list[Item]]:
    """Return the number of items that pass the filters and one page of them.

    `order` comes from `movies.order_by`.
    """
    condition, values = _where(table, filters)
    joined = f"{table.name} JOIN movies ON movies.id = {table.name}.movie_id"
    source = f"FROM {joined} WHERE {table.name}.user_id = ? AND {condition}"
    # Without a filter the join is left out: it takes ten times as long.
    count_source = f"FROM {table.name} WHERE user_id = ?" if filters == NO_FILTER else source
    count = db.value(f"SELECT COUNT(*) {count_source}", user_id, *values)
    rows = db.rows(
        f"SELECT {columns} {source} ORDER BY {order}, {table.name}.id DESC LIMIT ? OFFSET ?",
        user_id,
        *values,
        limit,
        offset,
    )
    return count, list(map(to_item, rows))


def one_row(table: LibraryTable, columns: str, user_id: int, condition: str, *values: object) -> db.Row:
    """Return one row of a user. Raises NotFound."""
    row = db.row(
        f"SELECT {columns} FROM {table.name} WHERE {table.name}.user_id = ? AND {condition}",
        user_id,
        *values,
    )
    if row is None:
        raise NotFound()
    return row


def _where(table: LibraryTable, filters: LibraryFilter) -> tuple[str, list[object]]:
    condition, parameters = filters.movie_filters.where()
    watched, days = _watched(table, filters)
    condition += f" AND {watched}"
    values: list[object] = [*parameters, *days]
    for name, sql in _CONDITIONS.items():
        value = getattr(filters, name)
        if value is not None:
            condition += f" AND {sql}"
            values.append(_TO_SQL[name](value) if name in _TO_SQL else value)
    return condition, values


def _watched(table: LibraryTable, filters: LibraryFilter) -> tuple[str, list[str]]:
    """Return the condition that a history entry, or any entry of the item's movie, lies between two days."""
    bounds = {
        "history.watched_at >= ?": filters.watched_min,
        "history.watched_at <> '' AND SUBSTR(history.watched_at, 1, 10) <= ?": filters.watched_max,
    }
    days = {sql: day for sql, day in bounds.items() if day is not None}
    condition = " AND ".join(days) or "TRUE"
    if days and table is not HISTORY:
        same_movie = f"history.user_id = {table.name}.user_id AND history.movie_id = movies.id"
        condition = f"EXISTS (SELECT 1 FROM history WHERE {same_movie} AND {condition})"
    return condition, list(days.values())


def _stars_to_sql(stars: float) -> float:
    # Not `stars_to_steps`: a bound may lie between two ratings.
    return stars * 2


_TO_SQL: dict[str, Callable[..., object]] = {
    "title": title_key,
    "rating_min": _stars_to_sql,
    "rating_max": _stars_to_sql,
    "tag": tag_json,
}
