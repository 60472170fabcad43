"""Statistics of what a user keeps."""

from __future__ import annotations

from pydantic import Field

from movierec.api.schemas.base import Input, Output


class StatisticsQuery(Input):
    year: int | None = Field(None, ge=1870, le=9999, description="Only the films seen in this year.")
    top: int = Field(10, ge=1, le=100, description="So many directors.")
    foresight: bool = Field(
        False, description="Also how well the model foresees the newest ratings, each from all the others."
    )


class Counts(Output):
    ratings: int
    reviews: int
    favorites: int
    watchlist: int
    films: int = Field(description="Different films seen.")
    viewings: int = Field(
        description="Entries of the history, and rated films that it does not know, each once."
    )
    rewatches: int
    minutes: int = Field(description="The length of all viewings, as far as it is known.")


class RatingCount(Output):
    rating: float
    count: int


class RatedGroup(Output):
    name: str
    count: int
    mean: float = Field(description="Mean rating in stars.")


class YearSeen(Output):
    year: int | None = Field(description="Null where nobody knows when.")
    films: int
    viewings: int
    rewatches: int
    minutes: int


class Opinion(Output):
    movie: int
    title: str
    year: int | None
    rating: float
    critics_score: int | None = Field(description="How many of a hundred critics liked it.")


class Agreement(Output):
    films: int = Field(description="Rated films whose critics are known.")
    mean_rating: float | None
    mean_critics_score: float | None
    correlation: float | None = Field(
        description="Pearson's r, from -1 to 1; null for less than three films, or where all are rated alike."
    )
    disagreements: list[Opinion] = Field(description="Those furthest apart, five stars being a hundred.")


class Surprise(Output):
    movie: int
    title: str
    rating: float
    expected: float


class Foresight(Output):
    films: int = Field(description="The newest rated films that the model knows, 500 at most.")
    mean_error: float = Field(description="In stars.")
    surprises: list[Surprise] = Field(description="Those furthest apart.")


class Statistics(Output):
    year: int | None
    counts: Counts
    mean: float | None
    histogram: list[RatingCount]
    genres: list[RatedGroup]
    decades: list[RatedGroup]
    directors: list[RatedGroup]
    years: list[YearSeen] = Field(description="By year of watching, the latest first.")
    months: list[int] | None = Field(description="Viewings from January on, where a year is asked for.")
    best: list[Opinion]
    critics: Agreement
    foresight: Foresight | None = Field(
        description="Where it is asked for, and a model is trained that knows enough of the films."
    )
