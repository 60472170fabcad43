"""`/api/v1/recommendations/`: recommendations with reasons, similar movies, explanations, feedback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from movierec import auth, movies, recommender
from movierec.api.call import Call
from movierec.api.encoding import raw_json, timestamp
from movierec.api.endpoint import CATALOGUE_CACHE_SECONDS, Access, DeferredWrite, Group, JsonResponse
from movierec.api.movies import listed_movie_json
from movierec.api.page_items import with_movies
from movierec.api.pages import page_json, single_page_json
from movierec.api.schemas import Page
from movierec.api.schemas import recommendations as schemas
from movierec.api.schemas.movies import ListedMovie
from movierec.durations import DAY_SECONDS
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


@group.get("/", access=Access.USER, answers={200: Page[schemas.Recommendation]})
def list_recommendations(
    call: Call, query: schemas.RecommendQuery
) -> Page[schemas.Recommendation] | DeferredWrite[Page[schemas.Recommendation]]:
    """Return recommendations, best first, with reasons.

    A rating counts from the next request on. Filters apply before the ranking.
    """
    recommended, stored = _compute(call, query)
    if stored is None:
        # Write only a changed list: an unchanged one needs no write transaction.
        return DeferredWrite(
            lambda: single_page_json(
                _logged_json(recommender.log_recommendations(call.user_id, recommended, call.now))
            )
        )
    return single_page_json(_logged_json(stored))


@group.post("/refresh/", access=Access.USER, answers={200: schemas.Refreshed})
async def refresh_recommendations(call: Call) -> schemas.Refreshed:
    """Compute the list again and store it. Feedback is kept."""
    recommended, stored = await call.read(_compute, call, schemas.RecommendQuery())
    if stored is None:
        stored = await call.write(recommender.log_recommendations, call.user_id, recommended, call.now)
    results = await call.read(_logged_json, stored)
    return {"message": f"{len(results)} recommendations.", "recommendations": results}


def _compute(
    call: Call, query: schemas.RecommendQuery
) -> tuple[list[RecommendedMovie], list[LoggedRecommendation] | None]:
    """Return a list, and its stored rows if all of it is stored already."""
    state = call.services.recommender.state()
    recommended = recommender.recommend_for(state, call.user_id, _request(call, query))
    return recommended, recommender.find_logged(call.user_id, recommended)


def _request(call: Call, query: schemas.RecommendQuery) -> RecommendRequest:
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
        seed=_seed_of_today(call) if query.pick and query.seed is None else query.seed,
        watchlist=query.source == "watchlist",
        pick=query.pick,
        preference=Preference(tuple(auth.favorite_genres(profile)), profile.preferred_language),
    )


def _seed_of_today(call: Call) -> int:
    """Return a seed that stays the same all day, so that repeated requests return the same pick."""
    return call.user_id + call.now // DAY_SECONDS


@group.get("/quickstart/", access=Access.USER, answers={200: Page[ListedMovie]})
def list_quickstart(call: Call, query: schemas.QuickstartQuery) -> Page[ListedMovie]:
    """Return varied well-known movies to rate, whose ratings say most about a new user.

    Movies already rated, favorited or dismissed are left out.
    """
    adult = auth.profile_of(call.user_id).mature_content
    state = call.services.recommender.state()
    movie_ids = recommender.quickstart_for(state, call.user_id, query.limit, seed=query.seed, adult=adult)
    summaries = {movie.id: movie for movie in movies.summaries(movie_ids)}
    return single_page_json(
        [listed_movie_json(summaries[movie_id]) for movie_id in movie_ids if movie_id in summaries]
    )


@group.get("/{id}/", access=Access.USER, answers={200: schemas.Recommendation})
async def get_recommendation(call: Call, id: int) -> schemas.Recommendation:
    """Return a stored recommendation as it was made."""
    results = await call.write(lambda: _logged_json([recommender.open_recommendation(call.user_id, id)]))
    return results[0]


@group.get(
    "/similar/{movie_id}/",
    access=Access.PUBLIC,
    answers={200: Page[schemas.SimilarMovie]},
    cache_seconds=CATALOGUE_CACHE_SECONDS,
)
def list_similar(call: Call, movie_id: int, query: schemas.SimilarQuery) -> Page[schemas.SimilarMovie]:
    """Return similar movies, most similar first, with what they have in common."""
    movie_id = movies.detail(movie_id).summary.id
    state = call.services.recommender.state()
    items = recommender.similar_movies(state, movie_id, query.limit) or []
    summaries = {movie.id: movie for movie in movies.summaries([item.movie_id for item in items])}
    return single_page_json(
        [
            {
                **listed_movie_json(summaries[item.movie_id]),
                "similarity": item.similarity,
                "reason": item.reason,
            }
            for item in items
            if item.movie_id in summaries
        ]
    )


@group.get("/explain/{movie_id}/", access=Access.USER, answers={200: schemas.Explanation})
def explain_score(call: Call, movie_id: int) -> schemas.Explanation:
    """Explain the score of a movie: the contribution of each of the user's ratings."""
    movie_id = movies.current_id(movie_id)
    summaries = movies.summaries([movie_id])
    if not summaries:
        raise NotFound("There is no such movie.")
    explanation = recommender.explain(call.services.recommender.state(), call.user_id, movie_id)
    if explanation is None:
        raise Busy("The recommender does not know this movie yet. Try again shortly.", retry_after_seconds=5)
    return {
        "movie": listed_movie_json(summaries[0]),
        "score": explanation.score,
        "baseline": explanation.baseline,
        "predicted_rating": explanation.predicted_rating,
        "reason": explanation.reason,
        "because": list(map(_reason_json, explanation.contributions)),
        "model": explanation.model,
    }


