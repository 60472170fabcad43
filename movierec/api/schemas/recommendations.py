"""Recommendations, their reasons, and feedback."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from movierec.api.schemas.base import Id, Input, Output, PageQuery, Timestamp
from movierec.api.schemas.library import Note
from movierec.api.schemas.movies import ListedMovie

Share = Annotated[float, Field(ge=0, le=1)]
Year = Annotated[int, Field(ge=1870, le=2200)]


def _several(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


Names = Annotated[str, Field(max_length=400)]


class RecommendQuery(Input):
    limit: int = Field(20, ge=1, le=100)
    genre: Names = Field("", description="Only movies of these genres, separated by commas: all of them.")
    exclude_genre: Names = Field("", description="No movies of these genres, separated by commas.")
    year_min: Year | None = None
    year_max: Year | None = None
    language: str | None = Field(None, max_length=10, description="Original language, such as fr.")
    min_votes: int = Field(0, ge=0, le=2**31)
    runtime_max: int | None = Field(None, ge=1, le=10_000)
    novelty: Share | None = Field(None, description="0 well known, 1 adventurous.")
    diversity: Share | None = Field(None, description="0 the best ones, 1 as different as can be.")
    include_seen: bool = False
    seed: int | None = Field(None, ge=0, lt=2**31, description="another number explores other movies.")
    source: Literal["watchlist"] | None = Field(None, alias="from", description="Only from the watchlist.")
    pick: bool = Field(False, description="One of the best, for tonight; another one tomorrow.")

    @property
    def genres(self) -> tuple[str, ...]:
        return _several(self.genre)

    @property
    def exclude_genres(self) -> tuple[str, ...]:
        return _several(self.exclude_genre)


class QuickstartQuery(Input):
    limit: int = Field(10, ge=1, le=100)
    seed: int | None = Field(None, ge=0, lt=2**31, description="another number gives other movies.")


class SimilarQuery(Input):
    limit: int = Field(10, ge=1, le=100)


class Because(Output):
    """One of the user's own movies that speaks for it; in lists `contribution` is a share of 1.

    `rating` is null where the movie is a favorite, liked or disliked without a rating.
    """

    movie: int
    title: str
    rating: float | None
    contribution: float


class Recommendation(Output):
    id: int
    movie: ListedMovie
    score: float
    predicted_rating: float | None
    recommendation_type: Literal["community", "content", "popular"]
    reason: str
    because: list[Because]
    model: str
    is_clicked: bool
    is_rated: bool
    created_at: Timestamp


class Refreshed(Output):
    message: str
    recommendations: list[Recommendation]


class SimilarMovie(ListedMovie):
    similarity: float
    reason: str


class Explanation(Output):
    """`score` is `baseline` plus the sum of the contributions."""

    movie: ListedMovie
    score: float
    baseline: float
    predicted_rating: float | None
    reason: str
    because: list[Because]
    model: str


class GiveFeedback(Input):
    """Of a recommendation or of a movie."""

    recommendation: Id | None = None
    movie: Id | None = None
    feedback_type: Literal["like", "dislike", "not_interested"]
    comment: Note | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> GiveFeedback:
        if (self.recommendation is None) == (self.movie is None):
            raise ValueError("Send either recommendation or movie")
        return self


class Feedback(Output):
    id: int
    movie: int
    movie_detail: ListedMovie
    recommendation: int | None
    feedback_type: str
    comment: str
    created_at: Timestamp


class FeedbackQuery(PageQuery):
    pass
