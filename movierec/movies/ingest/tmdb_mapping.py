"""What TMDb tells of a film, as the catalogue takes it. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from movierec.movies.movie_record import MovieRecord
from movierec.movies.popularity import popularity
from movierec.movies.starter.vocabulary import country_names
from movierec.tmdb import MovieDetails, TmdbMovie


def record_from_list_item(film: TmdbMovie, genres: Mapping[int, str]) -> MovieRecord:
    """From a list. `genres` are names by TMDb's ids; what is not among them is left out."""
    return MovieRecord(
        title=film.title,
        source="tmdb",
        tmdb_id=film.tmdb_id,
        original_title=film.original_title,
        year=int(film.release_date[:4]) if film.release_date else None,
        release_date=film.release_date,
        overview=film.overview,
        original_language=film.original_language,
        adult=film.adult,
        vote_average=film.vote_average,
        vote_count=film.vote_count,
        popularity=popularity(film.vote_count, film.popularity),
        poster_path=film.poster_path,
        backdrop_path=film.backdrop_path,
        genres=_in_order(genres[number] for number in film.genre_ids if number in genres),
    )


def record_from_details(details: MovieDetails, told_at: int) -> MovieRecord:
    """From a film's own page, which tells all that TMDb knew at `told_at` (UTC epoch seconds)."""
    return dataclasses.replace(
        record_from_list_item(details.movie, {}),
        details_at=told_at,
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
        genres=_in_order(details.genres),
        directors=details.directors,
        writers=details.writers,
        cast=tuple(name for name, _ in details.cast),
        characters=tuple(character for _, character in details.cast),
        keywords=details.keywords,
    )


def _in_order(genres: Iterable[str]) -> tuple[str, ...]:
    """Of the alphabet: lists and details name them in different orders, which is no difference."""
    return tuple(sorted(set(genres)))
