"""`/api/v1/recommendations/`: recommendations with reasons, similar movies, explanations, feedback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from movierec import auth, movies, recommender
from movierec.api.call import Call
from movierec.api.encoding import raw_json, timestamp
from movierec.api.endpoint import Access, DeferredWrite, Group, JsonResponse
from movierec.api.movies import listed_movie_json
from movierec.api.page_items import with_movies
from movierec.api.pages import page_json, single_page_json
from movierec.api.schemas import Page
from movierec.api.schemas import recommendations as schemas
from movierec.api.schemas.movies import ListedMovie
from movierec.errors import Busy, NotFound
from movierec.recommender import (
    CandidateFilters,
    LoggedRecommendation,
    Preference,
    Reason,
    RecommendedMovie,
    RecommendRequest,
    StoredFeedback,
)

group = Group("/api/v1/recommendations", tag="recommendations")

SECONDS_A_DAY = 86_400


@group.get("/", access=Access.USER, answers={200: Page[schemas.Recommendation]})
def recommendations(call: Call, query: schemas.RecommendQuery) -> dict[str, Any] | DeferredWrite:
    """Return recommendations, best first, with reasons.

    A rating is taken into account by the very next request. Filters apply before the ranking.
    """
    found, stored = _recommend(call, query)
    if stored is None:
        # Write only a changed list: an unchanged one needs no write transaction.
        return DeferredWrite(
            lambda: single_page_json(
                _shown_json(recommender.log_recommendations(call.user_id, found, call.now))
            )
        )
    return single_page_json(_shown_json(stored))


@group.post("/refresh/", access=Access.USER, answers={200: schemas.Refreshed})
async def refresh(call: Call) -> dict[str, Any]:
    """Compute the list again and store it. Feedback is kept."""
    found, stored = await call.read(_recommend, call, schemas.RecommendQuery())
    if stored is None:
        stored = await call.write(recommender.log_recommendations, call.user_id, found, call.now)
    results = await call.read(_shown_json, stored)
    return {"message": f"{len(results)} recommendations.", "recommendations": results}


def _recommend(
    call: Call, query: schemas.RecommendQuery
) -> tuple[list[RecommendedMovie], list[LoggedRecommendation] | None]:
    """Return a list, and its stored rows if all of it is stored already."""
    found = recommender.recommend_for(call.services.recommender.state(), call.user_id, _wish(call, query))
    return found, recommender.find_logged(call.user_id, found)


def _wish(call: Call, query: schemas.RecommendQuery) -> RecommendRequest:
    profile = auth.profile_of(call.user_id)
    return RecommendRequest(
        limit=query.limit,
        filters=CandidateFilters(
            genres=tuple(movies.resolve_genre_names(query.genres, "genre")),
            exclude_genres=tuple(movies.resolve_genre_names(query.exclude_genres, "exclude_genre")),
            year_min=query.year_min,
            year_max=query.year_max,
            language=query.language or None,
            min_votes=query.min_votes,
            runtime_max=query.runtime_max,
            adult=profile.mature_content,
        ),
        novelty=query.novelty,
        diversity=query.diversity,
        include_seen=query.include_seen,
        seed=_of_tonight(call) if query.pick and query.seed is None else query.seed,
        watchlist=query.source == "watchlist",
        pick=query.pick,
        preference=Preference(tuple(auth.favorite_genres(profile)), profile.preferred_language),
    )


def _of_tonight(call: Call) -> int:
    """Return a seed that stays the same all day, so that repeated requests return the same pick."""
    return call.user_id + call.now // SECONDS_A_DAY


@group.get("/quickstart/", access=Access.USER, answers={200: Page[ListedMovie]})
def quickstart(call: Call, query: schemas.QuickstartQuery) -> dict[str, Any]:
    """Return varied well-known movies to rate, whose ratings say most about a new user.

    Movies already rated, favorited or dismissed are left out.
    """
    adult = auth.profile_of(call.user_id).mature_content
    serving = call.services.recommender.state()
    found = recommender.quickstart_for(serving, call.user_id, query.limit, seed=query.seed, adult=adult)
    films = {film.id: film for film in movies.summaries(found)}
    return single_page_json([listed_movie_json(films[movie_id]) for movie_id in found if movie_id in films])


@group.get("/{id}/", access=Access.USER, answers={200: schemas.Recommendation})
async def recommendation(call: Call, id: int) -> dict[str, Any]:
    """Return a stored recommendation as it was made."""
    found = await call.write(lambda: _shown_json([recommender.open_recommendation(call.user_id, id)]))
    return found[0]


@group.get(
    "/similar/{movie_id}/", access=Access.PUBLIC, answers={200: Page[schemas.SimilarMovie]}, cache_seconds=60
)
def similar(call: Call, movie_id: int, query: schemas.SimilarQuery) -> dict[str, Any]:
    """Return similar movies, most similar first, with what they have in common."""
    movie_id = movies.detail(movie_id).listed.id
    found = recommender.similar_movies(call.services.recommender.state(), movie_id, query.limit) or []
    films = {film.id: film for film in movies.summaries([item.movie_id for item in found])}
    return single_page_json(
        [
            {**listed_movie_json(films[item.movie_id]), "similarity": item.similarity, "reason": item.reason}
            for item in found
            if item.movie_id in films
        ]
    )


@group.get("/explain/{movie_id}/", access=Access.USER, answers={200: schemas.Explanation})
def explain(call: Call, movie_id: int) -> dict[str, Any]:
    """Explain the score of a movie: the contribution of each of the user's ratings."""
    movie_id = movies.current_id(movie_id)
    films = movies.summaries([movie_id])
    if not films:
        raise NotFound("There is no such movie.")
    account = recommender.explain(call.services.recommender.state(), call.user_id, movie_id)
    if account is None:
        raise Busy("The recommender does not know this movie yet. Try again shortly.", retry_after_seconds=5)
    return {
        "movie": listed_movie_json(films[0]),
        "score": account.score,
        "baseline": account.baseline,
        "predicted_rating": account.predicted_rating,
        "reason": account.reason,
        "because": [_reason_json(item) for item in account.contributions],
        "model": account.model,
    }


