"""JSON of the daemon's responses as types, `XJson` for the schema `X` of the OpenAPI document.

Imported for annotations only: at runtime a response is what `json.loads` returns. A test compares the types with the
OpenAPI document.
"""

from __future__ import annotations

from typing import Any, Generic, NotRequired, TypedDict, TypeVar

Item = TypeVar("Item")

# An object whose fields depend on its kind: the report of a job, the fields of an imported row.
JsonObject = dict[str, Any]

QueryValue = str | int | float | bool | None


class PageJson(TypedDict, Generic[Item]):
    """A page of a list."""

    count: int
    next: str | None
    previous: str | None
    results: list[Item]


class TitledJson(TypedDict):
    """Anything with a title and a year."""

    title: str
    year: int | None


class ProfileJson(TypedDict):
    avatar: str
    bio: str
    favorite_genres: list[str]
    id: int
    mature_content: bool
    preferred_language: str
    rating_scale: int
    seen_leaves_watchlist: bool


class UserJson(TypedDict):
    date_joined: str
    email: str
    first_name: str
    full_name: str
    id: int
    is_staff: bool
    is_verified: bool
    last_login: str | None
    last_name: str
    profile: ProfileJson
    username: str


class AccountJson(UserJson):
    is_active: bool


class OpinionJson(TypedDict):
    critics_score: int | None
    movie: int
    rating: float
    title: str
    year: int | None


class AgreementJson(TypedDict):
    correlation: float | None
    disagreements: list[OpinionJson]
    films: int
    mean_critics_score: float | None
    mean_rating: float | None


class BecauseJson(TypedDict):
    contribution: float
    movie: int
    rating: float | None
    title: str


class CastMemberJson(TypedDict):
    character: str
    name: str


class ChangeJson(TypedDict):
    created_at: str
    id: int
    job: int | None
    rows: int
    undoes: int | None
    undone: bool
    what: str


class CountsJson(TypedDict):
    favorites: int
    films: int
    minutes: int
    ratings: int
    reviews: int
    rewatches: int
    viewings: int
    watchlist: int


class ListedMovieJson(TypedDict):
    genres: list[str]
    id: int
    imdb_id: str | None
    original_title: str
    overview: str
    popularity: float
    poster_url: str | None
    release_date: str | None
    runtime: int | None
    title: str
    tmdb_id: int | None
    vote_average: float
    vote_count: int
    year: int | None


class ExplanationJson(TypedDict):
    baseline: float
    because: list[BecauseJson]
    model: str
    movie: ListedMovieJson
    predicted_rating: float | None
    reason: str
    score: float


class FavoriteJson(TypedDict):
    created_at: str
    id: int
    movie: int
    movie_detail: ListedMovieJson
    note: str


class FeedbackJson(TypedDict):
    comment: str
    created_at: str
    feedback_type: str
    id: int
    movie: int
    movie_detail: ListedMovieJson
    recommendation: int | None


class FilmCandidateJson(TypedDict):
    movie_detail: ListedMovieJson
    score: int


class FilmQuestionJson(TypedDict):
    candidates: list[FilmCandidateJson]
    file: str
    film: JsonObject
    id: int
    line: int
    rows: int
    says: list[JsonObject]
    state: str
    title: str
    why: str
    year: int | None


class SurpriseJson(TypedDict):
    expected: float
    movie: int
    rating: float
    title: str


class ForesightJson(TypedDict):
    films: int
    mean_error: float
    surprises: list[SurpriseJson]


class GenreJson(TypedDict):
    id: int
    movies: int
    name: str
    tmdb_id: int | None


class GenresSyncedJson(TypedDict):
    added: int
    joined: int
    message: str


class HistoryEntryJson(TypedDict):
    created_at: str
    id: int
    movie: int
    movie_detail: ListedMovieJson
    rewatch: bool
    tags: list[str]
    watched_at: str | None


class ImportProblemJson(TypedDict):
    file: str
    line: int
    message: str
    outcome: str


class IsFavoritedJson(TypedDict):
    is_favorited: bool


class ProgressJson(TypedDict):
    done: int
    stage: str
    total: int


class JobJson(TypedDict):
    created_at: str
    error: str | None
    error_code: str | None
    finished_at: str | None
    id: int
    kind: str
    progress: ProgressJson
    report: JsonObject | None
    started_at: str | None
    state: str


