"""Methods for the endpoints of the daemon. Those of accounts are in `accounts`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from movierec.client.accounts import AccountEndpoints
from movierec.client.session import API, drop_none
from movierec.client.transport import CONNECT_SECONDS, DownloadStream, UploadBody

if TYPE_CHECKING:
    from movierec.client.json_types import (
        ChangeJson,
        ExplanationJson,
        FavoriteJson,
        FeedbackJson,
        FilmQuestionJson,
        GenreJson,
        GenresSyncedJson,
        HistoryEntryJson,
        ImportProblemJson,
        JobJson,
        ListedMovieJson,
        ModelJson,
        MovieJson,
        MovieListJson,
        PageJson,
        QueryValue,
        RatingJson,
        ReadyJson,
        RecommendationJson,
        RefreshedJson,
        ResolvedJson,
        SimilarMovieJson,
        StatisticsJson,
        UndoneImportJson,
        UndoneJson,
        WatchlistEntryJson,
    )

Item = TypeVar("Item")

# The daemon responds to an upload when it has stored all of it.
UPLOAD_SECONDS = 600.0
# The daemon sends an export when it has written all of it, after exports queued before.
EXPORT_SECONDS = 300.0
# A movie's page does not wait longer for its poster.
POSTER_SECONDS = 3.0


class ApiClient(AccountEndpoints):
    """One method per endpoint. Each returns the JSON and raises the error that the daemon raised."""

    # Movies

    def movies(self, **query: QueryValue) -> PageJson[ListedMovieJson]:
        return self._as_anybody("GET", f"{API}/movies/", query=query)

    def movie(self, movie_id: int) -> MovieJson:
        return self._as_anybody("GET", f"{API}/movies/{movie_id}/")

    def search(self, text: str, **query: QueryValue) -> MovieListJson:
        return self._as_anybody("GET", f"{API}/movies/search/", query={"q": text, **query})

    def add_movie(self, **facts: object) -> MovieJson:
        return self._as_user("POST", f"{API}/movies/", body=facts)

    def replace_movie(self, movie_id: int, **facts: object) -> MovieJson:
        return self._as_user("PUT", f"{API}/movies/{movie_id}/", body=facts)

    def change_movie(self, movie_id: int, **facts: object) -> MovieJson:
        return self._as_user("PATCH", f"{API}/movies/{movie_id}/", body=facts)

    def delete_movie(self, movie_id: int) -> None:
        self._as_user("DELETE", f"{API}/movies/{movie_id}/")

    def merge_movie(self, movie_id: int, into: int) -> MovieJson:
        return self._as_user("POST", f"{API}/movies/{movie_id}/merge/", body={"into": into})

    def poster(self, movie_id: int, width: int | None = None) -> DownloadStream:
        """Download the poster of a movie."""
        path = f"{API}/movies/{movie_id}/poster/"
        return self._anonymous("GET", path, query={"width": width}, seconds=POSTER_SECONDS, download=True)

    def genres(self, **query: QueryValue) -> PageJson[GenreJson]:
        return self._anonymous("GET", f"{API}/movies/genres/", query=query)

    def genre(self, genre_id: int) -> GenreJson:
        return self._anonymous("GET", f"{API}/movies/genres/{genre_id}/")

    def sync_genres(self) -> GenresSyncedJson:
        # Idempotent.
        return self._as_user("POST", f"{API}/movies/genres/sync/", repeatable=True)

    def movie_by_tmdb(self, tmdb_id: str) -> MovieJson:
        return self._as_anybody("GET", f"{API}/movies/tmdb/{quote(tmdb_id, safe='')}/")

    def movie_by_imdb(self, imdb_id: str) -> MovieJson:
        return self._as_anybody("GET", f"{API}/movies/imdb/{quote(imdb_id, safe='')}/")

    def trending(self, **query: QueryValue) -> MovieListJson:
        return self._as_anybody("GET", f"{API}/movies/trending/", query=query)

    def popular(self, **query: QueryValue) -> MovieListJson:
        return self._as_anybody("GET", f"{API}/movies/popular/", query=query)

    def top_rated(self, **query: QueryValue) -> MovieListJson:
        return self._as_anybody("GET", f"{API}/movies/top_rated/", query=query)

    # Favorites and ratings

    def favorites(self, **query: QueryValue) -> PageJson[FavoriteJson]:
        return self._as_user("GET", f"{API}/favorites/", query=query)

    def add_favorite(self, movie_id: int, note: str | None = None) -> FavoriteJson:
        # Idempotent: adding twice returns the first entry.
        body = drop_none(movie=movie_id, note=note)
        return self._as_user("POST", f"{API}/favorites/", body=body, repeatable=True)

    def favorite(self, favorite_id: int) -> FavoriteJson:
        return self._as_user("GET", f"{API}/favorites/{favorite_id}/")

    def note_favorite(self, favorite_id: int, note: str) -> FavoriteJson:
        return self._as_user("PATCH", f"{API}/favorites/{favorite_id}/", body={"note": note})

    def remove_favorite(self, favorite_id: int) -> None:
        self._as_user("DELETE", f"{API}/favorites/{favorite_id}/")

    def is_favorite(self, movie_id: int) -> bool:
        return bool(self._as_user("GET", f"{API}/favorites/check/{movie_id}/")["is_favorited"])

    def ratings(self, **query: QueryValue) -> PageJson[RatingJson]:
        return self._as_user("GET", f"{API}/favorites/ratings/", query=query)

    def rate(self, movie_id: int, rating: float, review: str | None = None) -> RatingJson:
        body = drop_none(movie=movie_id, rating=rating, review=review)
        return self._as_user("POST", f"{API}/favorites/ratings/", body=body)

    def rating(self, rating_id: int) -> RatingJson:
        return self._as_user("GET", f"{API}/favorites/ratings/{rating_id}/")

    def replace_rating(self, rating_id: int, **fields: object) -> RatingJson:
        return self._as_user("PUT", f"{API}/favorites/ratings/{rating_id}/", body=fields)

    def change_rating(self, rating_id: int, **fields: object) -> RatingJson:
        return self._as_user("PATCH", f"{API}/favorites/ratings/{rating_id}/", body=fields)

    def remove_rating(self, rating_id: int) -> None:
        self._as_user("DELETE", f"{API}/favorites/ratings/{rating_id}/")

    def rating_of(self, movie_id: int) -> RatingJson:
        return self._as_user("GET", f"{API}/favorites/ratings/movie/{movie_id}/")

    def rate_movie(self, movie_id: int, rating: float, review: str | None = None) -> RatingJson:
        """Rate a movie by its id. Idempotent, unlike `rate`."""
        path = f"{API}/favorites/ratings/movie/{movie_id}/"
        return self._as_user("PUT", path, body=drop_none(rating=rating, review=review))

    def unrate_movie(self, movie_id: int) -> None:
        self._as_user("DELETE", f"{API}/favorites/ratings/movie/{movie_id}/")

    # Watchlist, history, changes, statistics

    def watchlist(self, **query: QueryValue) -> PageJson[WatchlistEntryJson]:
        return self._as_user("GET", f"{API}/watchlist/", query=query)

    def add_to_watchlist(self, movie_id: int, note: str | None = None) -> WatchlistEntryJson:
        body = drop_none(movie=movie_id, note=note)
        return self._as_user("POST", f"{API}/watchlist/", body=body, repeatable=True)

    def remove_from_watchlist(self, entry_id: int) -> None:
        self._as_user("DELETE", f"{API}/watchlist/{entry_id}/")

    def history(self, **query: QueryValue) -> PageJson[HistoryEntryJson]:
        return self._as_user("GET", f"{API}/history/", query=query)

    def add_to_history(self, movie_id: int, **fields: object) -> HistoryEntryJson:
        """Add a viewing. Fields: `watched_at` (none: unknown), `rewatch`, `tags`."""
        body = drop_none(movie=movie_id, **fields)
        return self._as_user("POST", f"{API}/history/", body=body, repeatable=True)

    def remove_from_history(self, entry_id: int) -> None:
        self._as_user("DELETE", f"{API}/history/{entry_id}/")

    def changes(self, **query: QueryValue) -> PageJson[ChangeJson]:
        return self._as_user("GET", f"{API}/changes/", query=query)

    def statistics(self, **query: QueryValue) -> StatisticsJson:
        """Return statistics. Query: `year` (what was seen in it), `top` (number of directors)."""
        return self._as_user("GET", f"{API}/stats/", query=query)

    def undo(self, change_id: int | None = None) -> UndoneJson:
        return self._as_user("POST", f"{API}/changes/undo/", body=drop_none(change=change_id))

    # Recommendations

    def recommendations(self, **query: QueryValue) -> PageJson[RecommendationJson]:
        """Return recommendations. Query: limit, genre, exclude_genre, year_min, novelty, include_seen, …"""
        return self._as_user("GET", f"{API}/recommendations/", query=query)

    def recommendation(self, recommendation_id: int) -> RecommendationJson:
        return self._as_user("GET", f"{API}/recommendations/{recommendation_id}/")

    def refresh_recommendations(self) -> RefreshedJson:
        return self._as_user("POST", f"{API}/recommendations/refresh/")

    def quickstart(self, **query: QueryValue) -> PageJson[ListedMovieJson]:
        return self._as_user("GET", f"{API}/recommendations/quickstart/", query=query)

    def similar(self, movie_id: int, **query: QueryValue) -> PageJson[SimilarMovieJson]:
        return self._anonymous("GET", f"{API}/recommendations/similar/{movie_id}/", query=query)

    def explain(self, movie_id: int) -> ExplanationJson:
        return self._as_user("GET", f"{API}/recommendations/explain/{movie_id}/")

    def give_feedback(self, movie_id: int, feedback_type: str, comment: str | None = None) -> FeedbackJson:
        body = drop_none(movie=movie_id, feedback_type=feedback_type, comment=comment)
        return self._as_user("POST", f"{API}/recommendations/feedback/", body=body)

    def feedback(self, **query: QueryValue) -> PageJson[FeedbackJson]:
        return self._as_user("GET", f"{API}/recommendations/feedback/list/", query=query)

    def withdraw_feedback(self, feedback_id: int) -> None:
        self._as_user("DELETE", f"{API}/recommendations/feedback/{feedback_id}/")

    # Imports, exports, jobs, model, health

    def import_movielens(self, upload: UploadBody) -> JobJson:
        """Upload a zip archive as MovieLens publishes them. Returns the job."""
        path, query = f"{API}/imports/", {"format": "movielens"}
        return self._as_user("POST", path, query=query, upload=upload, seconds=UPLOAD_SECONDS)

    def import_own(self, upload: UploadBody, **query: QueryValue) -> JobJson:
        """Upload a file of the user's own data. Returns the job. Query: the options of the API."""
        path = f"{API}/imports/"
        return self._as_user("POST", path, query=query, upload=upload, seconds=UPLOAD_SECONDS)

    def imports(self, **query: QueryValue) -> PageJson[JobJson]:
        return self._as_user("GET", f"{API}/imports/", query=query)

    def import_problems(self, job_id: int, **query: QueryValue) -> PageJson[ImportProblemJson]:
        return self._as_user("GET", f"{API}/imports/{job_id}/problems/", query=query)

    def undo_import(self, job_id: int) -> UndoneImportJson:
        return self._as_user("POST", f"{API}/imports/{job_id}/undo/", seconds=UPLOAD_SECONDS)

    def review_questions(self, **query: QueryValue) -> PageJson[FilmQuestionJson]:
        return self._as_user("GET", f"{API}/imports/review/", query=query)

    def review_question(self, question_id: int) -> FilmQuestionJson:
        return self._as_user("GET", f"{API}/imports/review/{question_id}/")

    def resolve_question(self, question_id: int, movie_id: int | None) -> ResolvedJson:
        """Answer a question with a movie; None skips the title."""
        body = {"leave_out": True} if movie_id is None else {"movie": movie_id}
        return self._as_user("POST", f"{API}/imports/review/{question_id}/resolve/", body=body)

    def delete_question(self, question_id: int) -> None:
        self._as_user("DELETE", f"{API}/imports/review/{question_id}/")

    def export(self, format: str) -> DownloadStream:
        """Download everything the user owns: json, csv, letterboxd or zip."""
        path, query = f"{API}/exports/", {"format": format}
        return self._as_user("GET", path, query=query, seconds=EXPORT_SECONDS, download=True)

    def jobs(self, **query: QueryValue) -> PageJson[JobJson]:
        return self._as_user("GET", f"{API}/jobs/", query=query)

    def job(self, job_id: int) -> JobJson:
        return self._as_user("GET", f"{API}/jobs/{job_id}/")

    def cancel_job(self, job_id: int) -> None:
        self._as_user("DELETE", f"{API}/jobs/{job_id}/")

    def train(self, **query: QueryValue) -> JobJson:
        return self._as_user("POST", f"{API}/model/train/", query=query)

    def sync(self, **query: QueryValue) -> JobJson:
        """Start an update from TMDb. Query: `pages` of each list, `budget` of requests. Returns the job."""
        return self._as_user("POST", f"{API}/movies/sync/", query=query)

    def model(self) -> ModelJson:
        return self._as_user("GET", f"{API}/model/")

    def roll_back_model(self) -> ModelJson:
        return self._as_user("POST", f"{API}/model/rollback/")

    def health(self) -> ReadyJson:
        return self._anonymous("GET", "/health/", seconds=CONNECT_SECONDS)


def iterate_pages(
    fetch: Callable[..., PageJson[Item]], limit: int | None = None, **query: QueryValue
) -> Iterator[Item]:
    """Iterate over the items of a paged list, at most `limit`, fetching pages lazily."""
    # The page size is constant, because the daemon numbers pages by it.
    size = min(limit or 100, 100)
    for number in itertools.count(1):
        page = fetch(page=number, page_size=size, **query)
        left = None if limit is None else limit - (number - 1) * size
        yield from page["results"][:left]
        if page["next"] is None or (left is not None and left <= size):
            return
