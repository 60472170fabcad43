"""`/api/v1/movies/`: the catalogue, search, charts, genres, and editing by staff."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol, TypedDict, cast

from movierec import auth, library, movies, recommender
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import CATALOGUE_CACHE_SECONDS, Access, Group
from movierec.api.images import IMAGE_URLS
from movierec.api.limits import CHART_PAGE_SIZE
from movierec.api.pages import page_json
from movierec.api.schemas import Page
from movierec.api.schemas import movies as schemas
from movierec.durations import DAY_SECONDS, ago
from movierec.errors import Conflict, Throttled, TmdbDisabled, UpstreamUnavailable, ValidationFailed
from movierec.movies import GenreCount, MovieFilters, MovieRecord, MovieSummary, TmdbListPage

group = Group("/api/v1/movies", tag="movies")

TRENDING_WINDOW_SECONDS = {"day": DAY_SECONDS, "week": 7 * DAY_SECONDS}


def listed_movie_json(movie: MovieSummary) -> schemas.ListedMovie:
    """Encode a movie for a list."""
    return {
        "id": movie.id,
        "tmdb_id": movie.tmdb_id,
        "imdb_id": movie.imdb_id,
        "title": movie.title,
        "original_title": movie.original_title or movie.title,
        "year": movie.year,
        "release_date": movie.release_date,
        "overview": movie.overview,
        "genres": movie.genres,
        "runtime": movie.runtime,
        "vote_average": movie.vote_average,
        "vote_count": movie.vote_count,
        "popularity": movie.popularity,
        "poster_url": IMAGE_URLS.poster(movie.poster_path),
    }


class Origin(TypedDict):
    """Source and age of a movie or a list."""

    source: schemas.Source
    stale: bool
    as_of: str | None


def movie_json(call: Call, movie_id: int, *, fresh: bool = False) -> schemas.Movie:
    """Encode a movie with all details for the caller. Raises NotFound.

    `fresh`: TMDb sent its details just now.
    """
    movie = movies.detail(movie_id)
    facts = movie.facts
    origin = _origin_of_details(call, facts["details_at"], fresh)
    details: schemas.DetailedMovie = {
        **listed_movie_json(movie.summary),
        "tagline": facts["tagline"],
        "status": facts["status"],
        "budget": facts["budget"],
        "revenue": facts["revenue"],
        "homepage": facts["homepage"],
        "original_language": facts["original_language"],
        "languages": facts["languages"],
        "countries": facts["countries"],
        "certificate": facts["certificate"],
        "adult": bool(facts["adult"]),
        "critics_score": facts["critics_score"],
        "critics_reviews": facts["critics_reviews"],
        "backdrop_url": IMAGE_URLS.backdrop(facts["backdrop_path"]),
        "directors": movie.directors,
        "writers": movie.writers,
        "cast": [{"name": member["name"], "character": member["character"]} for member in movie.cast],
        "keywords": movie.keywords,
        "created_at": timestamp(facts["created_at"]),
        "updated_at": timestamp(facts["updated_at"]),
        "source": origin["source"],
        "stale": origin["stale"],
        "as_of": origin["as_of"],
    }
    document = cast(schemas.Movie, details)
    if call.caller is not None:
        _add_user_state(call, document)
    return document


def _add_user_state(call: Call, document: schemas.Movie) -> None:
    """Add the caller's rating, favorite, watchlist and history, and the predicted rating."""
    movie_id = document["id"]  # the surviving movie after a merge
    state = library.movie_state(call.user_id, movie_id)
    document["my_rating"] = state.stars
    document["is_favorite"] = state.is_favorite
    document["on_watchlist"] = state.on_watchlist
    document["times_seen"] = state.times_seen
    document["last_seen"] = state.last_seen
    model_state = call.services.recommender.state()
    document["predicted_rating"] = recommender.predict_rating(model_state, call.user_id, movie_id)


