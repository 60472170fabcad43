"""The watchlist: films a user means to see, with a note."""

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
    id: int
    movie_id: int
    note: str
    created_at: int


_COLUMNS = "watchlist.id, watchlist.movie_id, watchlist.note, watchlist.created_at"


def _to_see(row: db.Row) -> WatchlistMovie:
    return WatchlistMovie(*row)


def add_to_watchlist(
    user_id: int, movie_id: int, *, note: str | None = None, now: int
) -> tuple[WatchlistMovie, bool]:
    """Put a film on the list. Returns it and whether it is new; again, without a note, nothing changes.

    Raises NotFound where there is no such film.
    """
    with library_transaction(user_id):
        what = f"Put {title_with_year(movie_id)} on the watchlist"
        done = apply(user_id, [watchlist_change(movie_id, note=note)], what=what, now=now)
        return _to_see(one_row(WATCHLIST, _COLUMNS, user_id, "movie_id = ?", movie_id)), done.added > 0


def remove_from_watchlist(user_id: int, entry_id: int, *, now: int) -> None:
    """Take a film off the list. Raises NotFound."""
    with library_transaction(user_id):
        movie_id = _to_see(one_row(WATCHLIST, _COLUMNS, user_id, "watchlist.id = ?", entry_id)).movie_id
        what = f"Took {title_with_year(movie_id)} off the watchlist"
        apply(user_id, [removal_change(WATCHLIST, movie_id)], what=what, now=now)


def watchlist(
    user_id: int,
    narrowing: LibraryFilter = NO_FILTER,
    *,
    order: str = "watchlist.created_at DESC",
    limit: int,
    offset: int,
) -> tuple[int, list[WatchlistMovie]]:
    """How many films on the watchlist pass, and one page of them. `order` comes from `movies.ordering`."""
    return page(WATCHLIST, _COLUMNS, _to_see, user_id, narrowing, order=order, limit=limit, offset=offset)


def watchlist_removal(user_id: int, movie_id: int) -> list[LibraryChange]:
    """The change that seeing a film brings to the watchlist, where the user has not turned that off."""
    leaves = db.value("SELECT seen_leaves_watchlist FROM profiles WHERE user_id = ?", user_id)
    return [removal_change(WATCHLIST, movie_id)] if leaves else []