class LeftAloneJson(TypedDict):
    movie: int
    title: str


class LeftMovieJson(TypedDict):
    movie: int
    title: str


class MessageJson(TypedDict):
    message: str


class ModelVersionJson(TypedDict):
    metrics: dict[str, float]
    movies: int
    raters: int
    ratings: int
    trained_at: str | None
    version: str


class ModelJson(TypedDict):
    degraded: list[str]
    metrics: dict[str, float]
    movies: int
    previous: list[ModelVersionJson]
    raters: int
    ratings: int
    trained_at: str | None
    version: str


class MovieJson(ListedMovieJson):
    adult: bool
    as_of: str | None
    backdrop_url: str | None
    budget: int | None
    cast: list[CastMemberJson]
    certificate: str
    countries: list[str]
    created_at: str
    critics_reviews: int | None
    critics_score: int | None
    directors: list[str]
    homepage: str
    is_favorite: NotRequired[bool | None]
    keywords: list[str]
    languages: list[str]
    last_seen: NotRequired[str | None]
    my_rating: NotRequired[float | None]
    on_watchlist: NotRequired[bool | None]
    original_language: str
    predicted_rating: NotRequired[float | None]
    revenue: int | None
    source: str
    stale: bool
    status: str
    tagline: str
    times_seen: NotRequired[int | None]
    updated_at: str
    writers: list[str]


class MovieListJson(TypedDict):
    as_of: str | None
    page: int
    results: list[ListedMovieJson]
    source: str
    stale: bool
    total_pages: int
    total_results: int


class PersonalTokenJson(TypedDict):
    created_at: str
    expires_at: str | None
    id: int
    last_used_at: str | None
    name: str
    scopes: list[str]


class NewTokenJson(PersonalTokenJson):
    token: str


class TokensJson(TypedDict):
    access: str
    refresh: str


class PasswordChangedJson(TypedDict):
    message: str
    tokens: TokensJson


class ProfileOfJson(ProfileJson):
    user: int


class RatedGroupJson(TypedDict):
    count: int
    mean: float
    name: str


class RatingJson(TypedDict):
    created_at: str
    id: int
    movie: int
    movie_detail: ListedMovieJson
    rating: float
    review: str
    updated_at: str


class RatingCountJson(TypedDict):
    count: int
    rating: float


class TmdbJson(TypedDict):
    attribution: str
    configured: bool
    state: str


class ReadyJson(TypedDict):
    database: str
    status: str
    tmdb: TmdbJson
    version: str


class RecommendationJson(TypedDict):
    because: list[BecauseJson]
    created_at: str
    id: int
    is_clicked: bool
    is_rated: bool
    model: str
    movie: ListedMovieJson
    predicted_rating: float | None
    reason: str
    recommendation_type: str
    score: float


class RefreshedJson(TypedDict):
    message: str
    recommendations: list[RecommendationJson]


class ResolvedJson(TypedDict):
    added: int
    changed: int
    question: FilmQuestionJson
    unchanged: int


class SessionJson(TypedDict):
    created_at: str
    current: bool
    id: int
    label: str
    last_used_at: str


class SignedInJson(TypedDict):
    message: str
    tokens: TokensJson
    user: UserJson


class SimilarMovieJson(ListedMovieJson):
    reason: str
    similarity: float


class YearSeenJson(TypedDict):
    films: int
    minutes: int
    rewatches: int
    viewings: int
    year: int | None


class StatisticsJson(TypedDict):
    best: list[OpinionJson]
    counts: CountsJson
    critics: AgreementJson
    decades: list[RatedGroupJson]
    directors: list[RatedGroupJson]
    foresight: ForesightJson | None
    genres: list[RatedGroupJson]
    histogram: list[RatingCountJson]
    mean: float | None
    months: list[int] | None
    year: int | None
    years: list[YearSeenJson]


class UndoneJson(TypedDict):
    by: ChangeJson
    left: list[LeftMovieJson]
    left_count: int
    reverted: int
    undone: ChangeJson


class UndoneImportJson(TypedDict):
    job: int
    left: list[LeftAloneJson]
    left_count: int
    reverted: int
    undone_at: str


class WatchlistEntryJson(TypedDict):
    created_at: str
    id: int
    movie: int
    movie_detail: ListedMovieJson
    note: str