def _origin_of_details(call: Call, details_at: int | None, fresh: bool) -> Origin:
    """Return the source and age of the details of a movie."""
    if details_at is None:
        return {"source": "catalogue", "stale": False, "as_of": None}
    stale = call.services.sync.is_stale(details_at)
    return {
        "source": "tmdb" if fresh and not stale else "cache",
        "stale": stale,
        "as_of": timestamp(details_at),
    }


# Reading


@group.get(
    "/", access=Access.PUBLIC, answers={200: Page[schemas.ListedMovie]}, cache_seconds=CATALOGUE_CACHE_SECONDS
)
def list_movies(call: Call, query: schemas.MovieQuery) -> Page[schemas.ListedMovie]:
    """Return the movies of the catalogue.

    Orderings: popularity, vote_average, vote_count, release_date, title; a leading - sorts in descending order.
    """
    filters = MovieFilters(
        **query.model_dump(exclude={"page", "page_size", "ordering", "adult", "genre"}),
        genre=movies.resolve_genre(query.genre),
        adult=_adult_filter(call, query.adult),
    )
    order = movies.order_by(query.ordering, movies.ORDERINGS)
    count, page = movies.browse(filters, order=order, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, list(map(listed_movie_json, page)))


async def _before_fetch(call: Call) -> None:
    """Count a fetch from TMDb against the search limit if the caller is not signed in. Raises Throttled."""
    if call.caller is None:
        await call.throttle_address("search")


@group.get(
    "/{id}/", access=Access.PUBLIC, answers={200: schemas.Movie}, cache_seconds=CATALOGUE_CACHE_SECONDS
)
async def get_movie(call: Call, id: int) -> schemas.Movie:
    """Return a movie; for signed-in users with rating, predicted rating, favorite, watchlist and history."""
    fresh = await call.services.sync.fetch_missing_details(id, lambda: _before_fetch(call))
    return await call.read(movie_json, call, id, fresh=fresh)


@group.get(
    "/tmdb/{tmdb_id}/",
    access=Access.PUBLIC,
    answers={200: schemas.Movie},
    errors=(UpstreamUnavailable, Throttled),
    cache_seconds=CATALOGUE_CACHE_SECONDS,
)
async def get_movie_by_tmdb_id(call: Call, tmdb_id: int) -> schemas.Movie:
    """Return a movie by its TMDb id. A movie that is not in the catalogue is fetched from TMDb and stored."""
    movie_id, fresh = await call.services.sync.by_tmdb_id(tmdb_id, lambda: call.throttle_address("search"))
    return await call.read(movie_json, call, movie_id, fresh=fresh)


@group.get(
    "/imdb/{imdb_id}/",
    access=Access.PUBLIC,
    answers={200: schemas.Movie},
    errors=(UpstreamUnavailable, Throttled),
    cache_seconds=CATALOGUE_CACHE_SECONDS,
)
async def get_movie_by_imdb_id(call: Call, imdb_id: str) -> schemas.Movie:
    """Return a movie by its IMDb id. A movie that is not in the catalogue is fetched from TMDb and stored."""
    movie_id, fresh = await call.services.sync.by_imdb_id(imdb_id, lambda: call.throttle_address("search"))
    return await call.read(movie_json, call, movie_id, fresh=fresh)


@group.get(
    "/search/",
    access=Access.PUBLIC,
    answers={200: schemas.MovieList},
    cache_seconds=CATALOGUE_CACHE_SECONDS,
    throttle="search",
)
async def search_movies(call: Call, query: schemas.SearchQuery) -> schemas.MovieList:
    """Search movies by title, with typo tolerance, best match first.

    Results of TMDb are included if they arrive in time.
    """
    text, sync = movies.validate_search_text(query.text), call.services.sync
    page: TmdbListPage | None = None
    if sync.is_on:
        page = await sync.search(text, year=query.year, adult=await call.read(_allows_adult, call))

    def merged() -> schemas.MovieList:
        count, summaries = movies.search(
            text,
            year=query.year,
            genre=query.genre,
            adult=_allows_adult(call),
            tmdb_matches=page.ids if page else (),
            limit=CHART_PAGE_SIZE,
            offset=CHART_PAGE_SIZE * (query.page - 1),
        )
        return _list_json(query, count, summaries, page)

    return await call.read(merged)


