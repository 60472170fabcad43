"""`/api/v1/favorites/ratings/`: ratings of the user, by rating id and by movie id."""

from __future__ import annotations

from typing import cast

from movierec import library, movies
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group, JsonResponse
from movierec.api.page_items import check_same_movie, movie_page_json, with_movies
from movierec.api.schemas import Page
from movierec.api.schemas import library as schemas
from movierec.api.schemas.movies import ListedMovie
from movierec.errors import NotFound
from movierec.library import RatedMovie, RatingChanges

group = Group("/api/v1/favorites/ratings", tag="ratings")


@group.get("/", access=Access.USER, answers={200: Page[schemas.Rating]})
def list_ratings(call: Call, query: schemas.RatingQuery) -> Page[schemas.Rating]:
    """Return the ratings.

    Orderings: updated_at, created_at, rating, title, year; a leading - sorts in descending order.
    """
    return movie_page_json(call, query, library.ratings, library.RATING_ORDERINGS, _encode)


@group.post("/", access=Access.USER, answers={201: schemas.Rating, 200: schemas.Rating}, errors=(NotFound,))
def create_rating(call: Call, body: schemas.RateMovie) -> JsonResponse[schemas.Rating]:
    """Rate a movie: 201 for a new rating, 200 for a changed one. Without `review` the stored review is kept.

    The movie is removed from the watchlist unless the profile disables that.
    """
    return _rate(call, body.movie, body.rating, body.review)


@group.get("/{id}/", access=Access.USER, answers={200: schemas.Rating})
def get_rating(call: Call, id: int) -> schemas.Rating:
    """Return a rating."""
    return _rating_json(library.rating(call.user_id, id))


@group.put("/{id}/", access=Access.USER, answers={200: schemas.Rating})
def replace_rating(call: Call, id: int, body: schemas.SetRating) -> schemas.Rating:
    """Replace a rating. An empty `review` deletes the review, a missing one keeps it."""
    return _update(call, id, body.movie, {"rating": body.rating, "review": body.review})


@group.patch("/{id}/", access=Access.USER, answers={200: schemas.Rating})
def update_rating(call: Call, id: int, body: schemas.ReviseRating) -> schemas.Rating:
    """Change rating or review. Missing fields are left unchanged."""
    changes = body.model_dump(exclude={"movie"}, exclude_none=True)
    return _update(call, id, body.movie, cast(RatingChanges, changes))


@group.delete("/{id}/", access=Access.USER, answers={204: None})
def delete_rating(call: Call, id: int) -> None:
    """Delete a rating."""
    library.delete_rating(call.user_id, id, now=call.now)


@group.get("/movie/{movie_id}/", access=Access.USER, answers={200: schemas.Rating})
def get_rating_of_movie(call: Call, movie_id: int) -> schemas.Rating:
    """Return the rating of a movie."""
    return _rating_json(
        movies.with_current_id(movie_id, lambda movie_id: library.rating_of_movie(call.user_id, movie_id))
    )


@group.put("/movie/{movie_id}/", access=Access.USER, answers={200: schemas.Rating, 201: schemas.Rating})
def rate_movie(call: Call, movie_id: int, body: schemas.SetRating) -> JsonResponse[schemas.Rating]:
    """Rate a movie by its id. Idempotent. Without `review` the stored review is kept."""
    check_same_movie(body.movie, movie_id)
    return _rate(call, movie_id, body.rating, body.review)


@group.delete("/movie/{movie_id}/", access=Access.USER, answers={204: None})
def delete_rating_of_movie(call: Call, movie_id: int) -> None:
    """Delete the rating of a movie."""
    movies.with_current_id(
        movie_id, lambda movie_id: library.delete_rating_of_movie(call.user_id, movie_id, now=call.now)
    )


def _rate(call: Call, movie_id: int, stars: float, review: str | None) -> JsonResponse[schemas.Rating]:
    rating, is_new = movies.with_current_id(
        movie_id, lambda movie_id: library.rate(call.user_id, movie_id, stars, review=review, now=call.now)
    )
    return JsonResponse(201 if is_new else 200, _rating_json(rating))


def _update(call: Call, rating_id: int, movie_id: int | None, changes: RatingChanges) -> schemas.Rating:
    if movie_id is not None:
        check_same_movie(movie_id, library.rating(call.user_id, rating_id).movie_id)
    return _rating_json(library.update_rating(call.user_id, rating_id, changes, now=call.now))


def _rating_json(item: RatedMovie) -> schemas.Rating:
    return with_movies([item], _encode)[0]


def _encode(item: RatedMovie, movie: ListedMovie) -> schemas.Rating:
    return {
        "movie": movie["id"],
        "movie_detail": movie,
        "id": item.id,
        "rating": item.stars,
        "review": item.review,
        "created_at": timestamp(item.created_at),
        "updated_at": timestamp(item.updated_at),
    }
