"""The history: a user's viewings, with their times as far as known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from movierec import db
from movierec.durations import HOUR_SECONDS
from movierec.errors import ValidationFailed
from movierec.library.apply_changes import apply
from movierec.library.changes import HISTORY, removal_change, viewing_change
from movierec.library.journal import library_transaction, title_with_year
from movierec.library.queries import MOVIE_ORDERINGS, NO_FILTER, LibraryFilter, one_row, page
from movierec.library.watchlist import watchlist_removal

ORDERINGS = {"watched_at": "history.watched_at", "created_at": "history.created_at", **MOVIE_ORDERINGS}

# The time zone furthest ahead of UTC, where the day has begun first.
EARLIEST_ZONE_SECONDS = 14 * HOUR_SECONDS


@dataclass(frozen=True, slots=True)
class SeenMovie:
    """A viewing; `watched_at` is a date or a time in UTC as it was entered, None where it is unknown."""

    id: int
    movie_id: int
    watched_at: str | None
    rewatch: bool
    tags: list[str]
    source: str
    created_at: int


_COLUMNS = (
    "history.id, history.movie_id, history.watched_at, history.rewatch, history.tags, history.source, "
    "history.created_at"
)


def _seen_movie(row: db.Row) -> SeenMovie:
    return SeenMovie(row[0], row[1], row[2] or None, bool(row[3]), json.loads(row[4]), row[5], row[6])


def add_to_history(
    user_id: int,
    movie_id: int,
    watched_at: str | None = None,
    *,
    rewatch: bool | None = None,
    tags: Iterable[str] | None = None,
    now: int,
) -> tuple[SeenMovie, bool]:
    """Add a viewing, and return it with True if it is new. The same time again is the same viewing.

    `rewatch` None: a new viewing is a rewatch where an earlier one exists; a stored one keeps its flag. Takes the
    movie off the watchlist, unless the user turned that off. Raises ValidationFailed, or NotFound where there is
    no such movie.
    """
    change = viewing_change(movie_id, watched_at, rewatch=rewatch, tags=tags)
    latest_day = datetime.fromtimestamp(now + EARLIEST_ZONE_SECONDS, UTC).date().isoformat()
    if watched_at and watched_at[:10] > latest_day:
        raise ValidationFailed.of("watched_at", "That is in the future.")
    with library_transaction(user_id):
        if rewatch is None and _is_rewatch(user_id, movie_id, watched_at):
            change = viewing_change(movie_id, watched_at, rewatch=True, tags=tags)
        changes = [change, *watchlist_removal(user_id, movie_id)]
        what = f"Entered {title_with_year(movie_id)} in the history"
        result = apply(user_id, changes, what=what, now=now)
        condition = "movie_id = ? AND watched_at = ? AND source = ?"
        row = one_row(HISTORY, _COLUMNS, user_id, condition, movie_id, *change.key)
        return _seen_movie(row), result.added > 0


def _is_rewatch(user_id: int, movie_id: int, watched_at: str | None) -> bool:
    """Tell if a viewing is new and an earlier one of the movie is stored."""
    times = [
        time
        for (time,) in db.rows(
            "SELECT watched_at FROM history WHERE user_id = ? AND movie_id = ?", user_id, movie_id
        )
    ]
    return (watched_at or "") not in times and any(time < (watched_at or "") for time in times)


def remove_from_history(user_id: int, entry_id: int, *, now: int) -> None:
    """Delete a viewing. Raises NotFound."""
    with library_transaction(user_id):
        entry = _seen_movie(one_row(HISTORY, _COLUMNS, user_id, "history.id = ?", entry_id))
        what = f"Took {title_with_year(entry.movie_id)} out of the history"
        change = removal_change(HISTORY, entry.movie_id, entry.watched_at or "", entry.source)
        apply(user_id, [change], what=what, now=now)


def history(
    user_id: int,
    filters: LibraryFilter = NO_FILTER,
    *,
    order: str = "history.watched_at DESC",
    limit: int,
    offset: int,
) -> tuple[int, list[SeenMovie]]:
    """Return the number of viewings that pass the filters and one page of them.

    `order` comes from `movies.order_by`.
    """
    return page(HISTORY, _COLUMNS, _seen_movie, user_id, filters, order=order, limit=limit, offset=offset)


def seen_movie_ids(user_id: int) -> set[int]:
    """Return the ids of all movies in the user's history."""
    return {
        movie_id
        for (movie_id,) in db.rows("SELECT DISTINCT movie_id FROM history WHERE user_id = ?", user_id)
    }