@group.get(
    "/popular/", access=Access.PUBLIC, answers={200: schemas.MovieList}, cache_seconds=CATALOGUE_CACHE_SECONDS
)
async def popular(call: Call, query: schemas.ListQuery) -> schemas.MovieList:
    """Return the most popular movies by TMDb, or by the catalogue if TMDb does not answer."""
    page = await call.services.sync.popular(query.page)
    return await call.read(_chart_json, call, page, query, movies.popular)


@group.get(
    "/top_rated/",
    access=Access.PUBLIC,
    answers={200: schemas.MovieList},
    cache_seconds=CATALOGUE_CACHE_SECONDS,
)
async def top_rated(call: Call, query: schemas.ListQuery) -> schemas.MovieList:
    """Return the top rated movies by TMDb, or by the catalogue, where few votes have less weight."""
    page = await call.services.sync.top_rated(query.page)
    return await call.read(_chart_json, call, page, query, movies.top_rated)


@group.get(
    "/trending/",
    access=Access.PUBLIC,
    answers={200: schemas.MovieList},
    cache_seconds=CATALOGUE_CACHE_SECONDS,
)
async def trending(call: Call, query: schemas.TrendingQuery) -> schemas.MovieList:
    """Return the trending movies by TMDb.

    Without TMDb: the movies rated most often in the newest 2,000 ratings on this server, then the most popular new
    ones.
    """

    def from_ratings(*, adult: bool, limit: int, offset: int) -> tuple[int, list[MovieSummary]]:
        rated = library.most_rated(ago(call.now, seconds=TRENDING_WINDOW_SECONDS[query.time_window]))
        this_year = time.gmtime(call.now).tm_year
        return movies.trending(rated, this_year, adult=adult, limit=limit, offset=offset)

    page = await call.services.sync.trending(query.time_window, query.page)
    return await call.read(_chart_json, call, page, query, from_ratings)


class Chart(Protocol):
    """A chart of the catalogue: returns the number of its movies and those of one page."""

    def __call__(self, *, adult: bool, limit: int, offset: int) -> tuple[int, list[MovieSummary]]: ...


def _chart_json(
    call: Call, page: TmdbListPage | None, query: schemas.ListQuery, chart: Chart
) -> schemas.MovieList:
    """Encode a page of TMDb or, if there is none, of a chart of the catalogue."""
    if page is None:
        offset = CHART_PAGE_SIZE * (query.page - 1)
        return _list_json(
            query, *chart(adult=_allows_adult(call), limit=CHART_PAGE_SIZE, offset=offset), None
        )
    return {
        "results": list(map(listed_movie_json, movies.summaries(page.ids))),
        "page": query.page,
        "total_pages": page.total_pages,
        "total_results": page.total_results,
        **_origin(page),
    }


