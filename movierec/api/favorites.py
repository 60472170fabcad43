"""`/api/v1/favorites/`: the films a user loves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from movierec import library, movies
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Answer, Group
from movierec.api.movies import listed_json
from movierec.api.pages import page_json
from movierec.api.schemas import Page
from movierec.api.schemas import library as schemas
from movierec.errors import NotFound
from movierec.library import FavoriteMovie

group = Group("/api/v1/favorites", tag="favorites")


@group.get("/", access=Access.USER, answers={200: Page[schemas.Favorite]})
def favorites(call: Call, query: schemas.FavoriteQuery) -> dict[str, Any]:
    """The own favorites."""
    order = movies.ordering(query.ordering, library.FAVORITE_ORDERINGS)
    count, found = library.favorites(call.user_id, order=order, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, _favorites_json(found))


@group.post(
    "/", access=Access.USER, answers={201: schemas.Favorite, 200: schemas.Favorite}, errors=(NotFound,)
)
def add(call: Call, body: schemas.AddFavorite) -> Answer:
    """Make a movie a favorite; again, it answers the same one."""
    made, is_new = library.add_favorite(call.user_id, body.movie, note=body.note, now=call.now)
    return Answer(201 if is_new else 200, *_favorites_json([made]))


@group.get("/{id}/", access=Access.USER, answers={200: schemas.Favorite})
def favorite(call: Call, id: int) -> dict[str, Any]:
    """One favorite."""
    return _favorites_json([library.favorite(call.user_id, id)])[0]


@group.patch("/{id}/", access=Access.USER, answers={200: schemas.Favorite})
def annotate(call: Call, id: int, body: schemas.Annotate) -> dict[str, Any]:
    """Change the note."""
    return _favorites_json([library.annotate_favorite(call.user_id, id, body.note, now=call.now)])[0]


@group.delete("/{id}/", access=Access.USER, answers={204: None})
def remove(call: Call, id: int) -> None:
    """Remove a favorite."""
    library.remove_favorite(call.user_id, id, now=call.now)


@group.get("/check/{movie_id}/", access=Access.USER, answers={200: schemas.IsFavorited})
def check(call: Call, movie_id: int) -> dict[str, Any]:
    """Whether a movie is a favorite."""
    return {"is_favorited": library.is_favorite(call.user_id, movie_id)}


def _favorites_json(found: Sequence[FavoriteMovie]) -> list[dict[str, Any]]:
    films = {film.id: film for film in movies.listed([item.movie_id for item in found])}
    return [
        {
            "id": item.id,
            "movie": item.movie_id,
            "movie_detail": listed_json(films[item.movie_id]),
            "note": item.note,
            "created_at": timestamp(item.created_at),
        }
        for item in found
    ]
