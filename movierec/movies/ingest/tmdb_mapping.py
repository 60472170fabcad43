"""Mapping of TMDb's list items and details to movie records. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from movierec.movies.movie_record import MovieRecord
from movierec.movies.popularity import popularity
from movierec.movies.starter.vocabulary import country_names
from movierec.tmdb import MovieDetails, TmdbMovie


def record_from_list_item(movie: TmdbMovie, genres: Mapping[int, str]) -> MovieRecord:
    """Convert an item of a list. `genres` are names by TMDb's ids; genres that it lacks are left out."""
    return MovieRecord(
        title=movie.title,
        source="tmdb",
        tmdb_id=movie.tmdb_id,
        original_title=movie.original_title,
        year=int(movie.release_date[:4]) if movie.release_date else None,
        release_date=movie.release_date,
        overview=movie.overview,
        original_language=movie.original_language,
        adult=movie.adult,
        vote_average=movie.vote_average,
        vote_count=movie.vote_count,
        popularity=popularity(movie.vote_count, movie.popularity),
        poster_path=movie.poster_path,
        backdrop_path=movie.backdrop_path,
        genres=_sorted(genres[genre_id] for genre_id in movie.genre_ids if genre_id in genres),
    )


def record_from_details(details: MovieDetails, fetched_at: int) -> MovieRecord:
    """Convert a movie's details, fetched at `fetched_at` (UTC epoch seconds)."""
    return dataclasses.replace(
        record_from_list_item(details.movie, {}),
        details_at=fetched_at,
        imdb_id=details.imdb_id,
        tagline=details.tagline,
        status=details.status,
        runtime=details.runtime,
        budget=details.budget,
        revenue=details.revenue,
        homepage=details.homepage,
        languages=details.languages,
        countries=country_names(details.countries),
        certificate=details.certificate,
        genres=_sorted(details.genres),
        directors=details.directors,
        writers=details.writers,
        cast=tuple(name for name, _ in details.cast),
        characters=tuple(character for _, character in details.cast),
        keywords=details.keywords,
    )


def _sorted(genres: Iterable[str]) -> tuple[str, ...]:
    """Sort alphabetically: lists and details have genres in different orders, which must not count as a change."""
    return tuple(sorted(set(genres)))