def _list_json(
    query: schemas.ListQuery, count: int, summaries: Sequence[MovieSummary], page: TmdbListPage | None
) -> schemas.MovieList:
    """Encode one page of `count` movies. `page` is the list of TMDb that they are merged with."""
    return {
        "results": list(map(listed_movie_json, summaries)),
        "page": query.page,
        "total_pages": -(-count // CHART_PAGE_SIZE),
        "total_results": count,
        **_origin(page),
    }


def _origin(page: TmdbListPage | None) -> Origin:
    """Return the source and age of a list."""
    if page is None:
        return {"source": "catalogue", "stale": False, "as_of": None}
    return {"source": page.source, "stale": page.stale, "as_of": timestamp(page.fetched_at)}


def _allows_adult(call: Call) -> bool:
    """Return True if the profile of the caller allows adult movies in lists."""
    return call.caller is not None and auth.profile_of(call.user_id).mature_content


def _adult_filter(call: Call, adult: bool | None) -> bool | None:
    """Return the adult filter: only adult movies (True), none (False) or all movies (None)."""
    if _allows_adult(call):
        return adult
    if adult and call.caller is not None:
        raise ValidationFailed.of("adult", "Your profile hides adult movies. Set mature_content to see them.")
    return bool(adult)


@group.get(
    "/genres/",
    access=Access.PUBLIC,
    answers={200: Page[schemas.Genre]},
    cache_seconds=CATALOGUE_CACHE_SECONDS,
)
def list_genres(call: Call, query: schemas.GenreQuery) -> Page[schemas.Genre]:
    """Return all genres with their number of movies."""
    count, page = movies.genres(limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, [_genre_json(genre) for genre in page])


@group.get(
    "/genres/{id}/", access=Access.PUBLIC, answers={200: schemas.Genre}, cache_seconds=CATALOGUE_CACHE_SECONDS
)
def get_genre(call: Call, id: int) -> schemas.Genre:
    """Return a genre."""
    return _genre_json(movies.genre(id))


def _genre_json(genre: GenreCount) -> schemas.Genre:
    return {"id": genre.id, "tmdb_id": genre.tmdb_id, "name": genre.name, "movies": genre.movies}


@group.post(
    "/genres/sync/",
    access=Access.STAFF,
    answers={200: schemas.GenresSynced},
    errors=(TmdbDisabled, UpstreamUnavailable),
)
async def sync_genres(call: Call) -> schemas.GenresSynced:
    """Sync the genres with TMDb: new ones are created, existing ones receive their TMDb id."""
    added, joined = await call.services.sync.sync_genres()
    return {"message": "The genres are those of TMDb now.", "added": added, "joined": joined}


# Editing


@group.post("/", access=Access.STAFF, answers={201: schemas.Movie}, errors=(Conflict,))
def create_movie(call: Call, body: schemas.NewMovie) -> schemas.Movie:
    """Create a movie."""
    return movie_json(call, movies.create_movie(_record(body), call.now))


@group.put("/{id}/", access=Access.STAFF, answers={200: schemas.Movie}, errors=(Conflict,))
def replace_movie(call: Call, id: int, body: schemas.NewMovie) -> schemas.Movie:
    """Replace all fields of a movie. Missing fields become empty."""
    movies.replace_movie(id, _record(body), call.now)
    return movie_json(call, id)


@group.patch("/{id}/", access=Access.STAFF, answers={200: schemas.Movie}, errors=(Conflict,))
def update_movie(call: Call, id: int, body: schemas.MovieChange) -> schemas.Movie:
    """Change fields of a movie. Missing fields are left unchanged."""
    movies.update_movie(id, _catalogue_fields(body.sent_fields()), call.now)
    return movie_json(call, id)


@group.delete("/{id}/", access=Access.STAFF, answers={204: None}, errors=(Conflict,))
def delete_movie(call: Call, id: int) -> None:
    """Delete a movie that is in nobody's library."""
    movies.delete_movie(id)


@group.post("/{id}/merge/", access=Access.STAFF, answers={200: schemas.Movie})
def merge_movies(call: Call, id: int, body: schemas.MergeMovie) -> schemas.Movie:
    """Merge a movie into another one, to which its id redirects from then on.

    If a user rated both, the newer rating is kept. Reviews and notes are kept.
    """
    return movie_json(call, movies.merge_movies(id, body.into, call.now))


def _record(body: schemas.NewMovie) -> MovieRecord:
    return MovieRecord(source="staff", **_catalogue_fields(body.model_dump()))


def _catalogue_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Translate the fields of a body into those of the catalogue."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    if "cast" in values:
        values["characters"] = tuple(member["character"] for member in values["cast"])
        values["cast"] = tuple(member["name"] for member in values["cast"])
    for kind in ("poster", "backdrop"):
        if f"{kind}_url" in values:
            values[f"{kind}_path"] = IMAGE_URLS.path_of(str(values.pop(f"{kind}_url") or ""))
    return values
