"""The watchlist: films a user means to see, with a note."""

from __future__ import annotations

from dataclasses import dataclass

from movierec import db
from movierec.library.apply_changes import apply
from movierec.library.changes import WATCHLIST, Change, to_remove, to_watchlist
from movierec.library.journal import alone, title_of
from movierec.library.queries import BY_FILM, EVERYTHING, Narrowing, one, page

ORDERINGS = {"created_at": "watchlist.created_at", **BY_FILM}


@dataclass(frozen=True, slots=True)
class MovieToSee:
    id: int
    movie_id: int
    note: str
    created_at: int


_COLUMNS = "watchlist.id, watchlist.movie_id, watchlist.note, watchlist.created_at"


def _to_see(row: db.Row) -> MovieToSee:
    return MovieToSee(*row)


def add_to_watchlist(
    user_id: int, movie_id: int, *, note: str | None = None, now: int
) -> tuple[MovieToSee, bool]:
    """Put a film on the list. Returns it and whether it is new; again, without a note, nothing changes.

    Raises NotFound where there is no such film.
    """
    with alone(user_id):
        what = f"Put {title_of(movie_id)} on the watchlist"
        done = apply(user_id, [to_watchlist(movie_id, note=note)], what=what, now=now)
        return _to_see(one(WATCHLIST, _COLUMNS, user_id, "movie_id = ?", movie_id)), done.added > 0


def remove_from_watchlist(user_id: int, entry_id: int, *, now: int) -> None:
    """Take a film off the list. Raises NotFound."""
    with alone(user_id):
        movie_id = _to_see(one(WATCHLIST, _COLUMNS, user_id, "watchlist.id = ?", entry_id)).movie_id
        what = f"Took {title_of(movie_id)} off the watchlist"
        apply(user_id, [to_remove(WATCHLIST, movie_id)], what=what, now=now)


def watchlist(
    user_id: int,
    narrowing: Narrowing = EVERYTHING,
    *,
    order: str = "watchlist.created_at DESC",
    limit: int,
    offset: int,
) -> tuple[int, list[MovieToSee]]:
    """How many films on the watchlist pass, and one page of them. `order` comes from `movies.ordering`."""
    return page(WATCHLIST, _COLUMNS, _to_see, user_id, narrowing, order=order, limit=limit, offset=offset)


def leaving_watchlist(user_id: int, movie_id: int) -> list[Change]:
    """The change that seeing a film brings to the watchlist, where the user has not turned that off."""
    leaves = db.value("SELECT seen_leaves_watchlist FROM profiles WHERE user_id = ?", user_id)
    return [to_remove(WATCHLIST, movie_id)] if leaves else []
