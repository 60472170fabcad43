"""Statistics of a user's library."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from movierec.api.schemas.base import Input, Output


class StatisticsQuery(Input):
    year: int | None = Field(None, ge=1870, le=9999, description="Only movies seen in this year.")
    top: int = Field(10, ge=1, le=100, description="Maximum number of directors.")
    foresight: bool = Field(
        False,
        description="Add the model's accuracy on the newest ratings, each predicted from all the others.",
    )


class Counts(Output):
    ratings: int
    reviews: int
    favorites: int
    watchlist: int
    films: Annotated[int, Field(description="Number of different movies seen.")]
    viewings: Annotated[
        int, Field(description="Number of history entries, plus one for each rated movie that has no entry.")
    ]
    rewatches: int
    minutes: Annotated[
        int, Field(description="Total running time of all viewings with a known running time.")
    ]


class RatingCount(Output):
    rating: float
    count: int


class RatedGroup(Output):
    name: str
    count: int
    mean: Annotated[float, Field(description="Mean rating in stars.")]


class YearSeen(Output):
    year: Annotated[int | None, Field(description="Year of watching; null if it is unknown.")]
    films: int
    viewings: int
    rewatches: int
    minutes: int


class Opinion(Output):
    movie: int
    title: str
    year: int | None
    rating: float
    critics_score: Annotated[int | None, Field(description="Percentage of critics who liked it.")]


class Agreement(Output):
    films: Annotated[int, Field(description="Number of rated movies with a critics' score.")]
    mean_rating: float | None
    mean_critics_score: float | None
    correlation: Annotated[
        float | None,
        Field(
            description="Pearson's r, from -1 to 1; null for fewer than three movies or if all ratings are equal."
        ),
    ]
    disagreements: Annotated[
        list[Opinion],
        Field(description="Movies with the largest difference, five stars being a score of 100."),
    ]


class Surprise(Output):
    movie: int
    title: str
    rating: float
    expected: float


class Foresight(Output):
    films: Annotated[
        int, Field(description="Number of the newest rated movies known to the model, at most 500.")
    ]
    mean_error: Annotated[float, Field(description="Mean absolute error in stars.")]
    surprises: Annotated[list[Surprise], Field(description="Movies with the largest error.")]


class Statistics(Output):
    year: int | None
    counts: Counts
    mean: float | None
    histogram: list[RatingCount]
    genres: list[RatedGroup]
    decades: list[RatedGroup]
    directors: list[RatedGroup]
    years: Annotated[list[YearSeen], Field(description="By year of watching, latest first.")]
    months: Annotated[
        list[int] | None, Field(description="Viewings by month from January on, if a year is requested.")
    ]
    best: list[Opinion]
    critics: Agreement
    foresight: Annotated[
        Foresight | None,
        Field(description="Present if requested and if the trained model knows enough of the movies."),
    ]
