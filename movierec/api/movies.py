"""`/api/v1/movies/`: the catalogue, search, charts, genres, and editing by staff."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from movierec import auth, library, movies, recommender
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group
from movierec.api.images import IMAGE_URLS
from movierec.api.pages import page_json
from movierec.api.schemas import Page
from movierec.api.schemas import movies as schemas
from movierec.errors import Conflict, Throttled, TmdbDisabled, UpstreamUnavailable, ValidationFailed
from movierec.movies import MovieDetail, MovieFilters, MovieRecord, MovieSummary, TmdbListPage

group = Group("/api/v1/movies", tag="movies")

# Page length of search, trending, popular and top rated, as at TMDb.
PAGE_LENGTH = 20
TRENDING_WINDOW_SECONDS = {"day": 24 * 3600, "week": 7 * 24 * 3600}


def listed_movie_json(film: MovieSummary) -> dict[str, Any]:
    """Encode a movie for a list."""
    return {
        "id": film.id,
        "tmdb_id": film.tmdb_id,
        "imdb_id": film.imdb_id,
        "title": film.title,
        "original_title": film.original_title or film.title,
        "year": film.year,
        "release_date": film.release_date,
        "overview": film.overview,
        "genres": film.genres,
        "runtime": film.runtime,
        "vote_average": film.vote_average,
        "vote_count": film.vote_count,
        "popularity": film.popularity,
        "poster_url": IMAGE_URLS.poster(film.poster_path),
    }


def movie_detail_json(film: MovieDetail) -> dict[str, Any]:
    """Encode a movie with all details."""
    facts = film.facts
    return {
        **listed_movie_json(film.listed),
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
        "directors": film.directors,
        "writers": film.writers,
        "cast": film.cast,
        "keywords": film.keywords,
        "created_at": timestamp(facts["created_at"]),
        "updated_at": timestamp(facts["updated_at"]),
    }


def movie_json(call: Call, movie_id: int, *, fresh: bool = False) -> dict[str, Any]:
    """Encode a movie for the caller. `fresh`: TMDb sent its details just now. Raises NotFound."""
    film = movies.detail(movie_id)
    document = {**movie_detail_json(film), **_by_tmdb(call, film.facts["details_at"], fresh)}
    movie_id = document["id"]  # the surviving movie after a merge
    if call.caller is not None:
        standing = library.movie_state(call.user_id, movie_id)
        document["my_rating"] = standing.stars
        document["is_favorite"] = standing.is_favorite
        document["on_watchlist"] = standing.on_watchlist
        document["times_seen"] = standing.times_seen
        document["last_seen"] = standing.last_seen
        serving = call.services.recommender.state()
        document["predicted_rating"] = recommender.predict_rating(serving, call.user_id, movie_id)
    return document


def _by_tmdb(call: Call, details_at: int | None, fresh: bool) -> dict[str, Any]:
    """Return the origin and age of the details of a movie."""
    if details_at is None:
        return {"source": "catalogue", "stale": False, "as_of": None}
    stale = call.services.sync.is_old(details_at)
    return {
        "source": "tmdb" if fresh and not stale else "cache",
        "stale": stale,
        "as_of": timestamp(details_at),
    }


# Reading


@group.get("/", access=Access.PUBLIC, answers={200: Page[schemas.ListedMovie]}, cache_seconds=60)
def catalogue(call: Call, query: schemas.MovieQuery) -> dict[str, Any]:
    """Return the movies of the catalogue.

    Orderings: popularity, vote_average, vote_count, release_date, title; a leading - sorts in descending order.
    """
    filters = MovieFilters(
        **query.model_dump(exclude={"page", "page_size", "ordering", "adult", "genre"}),
        genre=movies.resolve_genre(query.genre),
        adult=_adult(call, query.adult),
    )
    order = movies.order_by(query.ordering, movies.ORDERINGS)
    count, films = movies.browse(filters, order=order, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, list(map(listed_movie_json, films)))


async def _before_asking(call: Call) -> None:
    """Count a fetch from TMDb against the search limit if the caller is not signed in. Raises Throttled."""
    if call.caller is None:
        await call.count_address("search")


@group.get("/{id}/", access=Access.PUBLIC, answers={200: schemas.Movie}, cache_seconds=60)
async def movie(call: Call, id: int) -> dict[str, Any]:
    """Return a movie; for signed-in users with rating, predicted rating, favorite, watchlist and history."""
    fresh = await call.services.sync.complete(id, lambda: _before_asking(call))
    return await call.read(movie_json, call, id, fresh=fresh)


@group.get(
    "/tmdb/{tmdb_id}/",
    access=Access.PUBLIC,
    answers={200: schemas.Movie},
    errors=(UpstreamUnavailable, Throttled),
    cache_seconds=60,
)
async def by_tmdb_id(call: Call, tmdb_id: int) -> dict[str, Any]:
    """Return a movie by its TMDb id. A movie that is not in the catalogue is fetched from TMDb and stored."""
    movie_id, fresh = await call.services.sync.by_tmdb_id(tmdb_id, lambda: call.count_address("search"))
    return await call.read(movie_json, call, movie_id, fresh=fresh)


@group.get(
    "/imdb/{imdb_id}/",
    access=Access.PUBLIC,
    answers={200: schemas.Movie},
    errors=(UpstreamUnavailable, Throttled),
    cache_seconds=60,
)
async def by_imdb_id(call: Call, imdb_id: str) -> dict[str, Any]:
    """Return a movie by its IMDb id. A movie that is not in the catalogue is fetched from TMDb and stored."""
    movie_id, fresh = await call.services.sync.by_imdb_id(imdb_id, lambda: call.count_address("search"))
    return await call.read(movie_json, call, movie_id, fresh=fresh)


@group.get(
    "/search/", access=Access.PUBLIC, answers={200: schemas.MovieList}, cache_seconds=60, throttle="search"
)
async def search(call: Call, query: schemas.SearchQuery) -> dict[str, Any]:
    """Search movies by title, with typo tolerance, best match first. Includes results of TMDb if they arrive in time."""
    text, sync, found = movies.validate_search_text(query.text), call.services.sync, None
    if sync.is_on:
        found = await sync.search(text, year=query.year, adult=await call.read(_allows_adult, call))

    def merged() -> dict[str, Any]:
        count, films = movies.search(
            text,
            year=query.year,
            genre=query.genre,
            adult=_allows_adult(call),
            elsewhere=found.ids if found else (),
            limit=PAGE_LENGTH,
            offset=PAGE_LENGTH * (query.page - 1),
        )
        return {**_list_json(query, count, films), **_origin(found)}

    return await call.read(merged)


@group.get("/popular/", access=Access.PUBLIC, answers={200: schemas.MovieList}, cache_seconds=60)
async def popular(call: Call, query: schemas.ListQuery) -> dict[str, Any]:
    """Return the most popular movies by TMDb, or by the catalogue if TMDb does not answer."""
    found = await call.services.sync.popular(query.page)
    return await call.read(_found_json, call, found, query, movies.popular)


@group.get("/top_rated/", access=Access.PUBLIC, answers={200: schemas.MovieList}, cache_seconds=60)
async def top_rated(call: Call, query: schemas.ListQuery) -> dict[str, Any]:
    """Return the top rated movies by TMDb, or by the catalogue, where few votes have less weight."""
    found = await call.services.sync.top_rated(query.page)
    return await call.read(_found_json, call, found, query, movies.top_rated)


@group.get("/trending/", access=Access.PUBLIC, answers={200: schemas.MovieList}, cache_seconds=60)
async def trending(call: Call, query: schemas.TrendingQuery) -> dict[str, Any]:
    """Return the trending movies by TMDb.

    Without TMDb: the movies rated most often on this server, then the most popular new ones.
    """

    def here(**window: Any) -> tuple[int, list[MovieSummary]]:
        active = library.most_rated(call.now - TRENDING_WINDOW_SECONDS[query.time_window])
        return movies.trending(active, time.gmtime(call.now).tm_year, **window)

    found = await call.services.sync.trending(query.time_window, query.page)
    return await call.read(_found_json, call, found, query, here)


def _found_json(
    call: Call,
    found: TmdbListPage | None,
    query: schemas.ListQuery,
    here: Callable[..., tuple[int, list[MovieSummary]]],
) -> dict[str, Any]:
    """Encode a page of TMDb or, if there is none, of the catalogue."""
    if found is None:
        window = {"limit": PAGE_LENGTH, "offset": PAGE_LENGTH * (query.page - 1)}
        return _list_json(query, *here(adult=_allows_adult(call), **window))
    films = list(map(listed_movie_json, movies.summaries(found.ids)))
    totals = {"total_pages": found.total_pages, "total_results": found.total_results}
    return {"results": films, "page": query.page, **totals, **_origin(found)}


def _origin(found: TmdbListPage | None) -> dict[str, Any]:
    """Return the origin and age of a list."""
    if found is None:
        return {"source": "catalogue", "stale": False, "as_of": None}
    return {"source": found.source, "stale": found.stale, "as_of": timestamp(found.fetched_at)}


def _allows_adult(call: Call) -> bool:
    """Return True if the profile of the caller allows adult movies in lists."""
    return call.caller is not None and auth.profile_of(call.user_id).mature_content


def _adult(call: Call, wanted: bool | None) -> bool | None:
    """Return the adult filter: only adult movies (True), none (False) or all movies (None)."""
    if _allows_adult(call):
        return wanted
    if wanted and call.caller is not None:
        raise ValidationFailed.of("adult", "Your profile hides adult movies. Set mature_content to see them.")
    return bool(wanted)


def _list_json(query: schemas.ListQuery, count: int, films: Sequence[MovieSummary]) -> dict[str, Any]:
    return {
        "results": list(map(listed_movie_json, films)),
        "page": query.page,
        "total_pages": -(-count // PAGE_LENGTH),
        "total_results": count,
        **_origin(None),
    }


@group.get("/genres/", access=Access.PUBLIC, answers={200: Page[schemas.Genre]}, cache_seconds=60)
def genres(call: Call, query: schemas.GenreQuery) -> dict[str, Any]:
    """Return all genres with their number of movies."""
    count, found = movies.genres(limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, [genre._asdict() for genre in found])


@group.get("/genres/{id}/", access=Access.PUBLIC, answers={200: schemas.Genre}, cache_seconds=60)
def genre(call: Call, id: int) -> dict[str, Any]:
    """Return a genre."""
    return movies.genre(id)._asdict()


@group.post(
    "/genres/sync/",
    access=Access.STAFF,
    answers={200: schemas.GenresSynced},
    errors=(TmdbDisabled, UpstreamUnavailable),
)
async def sync_genres(call: Call) -> dict[str, Any]:
    """Sync the genres with TMDb: new ones are created, existing ones receive their TMDb id."""
    added, joined = await call.services.sync.genres()
    return {"message": "The genres are those of TMDb now.", "added": added, "joined": joined}


# Editing


@group.post("/", access=Access.STAFF, answers={201: schemas.Movie}, errors=(Conflict,))
def add(call: Call, body: schemas.NewMovie) -> dict[str, Any]:
    """Create a movie."""
    return movie_json(call, movies.create_movie(_facts(body), call.now))


@group.put("/{id}/", access=Access.STAFF, answers={200: schemas.Movie}, errors=(Conflict,))
def replace(call: Call, id: int, body: schemas.NewMovie) -> dict[str, Any]:
    """Replace all fields of a movie. Missing fields become empty."""
    movies.replace_movie(id, _facts(body), call.now)
    return movie_json(call, id)


@group.patch("/{id}/", access=Access.STAFF, answers={200: schemas.Movie}, errors=(Conflict,))
def change(call: Call, id: int, body: schemas.MovieChange) -> dict[str, Any]:
    """Change fields of a movie. Missing fields are left unchanged."""
    movies.update_movie(id, _told(body.model_dump(exclude_unset=True)), call.now)
    return movie_json(call, id)


@group.delete("/{id}/", access=Access.STAFF, answers={204: None}, errors=(Conflict,))
def remove(call: Call, id: int) -> None:
    """Delete a movie that is in nobody's library."""
    movies.delete_movie(id)


@group.post("/{id}/merge/", access=Access.STAFF, answers={200: schemas.Movie})
def merge(call: Call, id: int, body: schemas.MergeMovie) -> dict[str, Any]:
    """Merge a movie into another one, to which its id redirects from then on.

    If a user rated both, the newer rating is kept. Reviews and notes are kept.
    """
    return movie_json(call, movies.merge_movies(id, body.into, call.now))


def _facts(body: schemas.NewMovie) -> MovieRecord:
    return MovieRecord(source="staff", **_told(body.model_dump()))


def _told(sent: dict[str, Any]) -> dict[str, Any]:
    """Translate the fields of a body into those of the catalogue."""
    told = {name: tuple(value) if isinstance(value, list) else value for name, value in sent.items()}
    if "cast" in told:
        told["characters"] = tuple(member["character"] for member in told["cast"])
        told["cast"] = tuple(member["name"] for member in told["cast"])
    for kind in ("poster", "backdrop"):
        if f"{kind}_url" in told:
            told[f"{kind}_path"] = IMAGE_URLS.path_of(str(told.pop(f"{kind}_url") or ""))
    return told
