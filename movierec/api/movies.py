"""`/api/v1/movies/`: the catalogue, its lists and genres, and editing it."""

from __future__ import annotations

from typing import Any

from movierec import library, movies
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.movies import Detail, Listed

POSTERS = "https://image.tmdb.org/t/p/w500"
BACKDROPS = "https://image.tmdb.org/t/p/w1280"


def listed_json(film: Listed) -> dict[str, Any]:
    """A film as lists show it."""
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
        "poster_url": _image(POSTERS, film.poster_path),
    }


def _image(base: str, path: str) -> str | None:
    """TMDb gives paths, staff whole addresses."""
    return base + path if path.startswith("/") else path or None


def detail_json(film: Detail) -> dict[str, Any]:
    """A film as its own page shows it."""
    facts = film.facts
    return {
        **listed_json(film.listed),
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
        "backdrop_url": _image(BACKDROPS, facts["backdrop_path"]),
        "directors": film.directors,
        "writers": film.writers,
        "cast": film.cast,
        "keywords": film.keywords,
        "created_at": timestamp(facts["created_at"]),
        "updated_at": timestamp(facts["updated_at"]),
    }


def movie_json(call: Call, movie_id: int) -> dict[str, Any]:
    """A film as its page shows it to the caller. Raises NotFound."""
    document = detail_json(movies.detail(movie_id))
    if call.caller is not None:
        standing = library.standing(call.user_id, movie_id)
        document["my_rating"] = standing.stars
        document["is_favorite"] = standing.is_favorite
        document["on_watchlist"] = standing.on_watchlist
    return document
