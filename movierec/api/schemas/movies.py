"""Films, lists of them, genres, and what staff may write of a film."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from movierec.api.schemas.base import MAXIMUM_PAGE, Input, Output, PageQuery, Stars, Timestamp

Year = Annotated[int, Field(ge=1870, le=2200)]
Votes = Annotated[int, Field(ge=0, lt=2**31)]
GenreName = Annotated[str, Field(min_length=1, max_length=50)]
Window = Literal["day", "week"]


class MovieQuery(PageQuery):
    genre: GenreName | None = Field(None, description="Name or id.")
    year: int | None = Field(None, ge=0, le=9999)
    year_min: int | None = Field(None, ge=0, le=9999)
    year_max: int | None = Field(None, ge=0, le=9999)
    language: str | None = Field(None, max_length=20, description="Original language, like fr.")
    min_votes: Votes | None = None
    min_rating: float | None = Field(None, ge=0, le=10)
    adult: bool | None = Field(
        None, description="Adult films only, or none; by default none, unless the own profile allows them."
    )
    ordering: str = Field("-popularity", max_length=200, description="Like -vote_average,title.")


class ListQuery(Input):
    page: int = Field(1, ge=1, le=MAXIMUM_PAGE)


class TrendingQuery(ListQuery):
    time_window: Window = "week"


class SearchQuery(ListQuery):
    """`q`, or `query` as TMDb calls it."""

    q: str | None = Field(None, description="A title, or some of it; a year behind it is understood.")
    query: str | None = Field(None, description="The same as q.")
    year: int | None = Field(None, ge=0, le=9999)
    genre: GenreName | None = Field(None, description="Name or id.")

    @model_validator(mode="after")
    def _one_text(self) -> SearchQuery:
        if (self.q is None) == (self.query is None):
            raise ValueError("Send either q or query")
        return self

    @property
    def text(self) -> str:
        return self.q or self.query or ""


class GenreQuery(PageQuery):
    page_size: int = Field(100, ge=1, le=100)


class PosterQuery(Input):
    width: int = Field(342, ge=1, le=2000, description="In pixels.")


class ListedMovie(Output):
    """A movie as lists show it."""

    id: int
    tmdb_id: int | None
    imdb_id: str | None
    title: str
    original_title: str
    year: int | None
    release_date: str | None
    overview: str
    genres: list[str]
    runtime: int | None = Field(description="Minutes.")
    vote_average: float = Field(description="0 to 10.")
    vote_count: int
    popularity: float
    poster_url: str | None


class CastMember(Output):
    name: str
    character: str


class Movie(ListedMovie):
    """A movie whole; the last fields, from `my_rating` on, only for who is signed in."""

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
    source: Literal["tmdb", "cache", "catalogue"] = Field(
        description="tmdb: it told just now; cache: it told before; catalogue: it never told all of it."
    )
    stale: bool = Field(description="TMDb would tell it anew, but does not answer.")
    as_of: Timestamp | None = Field(description="When TMDb told it.")
    created_at: Timestamp
    updated_at: Timestamp
    my_rating: Stars | None = None
    predicted_rating: float | None = None
    is_favorite: bool | None = None
    on_watchlist: bool | None = None
    times_seen: int | None = None
    last_seen: str | None = Field(None, description="A date, or a time in UTC; null where nobody knows.")


class MovieList(Output):
    """A page of a list that TMDb may know better: `source` tells who made it, `stale` that it is old."""

    results: list[ListedMovie]
    page: int
    total_pages: int
    total_results: int
    source: Literal["tmdb", "cache", "catalogue"]
    stale: bool
    as_of: Timestamp | None = Field(description="When TMDb told it; null where it is the catalogue's.")


class GenresSynced(Output):
    message: str
    added: int
    joined: int = Field(description="How many that were here already got their id of TMDb.")


class Genre(Output):
    id: int
    tmdb_id: int | None
    name: str
    movies: int = Field(description="How many there are of it.")


def _date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("Dates are YYYY-MM-DD")
    date.fromisoformat(text)
    return text


Date = Annotated[str, AfterValidator(_date)]
Address = Annotated[str, Field(max_length=2000, pattern=r"^(https?://[^\s/]+\S*)?$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Money = Annotated[int, Field(ge=0, lt=2**53)]


class NewCastMember(Input):
    name: Words
    character: Annotated[str, Field(max_length=200)] = ""


class MovieFacts(Input):
    """What staff may say of a movie."""

    original_title: Annotated[str, Field(max_length=500)] = ""
    tmdb_id: Annotated[int, Field(ge=1, lt=2**53)] | None = None
    imdb_id: Annotated[str, Field(pattern=r"^tt\d{7,10}$")] | None = None
    year: Year | None = None
    release_date: Date | None = None
    overview: Annotated[str, Field(max_length=10_000)] = ""
    tagline: Annotated[str, Field(max_length=500)] = ""
    status: Annotated[str, Field(max_length=50)] = ""
    runtime: Annotated[int, Field(ge=1, le=10_000)] | None = None
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


Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class NewMovie(MovieFacts):
    title: Title


class MergeMovie(Input):
    into: int = Field(ge=1, lt=2**63, description="The movie that is kept.")


class MovieChange(MovieFacts):
    """The fields to change; what is not sent stays."""

    title: Title = Field(default_factory=str)  # no default in the document: it would not be a title
