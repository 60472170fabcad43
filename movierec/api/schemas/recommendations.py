"""Recommendations, their reasons, and feedback."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from movierec.api.limits import DEFAULT_PAGE_SIZE, INT32_END, MAXIMUM_PAGE_SIZE, MAXIMUM_RUNTIME_MINUTES
from movierec.api.schemas.base import Id, Input, Note, Output, PageQuery, Timestamp
from movierec.api.schemas.movies import ListedMovie, Year

# Length of the short lists: similar movies and the movies to start with.
DEFAULT_SHORT_LIST = 10

RecommendationType = Literal["community", "content", "popular"]
Share = Annotated[float, Field(ge=0, le=1)]
Limit = Annotated[int, Field(ge=1, le=MAXIMUM_PAGE_SIZE)]
Seed = Annotated[int, Field(ge=0, lt=INT32_END)]


def _split_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


Names = Annotated[str, Field(max_length=400)]


class RecommendQuery(Input):
    limit: Limit = DEFAULT_PAGE_SIZE
    genre: Names = Field("", description="Genres that a movie must all have, separated by commas.")
    exclude_genre: Names = Field("", description="Genres that a movie must not have, separated by commas.")
    year_min: Year | None = None
    year_max: Year | None = None
    language: str | None = Field(
        None, max_length=10, description="ISO 639-1 code of the original language, for example fr."
    )
    min_votes: int = Field(0, ge=0, le=INT32_END, description="Minimum number of votes.")
    runtime_max: int | None = Field(
        None, ge=1, le=MAXIMUM_RUNTIME_MINUTES, description="Maximum running time in minutes."
    )
    novelty: Share | None = Field(None, description="Preference from well-known (0) to obscure movies (1).")
    diversity: Share | None = Field(
        None, description="Trade-off from the highest scores (0) to the most varied list (1)."
    )
    include_seen: bool = Field(False, description="Include movies that the user has already seen.")
    seed: int | None = Field(
        None, ge=0, lt=INT32_END, description="Random seed; each seed explores other movies."
    )
    source: Literal["watchlist"] | None = Field(
        None, alias="from", description="Recommend only movies from the watchlist."
    )
    pick: bool = Field(False, description="Return one of the best movies; the pick changes daily.")

    @property
    def genres(self) -> tuple[str, ...]:
        return _split_names(self.genre)

    @property
    def exclude_genres(self) -> tuple[str, ...]:
        return _split_names(self.exclude_genre)


class QuickstartQuery(Input):
    limit: Limit = DEFAULT_SHORT_LIST
    seed: int | None = Field(
        None, ge=0, lt=INT32_END, description="Random seed; each seed returns other movies."
    )


class SimilarQuery(Input):
    limit: Limit = DEFAULT_SHORT_LIST


class Because(Output):
    """One of the user's movies that contributes to the score. In lists, contributions are shares of 1.

    `rating` is null if the movie is a favorite, liked or disliked without a rating.
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
    recommendation_type: RecommendationType
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
    """Explanation of a score: `score` equals `baseline` plus the sum of the contributions."""

    movie: ListedMovie
    score: float
    baseline: float
    predicted_rating: float | None
    reason: str
    because: list[Because]
    model: str


class GiveFeedback(Input):
    """Feedback on a recommendation or on a movie."""

    recommendation: Id | None = None
    movie: Id | None = None
    feedback_type: Literal["like", "dislike", "not_interested"]
    comment: Note | None = None

    @model_validator(mode="after")
    def _check_one_subject(self) -> GiveFeedback:
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
