"""Queries on the catalogue: filtered lists, one movie in full, lookup by external id, genres."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict, cast

from movierec import db
from movierec.errors import NotFound, ValidationFailed
from movierec.movies.external_ids import ExternalId, owner_of
from movierec.movies.ingest.merge import current_id
from movierec.movies.movie_record import ColumnValue

ORDERINGS = {
    "popularity": "movies.popularity",
    "vote_average": "movies.vote_average",
    "vote_count": "movies.vote_count",
    "release_date": "COALESCE(movies.release_date, '')",
    "title": "movies.title",
}

# Members of the cast on a movie's page, in the order of billing.
MAXIMUM_CAST = 15


class MovieSummary(NamedTuple):
    """A movie as lists show it; `genres` in their own order."""

    id: int
    tmdb_id: int | None
    imdb_id: str | None
    title: str
    original_title: str
    year: int | None
    release_date: str | None
    overview: str
    runtime: int | None
    vote_average: float
    vote_count: int
    popularity: float
    poster_path: str
    genres: list[str]


_SUMMARY = ", ".join(f"movies.{name}" for name in MovieSummary._fields if name != "genres")


class FurtherFacts(TypedDict):
    """The columns of a movie that lists do not show."""

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
    backdrop_path: str
    source: str
    created_at: int
    updated_at: int
    details_at: int | None


@dataclass(frozen=True)
class MovieDetail:
    """A movie as its own page shows it: the summary of lists and everything else."""

    summary: MovieSummary
    facts: FurtherFacts
    directors: list[str]
    writers: list[str]
    cast: list[dict[str, str]]
    keywords: list[str]


_CONDITIONS = {
    "genre": "EXISTS (SELECT 1 FROM movie_genres WHERE movie_id = movies.id AND genre_id = "
    "(SELECT id FROM genres WHERE name = ?))",
    "year": "movies.year = ?",
    "year_min": "movies.year >= ?",
    "year_max": "movies.year <= ?",
    "language": "movies.original_language = ?",
    "min_votes": "movies.vote_count >= ?",
    "min_rating": "movies.vote_average >= ?",
    "adult": "movies.adult = ?",
}


@dataclass(frozen=True)
class MovieFilters:
    """Filters of a list of movies; None leaves a filter out.

    `genre` is a name as `resolve_genre` returns it; `adult` False excludes adult movies, True lists only them.
    """

    genre: str | None = None
    year: int | None = None
    year_min: int | None = None
    year_max: int | None = None
    language: str | None = None
    min_votes: int | None = None
    min_rating: float | None = None
    adult: bool | None = False

    def where(self) -> tuple[str, list[ColumnValue]]:
        """Return the SQL condition and its parameters."""
        conditions: list[str] = []
        parameters: list[ColumnValue] = []
        for name, sql in _CONDITIONS.items():
            value = getattr(self, name)
            if value is not None:
                conditions.append(sql)
                parameters += [value] * sql.count("?")
        return " AND ".join(conditions) or "TRUE", parameters


def order_by(text: str, columns: Mapping[str, str]) -> str:
    """Translate `-year,title` to an ORDER BY clause. Raises ValidationFailed for names not in `columns`."""
    terms = []
    for name in text.split(","):
        column = columns.get(name.removeprefix("-"))
        if column is None:
            raise ValidationFailed.of("ordering", f"Use any of: {', '.join(columns)}, with - for descending.")
        terms.append(f"{column} {'DESC' if name.startswith('-') else 'ASC'}")
    return ", ".join(terms)


def browse(
    filters: MovieFilters, *, order: str = "movies.popularity DESC", limit: int, offset: int = 0
) -> tuple[int, list[MovieSummary]]:
    """Return the number of movies that pass the filters, and one page of them."""
    condition, parameters = filters.where()
    count = db.value(f"SELECT COUNT(*) FROM movies WHERE {condition}", *parameters)
    rows = db.rows(
        f"SELECT {_SUMMARY} FROM movies WHERE {condition} ORDER BY {order}, movies.id LIMIT ? OFFSET ?",
        *parameters,
        limit,
        offset,
    )
    return count, _with_genres(rows)


def summaries(movie_ids: Sequence[int]) -> list[MovieSummary]:
    """Return the summaries of these movies in the order given; unknown ids are left out."""
    rows = db.rows(f"SELECT {_SUMMARY} FROM movies WHERE id IN ({db.placeholders(movie_ids)})", *movie_ids)
    by_id = {movie.id: movie for movie in _with_genres(rows)}
    return [by_id[movie_id] for movie_id in movie_ids if movie_id in by_id]


def _with_genres(rows: Sequence[db.Row]) -> list[MovieSummary]:
    genres: dict[int, list[str]] = {row[0]: [] for row in rows}
    for movie_id, name in db.rows(
        "SELECT movie_id, name FROM movie_genres JOIN genres ON genres.id = genre_id "
        f"WHERE movie_id IN ({db.placeholders(list(genres))}) ORDER BY movie_id, position",
        *genres,
    ):
        genres[movie_id].append(name)
    return [MovieSummary._make((*row, genres[row[0]])) for row in rows]


def detail(movie_id: int) -> MovieDetail:
    """Return a movie in full, by its id or that of a duplicate merged into it. Raises NotFound."""
    movie_id = current_id(movie_id)
    movies = summaries([movie_id])
    if not movies:
        raise NotFound("There is no such movie.")
    people: dict[str, list[dict[str, str]]] = {"director": [], "writer": [], "cast": []}
    for role, name, character in db.rows(
        "SELECT role, name, character FROM credits JOIN people ON people.id = person_id "
        "WHERE movie_id = ? ORDER BY role, position",
        movie_id,
    ):
        people[role].append({"name": name, "character": character})
    keywords = db.rows(
        "SELECT name FROM movie_keywords JOIN keywords ON keywords.id = keyword_id "
        "WHERE movie_id = ? ORDER BY name",
        movie_id,
    )
    return MovieDetail(
        movies[0],
        _further_facts(movie_id),
        directors=[person["name"] for person in people["director"]],
        writers=[person["name"] for person in people["writer"]],
        cast=people["cast"][:MAXIMUM_CAST],
        keywords=[name for (name,) in keywords],
    )


def _further_facts(movie_id: int) -> FurtherFacts:
    columns = tuple(FurtherFacts.__annotations__)
    row = db.row(f"SELECT {', '.join(columns)} FROM movies WHERE id = ?", movie_id)
    assert row is not None
    facts = dict(zip(columns, row, strict=True))
    facts["languages"], facts["countries"] = json.loads(facts["languages"]), json.loads(facts["countries"])
    return cast(FurtherFacts, facts)


def poster_path(movie_id: int) -> str:
    """Return the location of a movie's poster: a path of TMDb, a whole address, or "". Raises NotFound."""
    path = db.value("SELECT poster_path FROM movies WHERE id = ?", current_id(movie_id))
    if path is None:
        raise NotFound("There is no such movie.")
    return str(path)


