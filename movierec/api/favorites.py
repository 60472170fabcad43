"""`/api/v1/favorites/`: favorite movies of the user."""

from __future__ import annotations

from movierec import library, movies
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group, JsonResponse
from movierec.api.page_items import check_same_movie, movie_page_json, with_movies
from movierec.api.schemas import Page
from movierec.api.schemas import library as schemas
from movierec.api.schemas.movies import ListedMovie
from movierec.errors import NotFound
from movierec.library import FavoriteMovie

group = Group("/api/v1/favorites", tag="favorites")


@group.get("/", access=Access.USER, answers={200: Page[schemas.Favorite]})
def list_favorites(call: Call, query: schemas.FavoriteQuery) -> Page[schemas.Favorite]:
    """Return the favorites.

    Orderings: created_at, title, year; a leading - sorts in descending order.
    """
    return movie_page_json(call, query, library.favorites, library.FAVORITE_ORDERINGS, _encode)


@group.post(
    "/", access=Access.USER, answers={201: schemas.Favorite, 200: schemas.Favorite}, errors=(NotFound,)
)
def create_favorite(call: Call, body: schemas.AddFavorite) -> JsonResponse[schemas.Favorite]:
    """Create a favorite. Repeating the request returns the existing favorite."""
    favorite, is_new = movies.with_current_id(
        body.movie,
        lambda movie_id: library.add_favorite(call.user_id, movie_id, note=body.note, now=call.now),
    )
    return JsonResponse(201 if is_new else 200, with_movies([favorite], _encode)[0])


@group.get("/{id}/", access=Access.USER, answers={200: schemas.Favorite})
def get_favorite(call: Call, id: int) -> schemas.Favorite:
    """Return a favorite."""
    return with_movies([library.favorite(call.user_id, id)], _encode)[0]


@group.patch("/{id}/", access=Access.USER, answers={200: schemas.Favorite})
def update_favorite(call: Call, id: int, body: schemas.Annotate) -> schemas.Favorite:
    """Change the note of a favorite."""
    if body.movie is not None:
        check_same_movie(body.movie, library.favorite(call.user_id, id).movie_id)
    favorite = library.update_favorite(call.user_id, id, body.note, now=call.now)
    return with_movies([favorite], _encode)[0]


@group.delete("/{id}/", access=Access.USER, answers={204: None})
def delete_favorite(call: Call, id: int) -> None:
    """Delete a favorite."""
    library.remove_favorite(call.user_id, id, now=call.now)


@group.get("/check/{movie_id}/", access=Access.USER, answers={200: schemas.IsFavorited})
def check_favorite(call: Call, movie_id: int) -> schemas.IsFavorited:
    """Check if a movie is a favorite."""
    return {"is_favorited": library.is_favorite(call.user_id, movies.current_id(movie_id))}


def _encode(item: FavoriteMovie, movie: ListedMovie) -> schemas.Favorite:
    return {
        "movie": movie["id"],
        "movie_detail": movie,
        "id": item.id,
        "note": item.note,
        "created_at": timestamp(item.created_at),
    }