@group.post("/feedback/", access=Access.USER, answers={201: schemas.Feedback}, errors=(NotFound,))
def create_feedback(call: Call, body: schemas.GiveFeedback) -> JsonResponse[schemas.Feedback]:
    """Create feedback: like, dislike or dismiss. A disliked or dismissed movie is not recommended again."""
    movie_id = body.movie
    if body.recommendation is not None:
        movie_id = recommender.recommended_movie(call.user_id, body.recommendation)
    assert movie_id is not None
    feedback = movies.with_current_id(
        movie_id,
        lambda movie_id: recommender.give_feedback(
            call.user_id, movie_id, body.feedback_type, comment=body.comment or "", now=call.now
        ),
    )
    return JsonResponse(201, with_movies([feedback], _feedback_json)[0])


@group.get("/feedback/list/", access=Access.USER, answers={200: Page[schemas.Feedback]})
def list_feedback(call: Call, query: schemas.FeedbackQuery) -> Page[schemas.Feedback]:
    """Return the feedback, newest first."""
    count, rows = recommender.list_feedback(call.user_id, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, with_movies(rows, _feedback_json))


@group.delete("/feedback/{id}/", access=Access.USER, answers={204: None})
def delete_feedback(call: Call, id: int) -> None:
    """Delete feedback."""
    recommender.withdraw_feedback(call.user_id, id)


def _reason_json(reason: Reason) -> schemas.Because:
    return {
        "movie": reason.movie_id,
        "title": reason.title,
        "rating": reason.stars,
        "contribution": reason.contribution,
    }


def _logged_json(rows: Sequence[LoggedRecommendation]) -> list[schemas.Recommendation]:
    summaries = {movie.id: movie for movie in movies.summaries([row.movie_id for row in rows])}
    return [
        {
            "id": row.id,
            "movie": listed_movie_json(summaries[row.movie_id]),
            "score": row.score,
            "predicted_rating": row.predicted_rating,
            "recommendation_type": cast(schemas.RecommendationType, row.kind),
            "reason": row.reason,
            "because": cast(list[schemas.Because], raw_json(row.because)),
            "model": row.model,
            "is_clicked": row.is_clicked,
            "is_rated": row.is_rated,
            "created_at": timestamp(row.created_at),
        }
        for row in rows
        if row.movie_id in summaries
    ]


def _feedback_json(item: StoredFeedback, movie: ListedMovie) -> schemas.Feedback:
    return {
        "movie": movie["id"],
        "movie_detail": movie,
        "id": item.id,
        "recommendation": item.recommendation_id,
        "feedback_type": item.kind,
        "comment": item.comment,
        "created_at": timestamp(item.created_at),
    }