def by_imdb_id(imdb_id: str) -> int:
    """Return the movie with this IMDb id. Raises NotFound."""
    return _by_external_id("imdb_id", imdb_id)


def by_tmdb_id(tmdb_id: int) -> int:
    """Return the movie with this TMDb id. Raises NotFound."""
    return _by_external_id("tmdb_id", tmdb_id)


def _by_external_id(column: str, external_id: ExternalId) -> int:
    movie_id = owner_of(column, external_id)
    if movie_id is None:
        raise NotFound("No movie with this id is in the catalogue.")
    return movie_id


class GenreCount(NamedTuple):
    """A genre and its number of movies."""

    id: int
    tmdb_id: int | None
    name: str
    movies: int


def genres(*, limit: int, offset: int) -> tuple[int, list[GenreCount]]:
    """Return the number of genres, and one page of them."""
    rows = db.rows(f"{_GENRES} GROUP BY genres.id ORDER BY genres.name LIMIT ? OFFSET ?", limit, offset)
    return db.value("SELECT COUNT(*) FROM genres"), list(map(GenreCount._make, rows))


def genre(genre_id: int) -> GenreCount:
    """Return one genre. Raises NotFound."""
    row = db.row(f"{_GENRES} WHERE genres.id = ? GROUP BY genres.id", genre_id)
    if row is None:
        raise NotFound()
    return GenreCount._make(row)


_GENRES = (
    "SELECT genres.id, genres.tmdb_id, genres.name, COUNT(movie_id) FROM genres "
    "LEFT JOIN movie_genres ON genre_id = genres.id"
)


def needs_seed() -> bool:
    """Return True if the shipped catalogue was never loaded."""
    return db.revision("starter") == 0
