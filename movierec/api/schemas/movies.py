"""Movies, lists of movies, genres, and the fields that staff may edit."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from movierec.api.limits import (
    EXACT_INTEGER_END,
    INT32_END,
    INT64_END,
    MAXIMUM_GENRE_NAME,
    MAXIMUM_NOTE,
    MAXIMUM_ORDERING,
    MAXIMUM_PAGE,
    MAXIMUM_PAGE_SIZE,
    MAXIMUM_RUNTIME_MINUTES,
    MAXIMUM_TITLE,
)
from movierec.api.schemas.base import FilterYear, Input, Output, PageQuery, Stars, Timestamp

Year = Annotated[int, Field(ge=1870, le=2200)]
Votes = Annotated[int, Field(ge=0, lt=INT32_END)]
GenreName = Annotated[str, Field(min_length=1, max_length=MAXIMUM_GENRE_NAME)]
Window = Literal["day", "week"]
Source = Literal["tmdb", "cache", "catalogue"]


class MovieQuery(PageQuery):
    genre: GenreName | None = Field(None, description="Name or id of a genre.")
    year: FilterYear | None = None
    year_min: FilterYear | None = None
    year_max: FilterYear | None = None
    language: str | None = Field(
        None, max_length=20, description="ISO 639-1 code of the original language, for example fr."
    )
    min_votes: Votes | None = Field(None, description="Minimum number of votes.")
    min_rating: float | None = Field(None, ge=0, le=10, description="Minimum average vote, 0 to 10.")
    adult: bool | None = Field(
        None,
        description="Only adult movies (true) or none (false). Default: none, unless the profile allows them.",
    )
    ordering: str = Field(
        "-popularity",
        max_length=MAXIMUM_ORDERING,
        description="Orderings separated by commas, for example -vote_average,title.",
    )


class ListQuery(Input):
    page: int = Field(1, ge=1, le=MAXIMUM_PAGE)


class TrendingQuery(ListQuery):
    time_window: Window = "week"


class SearchQuery(ListQuery):
    """Either `q`, or `query` as at TMDb."""

    q: str | None = Field(None, description="A title or a part of it, optionally followed by a year.")
    query: str | None = Field(None, description="Alias of q.")
    year: FilterYear | None = None
    genre: GenreName | None = Field(None, description="Name or id of a genre.")

    @model_validator(mode="after")
    def _check_one_text(self) -> SearchQuery:
        if (self.q is None) == (self.query is None):
            raise ValueError("Send either q or query")
        return self

    @property
    def text(self) -> str:
        return self.q or self.query or ""


class GenreQuery(PageQuery):
    page_size: int = Field(MAXIMUM_PAGE_SIZE, ge=1, le=MAXIMUM_PAGE_SIZE)


class PosterQuery(Input):
    width: int = Field(342, ge=1, le=2000, description="Minimum width in pixels.")


class ListedMovie(Output):
    """A movie in a list."""

    id: int
    tmdb_id: int | None
    imdb_id: str | None
    title: str
    original_title: str
    year: int | None
    release_date: str | None
    overview: str
    genres: list[str]
    runtime: Annotated[int | None, Field(description="Running time in minutes.")]
    vote_average: Annotated[float, Field(description="Average vote, 0 to 10.")]
    vote_count: int
    popularity: float
    poster_url: str | None


class CastMember(Output):
    name: str
    character: str


class DetailedMovie(ListedMovie):
    """A movie with all details, without the fields of a user."""

    tagline: str
    status: str
    budget: int | None
    revenue: int | None
    homepage: str
    original_language: str
    languages: list[str]
    countries: list[str]
    certificate: str
    adult: bool
    critics_score: int | None
    critics_reviews: int | None
    backdrop_url: str | None
    directors: list[str]
    writers: list[str]
    cast: list[CastMember]
    keywords: list[str]
    source: Annotated[
        Source,
        Field(
            description="tmdb: details fetched just now; cache: details fetched earlier; "
            "catalogue: details never fetched from TMDb."
        ),
    ]
    stale: Annotated[bool, Field(description="The details are out of date because TMDb does not answer.")]
    as_of: Annotated[Timestamp | None, Field(description="Time of the last fetch from TMDb.")]
    created_at: Timestamp
    updated_at: Timestamp


# The documented default of keys that an answer may lack.
_NULL = Field(json_schema_extra={"default": None})


class Movie(DetailedMovie):
    """A movie with all details. The fields from `my_rating` on are present for signed-in users only."""

    my_rating: NotRequired[Annotated[Stars | None, _NULL]]
    predicted_rating: NotRequired[Annotated[float | None, _NULL]]
    is_favorite: NotRequired[Annotated[bool | None, _NULL]]
    on_watchlist: NotRequired[Annotated[bool | None, _NULL]]
    times_seen: NotRequired[Annotated[int | None, _NULL]]
    last_seen: NotRequired[
        Annotated[str | None, _NULL, Field(description="A date, or a time in UTC; null if it is unknown.")]
    ]


class MovieList(Output):
    """One page of a list from TMDb or, without its answer, from the catalogue.

    `source` names the origin. `stale` marks an outdated list.
    """

    results: list[ListedMovie]
    page: int
    total_pages: int
    total_results: int
    source: Source
    stale: bool
    as_of: Annotated[
        Timestamp | None, Field(description="Time of the fetch from TMDb; null for a list of the catalogue.")
    ]


class GenresSynced(Output):
    message: str
    added: int
    joined: Annotated[int, Field(description="Number of existing genres that received their TMDb id.")]


class Genre(Output):
    id: int
    tmdb_id: int | None
    name: str
    movies: Annotated[int, Field(description="Number of movies of this genre.")]


def _check_date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("Dates are YYYY-MM-DD")
    date.fromisoformat(text)
    return text


Date = Annotated[str, AfterValidator(_check_date)]
Address = Annotated[str, Field(max_length=2000, pattern=r"^(https?://[^\s/]+\S*)?$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Money = Annotated[int, Field(ge=0, lt=EXACT_INTEGER_END)]


class NewCastMember(Input):
    name: Words
    character: Annotated[str, Field(max_length=200)] = ""


class MovieFacts(Input):
    """The fields of a movie that staff may edit."""

    original_title: Annotated[str, Field(max_length=MAXIMUM_TITLE)] = ""
    tmdb_id: Annotated[int, Field(ge=1, lt=EXACT_INTEGER_END)] | None = None
    imdb_id: Annotated[str, Field(pattern=r"^tt\d{7,10}$")] | None = None
    year: Year | None = None
    release_date: Date | None = None
    overview: Annotated[str, Field(max_length=MAXIMUM_NOTE)] = ""
    tagline: Annotated[str, Field(max_length=500)] = ""
    status: Annotated[str, Field(max_length=50)] = ""
    runtime: Annotated[int, Field(ge=1, le=MAXIMUM_RUNTIME_MINUTES)] | None = None
    budget: Money | None = None
    revenue: Money | None = None
    homepage: Address = ""
    original_language: Language | Literal[""] = ""
    languages: Annotated[list[Language], Field(default_factory=list, max_length=50)]
    countries: Annotated[list[Words], Field(default_factory=list, max_length=50)]
    certificate: Annotated[str, Field(max_length=20)] = ""
    adult: bool = False
    critics_score: Annotated[int, Field(ge=0, le=100)] | None = None
    critics_reviews: Votes | None = None
    vote_average: Annotated[float, Field(ge=0, le=10)] = 0.0
    vote_count: Votes = 0
    popularity: Annotated[float, Field(ge=0, le=1e9)] = 0.0
    poster_url: Address | None = None
    backdrop_url: Address | None = None
    genres: Annotated[list[GenreName], Field(default_factory=list, max_length=30)]
    directors: Annotated[list[Words], Field(default_factory=list, max_length=100)]
    writers: Annotated[list[Words], Field(default_factory=list, max_length=100)]
    cast: Annotated[list[NewCastMember], Field(default_factory=list, max_length=500)]
    keywords: Annotated[list[Words], Field(default_factory=list, max_length=500)]


Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAXIMUM_TITLE)]


class NewMovie(MovieFacts):
    title: Title


class MergeMovie(Input):
    into: int = Field(ge=1, lt=INT64_END, description="Id of the movie that is kept.")


class MovieChange(MovieFacts):
    """Fields to change. Missing fields are left unchanged."""

    title: Title = Field(default_factory=str)  # a factory keeps an invalid default out of the document
