"""The watchlist: movies a user intends to see, with a note."""

from __future__ import annotations

from dataclasses import dataclass

from movierec import db
from movierec.library.apply_changes import apply
from movierec.library.changes import WATCHLIST, LibraryChange, removal_change, watchlist_change
from movierec.library.journal import library_transaction, title_with_year
from movierec.library.queries import MOVIE_ORDERINGS, NO_FILTER, LibraryFilter, one_row, page

ORDERINGS = {"created_at": "watchlist.created_at", **MOVIE_ORDERINGS}


@dataclass(frozen=True, slots=True)
class WatchlistMovie:
    """A stored entry of the watchlist."""

    id: int
    movie_id: int
    note: str
    created_at: int


_COLUMNS = "watchlist.id, watchlist.movie_id, watchlist.note, watchlist.created_at"


def _watchlist_movie(row: db.Row) -> WatchlistMovie:
    return WatchlistMovie(*row)


def add_to_watchlist(
    user_id: int, movie_id: int, *, note: str | None = None, now: int
) -> tuple[WatchlistMovie, bool]:
    """Put a movie on the watchlist, and return it with True if it is new. Repeated without a note it changes nothing.

    Raises NotFound where there is no such movie.
    """
    with library_transaction(user_id):
        what = f"Put {title_with_year(movie_id)} on the watchlist"
        result = apply(user_id, [watchlist_change(movie_id, note=note)], what=what, now=now)
        row = one_row(WATCHLIST, _COLUMNS, user_id, "movie_id = ?", movie_id)
        return _watchlist_movie(row), result.added > 0


def remove_from_watchlist(user_id: int, entry_id: int, *, now: int) -> None:
    """Remove a movie from the watchlist. Raises NotFound."""
    with library_transaction(user_id):
        row = one_row(WATCHLIST, _COLUMNS, user_id, "watchlist.id = ?", entry_id)
        movie_id = _watchlist_movie(row).movie_id
        what = f"Took {title_with_year(movie_id)} off the watchlist"
        apply(user_id, [removal_change(WATCHLIST, movie_id)], what=what, now=now)


def watchlist(
    user_id: int,
    filters: LibraryFilter = NO_FILTER,
    *,
    order: str = "watchlist.created_at DESC",
    limit: int,
    offset: int,
) -> tuple[int, list[WatchlistMovie]]:
    """Return the number of watchlist entries that pass the filters and one page of them.

    `order` comes from `movies.order_by`.
    """
    return page(
        WATCHLIST, _COLUMNS, _watchlist_movie, user_id, filters, order=order, limit=limit, offset=offset
    )


def watchlist_removal(user_id: int, movie_id: int) -> list[LibraryChange]:
    """Return the change that takes a movie just seen off the watchlist; none where the user turned that off."""
    leaves = db.value("SELECT seen_leaves_watchlist FROM profiles WHERE user_id = ?", user_id)
    return [removal_change(WATCHLIST, movie_id)] if leaves else []