@group.post("/feedback/", access=Access.USER, answers={201: schemas.Feedback}, errors=(NotFound,))
def give_feedback(call: Call, body: schemas.GiveFeedback) -> JsonResponse:
    """Create feedback: like, dislike or dismiss. A disliked or dismissed movie is not recommended again."""
    movie_id = body.movie
    if body.recommendation is not None:
        movie_id = recommender.recommended_movie(call.user_id, body.recommendation)
    assert movie_id is not None
    given = movies.with_current_id(
        movie_id,
        lambda film: recommender.give_feedback(
            call.user_id, film, body.feedback_type, comment=body.comment or "", now=call.now
        ),
    )
    return JsonResponse(201, with_movies([given], _feedback_json)[0])


@group.get("/feedback/list/", access=Access.USER, answers={200: Page[schemas.Feedback]})
def feedback(call: Call, query: schemas.FeedbackQuery) -> dict[str, Any]:
    """Return the feedback, newest first."""
    count, found = recommender.list_feedback(call.user_id, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, with_movies(found, _feedback_json))


@group.delete("/feedback/{id}/", access=Access.USER, answers={204: None})
def withdraw_feedback(call: Call, id: int) -> None:
    """Delete feedback."""
    recommender.withdraw_feedback(call.user_id, id)


def _reason_json(item: Reason) -> dict[str, Any]:
    return {
        "movie": item.movie_id,
        "title": item.title,
        "rating": item.stars,
        "contribution": item.contribution,
    }


def _shown_json(found: Sequence[LoggedRecommendation]) -> list[dict[str, Any]]:
    films = {film.id: film for film in movies.summaries([item.movie_id for item in found])}
    return [
        {
            "id": item.id,
            "movie": listed_movie_json(films[item.movie_id]),
            "score": item.score,
            "predicted_rating": item.predicted_rating,
            "recommendation_type": item.kind,
            "reason": item.reason,
            "because": raw_json(item.because),
            "model": item.model,
            "is_clicked": item.is_clicked,
            "is_rated": item.is_rated,
            "created_at": timestamp(item.created_at),
        }
        for item in found
        if item.movie_id in films
    ]


def _feedback_json(item: StoredFeedback) -> dict[str, Any]:
    return {
        "id": item.id,
        "recommendation": item.recommendation_id,
        "feedback_type": item.kind,
        "comment": item.comment,
        "created_at": timestamp(item.created_at),
    }
