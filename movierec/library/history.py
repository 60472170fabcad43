"""The history: which films a user saw, and when as far as that is known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from movierec import db
from movierec.errors import ValidationFailed
from movierec.library.apply_changes import apply
from movierec.library.changes import HISTORY, removal_change, viewing_change
from movierec.library.journal import library_transaction, title_with_year
from movierec.library.queries import MOVIE_ORDERINGS, NO_FILTER, LibraryFilter, one_row, page
from movierec.library.watchlist import watchlist_removal

ORDERINGS = {"watched_at": "history.watched_at", "created_at": "history.created_at", **MOVIE_ORDERINGS}


@dataclass(frozen=True, slots=True)
class SeenMovie:
    """A viewing; `watched_at` is a date or a time in UTC, as it was told, None where nobody knows."""

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


def _seen(row: db.Row) -> SeenMovie:
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
    """Enter a viewing. Returns it and whether it is new; the same time again is the same viewing.

    `rewatch` None: a new one is, where the film was seen before; one that is there stays as it is.
    The film leaves the watchlist, unless the user wants otherwise. Raises ValidationFailed, or NotFound where
    there is no such film.
    """
    change = viewing_change(movie_id, watched_at, rewatch=rewatch, tags=tags)
    # The day has begun somewhere already.
    if watched_at and watched_at[:10] > datetime.fromtimestamp(now + 14 * 3600, UTC).date().isoformat():
        raise ValidationFailed.of("watched_at", "That is in the future.")
    with library_transaction(user_id):
        if rewatch is None and _is_again(user_id, movie_id, watched_at):
            change = viewing_change(movie_id, watched_at, rewatch=True, tags=tags)
        changes = [change, *watchlist_removal(user_id, movie_id)]
        what = f"Entered {title_with_year(movie_id)} in the history"
        done = apply(user_id, changes, what=what, now=now)
        where = "movie_id = ? AND watched_at = ? AND source = ?"
        return _seen(one_row(HISTORY, _COLUMNS, user_id, where, *change.place)), done.added > 0


def _is_again(user_id: int, movie_id: int, watched_at: str | None) -> bool:
    """Whether a viewing is new and the film was seen before it."""
    times = [
        when
        for (when,) in db.rows(
            "SELECT watched_at FROM history WHERE user_id = ? AND movie_id = ?", user_id, movie_id
        )
    ]
    return (watched_at or "") not in times and any(when < (watched_at or "") for when in times)


def remove_from_history(user_id: int, entry_id: int, *, now: int) -> None:
    """Take a viewing out. Raises NotFound."""
    with library_transaction(user_id):
        entry = _seen(one_row(HISTORY, _COLUMNS, user_id, "history.id = ?", entry_id))
        what = f"Took {title_with_year(entry.movie_id)} out of the history"
        gone = removal_change(HISTORY, entry.movie_id, entry.watched_at or "", entry.source)
        apply(user_id, [gone], what=what, now=now)


def history(
    user_id: int,
    narrowing: LibraryFilter = NO_FILTER,
    *,
    order: str = "history.watched_at DESC",
    limit: int,
    offset: int,
) -> tuple[int, list[SeenMovie]]:
    """How many viewings pass, and one page of them. `order` comes from `movies.ordering`."""
    return page(HISTORY, _COLUMNS, _seen, user_id, narrowing, order=order, limit=limit, offset=offset)


def seen_movie_ids(user_id: int) -> set[int]:
    """Ids of all films the user has in the history."""
    return {
        movie_id
        for (movie_id,) in db.rows("SELECT DISTINCT movie_id FROM history WHERE user_id = ?", user_id)
    }
