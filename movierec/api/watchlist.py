"""`/api/v1/watchlist/`: movies that the user plans to see."""

from __future__ import annotations

from movierec import library, movies
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group, JsonResponse
from movierec.api.page_items import movie_page_json, with_movies
from movierec.api.schemas import Page
from movierec.api.schemas import library as schemas
from movierec.api.schemas.movies import ListedMovie
from movierec.errors import NotFound
from movierec.library import WatchlistMovie

group = Group("/api/v1/watchlist", tag="watchlist")


@group.get("/", access=Access.USER, answers={200: Page[schemas.WatchlistEntry]})
def list_watchlist(call: Call, query: schemas.WatchlistQuery) -> Page[schemas.WatchlistEntry]:
    """Return the watchlist.

    Orderings: created_at, title, year; a leading - sorts in descending order.
    """
    return movie_page_json(call, query, library.watchlist, library.WATCHLIST_ORDERINGS, _encode)


@group.post(
    "/",
    access=Access.USER,
    answers={201: schemas.WatchlistEntry, 200: schemas.WatchlistEntry},
    errors=(NotFound,),
)
def add_to_watchlist(call: Call, body: schemas.AddToWatchlist) -> JsonResponse[schemas.WatchlistEntry]:
    """Add a movie to the watchlist. Repeating the request updates the note of the existing entry.

    The movie is removed when it is rated or added to the history, unless the profile disables that.
    """
    entry, is_new = movies.with_current_id(
        body.movie,
        lambda movie_id: library.add_to_watchlist(call.user_id, movie_id, note=body.note, now=call.now),
    )
    return JsonResponse(201 if is_new else 200, with_movies([entry], _encode)[0])


@group.delete("/{id}/", access=Access.USER, answers={204: None})
def remove_from_watchlist(call: Call, id: int) -> None:
    """Remove a movie from the watchlist."""
    library.remove_from_watchlist(call.user_id, id, now=call.now)


def _encode(item: WatchlistMovie, movie: ListedMovie) -> schemas.WatchlistEntry:
    return {
        "movie": movie["id"],
        "movie_detail": movie,
        "id": item.id,
        "note": item.note,
        "created_at": timestamp(item.created_at),
    }
