"""`/api/v1/history/`: movies seen by the user, with the time of each viewing."""

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
from movierec.library import SeenMovie

group = Group("/api/v1/history", tag="history")


@group.get("/", access=Access.USER, answers={200: Page[schemas.HistoryEntry]})
def list_history(call: Call, query: schemas.HistoryQuery) -> Page[schemas.HistoryEntry]:
    """Return the history, latest first. Entries without a time come last.

    Orderings: watched_at, created_at, title, year; a leading - sorts in descending order.
    """
    return movie_page_json(call, query, library.history, library.HISTORY_ORDERINGS, _encode)


@group.post(
    "/",
    access=Access.USER,
    answers={201: schemas.HistoryEntry, 200: schemas.HistoryEntry},
    errors=(NotFound,),
)
def add_viewing(call: Call, body: schemas.AddToHistory) -> JsonResponse[schemas.HistoryEntry]:
    """Add a viewing of a movie. The same movie at the same time updates the existing entry.

    The movie is not recommended again. It is removed from the watchlist unless the profile disables that.
    """
    entry, is_new = movies.with_current_id(
        body.movie,
        lambda movie_id: library.add_to_history(
            call.user_id, movie_id, body.watched_at, rewatch=body.rewatch, tags=body.tags, now=call.now
        ),
    )
    return JsonResponse(201 if is_new else 200, with_movies([entry], _encode)[0])


@group.delete("/{id}/", access=Access.USER, answers={204: None})
def delete_viewing(call: Call, id: int) -> None:
    """Delete an entry of the history."""
    library.remove_from_history(call.user_id, id, now=call.now)


def _encode(item: SeenMovie, movie: ListedMovie) -> schemas.HistoryEntry:
    return {
        "movie": movie["id"],
        "movie_detail": movie,
        "id": item.id,
        "watched_at": item.watched_at,
        "rewatch": item.rewatch,
        "tags": item.tags,
        "created_at": timestamp(item.created_at),
    }
