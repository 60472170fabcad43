"""Reading the catalogue: lists with filters, one film whole, films by outside ids, genres."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from movierec import db
from movierec.errors import NotFound, ValidationFailed
from movierec.movies.external_ids import owner_of
from movierec.movies.ingest.merge import current_id

ORDERINGS = {
    "popularity": "movies.popularity",
    "vote_average": "movies.vote_average",
    "vote_count": "movies.vote_count",
    "release_date": "COALESCE(movies.release_date, '')",
    "title": "movies.title",
}

MAXIMUM_CAST = 15


class MovieSummary(NamedTuple):
    """A film as lists show it; `genres` in their own order."""

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


_LISTED = ", ".join(f"movies.{name}" for name in MovieSummary._fields if name != "genres")


@dataclass(frozen=True)
class MovieDetail:
    """A film as its own page shows it: the listed part, and the rest by column name."""

    listed: MovieSummary
    facts: Mapping[str, Any]
    directors: list[str]
    writers: list[str]
    cast: list[dict[str, str]]
    keywords: list[str]


_FACTS = (
    "tagline", "status", "budget", "revenue", "homepage", "original_language", "languages", "countries",
    "certificate", "adult", "critics_score", "critics_reviews", "backdrop_path", "source", "created_at",
    "updated_at", "details_at",
)  # fmt: skip


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
    """What a list of films is narrowed by; None does not narrow.

    `genre` is a name as `asked_genre` gives it; `adult` False leaves adult films out, True leaves only them.
    """

    genre: str | None = None
    year: int | None = None
    year_min: int | None = None
    year_max: int | None = None
    language: str | None = None
    min_votes: int | None = None
    min_rating: float | None = None
    adult: bool | None = False

    def where(self) -> tuple[str, list[Any]]:
        """The condition in SQL and its parameters."""
        conditions: list[str] = []
        parameters: list[Any] = []
        for name, sql in _CONDITIONS.items():
            value = getattr(self, name)
            if value is not None:
                conditions.append(sql)
                parameters += [value] * sql.count("?")
        return " AND ".join(conditions) or "TRUE", parameters


def order_by(text: str, columns: Mapping[str, str]) -> str:
    """`-year,title` as an ORDER BY. Raises ValidationFailed for names not in `columns`."""
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
    """How many films pass the filters, and one page of them."""
    condition, values = filters.where()
    count = db.value(f"SELECT COUNT(*) FROM movies WHERE {condition}", *values)
    found = db.rows(
        f"SELECT {_LISTED} FROM movies WHERE {condition} ORDER BY {order}, movies.id LIMIT ? OFFSET ?",
        *values,
        limit,
        offset,
    )
    return count, _with_genres(found)


def summaries(movie_ids: Sequence[int]) -> list[MovieSummary]:
    """These films, in the order given; unknown ids are left out."""
    found = db.rows(f"SELECT {_LISTED} FROM movies WHERE id IN ({db.placeholders(movie_ids)})", *movie_ids)
    by_id = {film.id: film for film in _with_genres(found)}
    return [by_id[movie_id] for movie_id in movie_ids if movie_id in by_id]


def _with_genres(found: Sequence[db.Row]) -> list[MovieSummary]:
    genres: dict[int, list[str]] = {row[0]: [] for row in found}
    for movie_id, name in db.rows(
        "SELECT movie_id, name FROM movie_genres JOIN genres ON genres.id = genre_id "
        f"WHERE movie_id IN ({db.placeholders(list(genres))}) ORDER BY movie_id, position",
        *genres,
    ):
        genres[movie_id].append(name)
    return [MovieSummary._make((*row, genres[row[0]])) for row in found]


def detail(movie_id: int) -> MovieDetail:
    """One film whole, by its id or that of a duplicate merged into it. Raises NotFound."""
    movie_id = current_id(movie_id)
    films = summaries([movie_id])
    if not films:
        raise NotFound("There is no such movie.")
    row = db.row(f"SELECT {', '.join(_FACTS)} FROM movies WHERE id = ?", movie_id)
    assert row is not None
    facts = dict(zip(_FACTS, row, strict=True))
    facts["languages"], facts["countries"] = json.loads(facts["languages"]), json.loads(facts["countries"])
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
        films[0],
        facts,
        directors=[person["name"] for person in people["director"]],
        writers=[person["name"] for person in people["writer"]],
        cast=people["cast"][:MAXIMUM_CAST],
        keywords=[name for (name,) in keywords],
    )


def poster_path(movie_id: int) -> str:
    """Where a film's poster is: a path of TMDb, a whole address, or nowhere. Raises NotFound."""
    found = db.value("SELECT poster_path FROM movies WHERE id = ?", current_id(movie_id))
    if found is None:
        raise NotFound("There is no such movie.")
    return str(found)


def by_imdb_id(imdb_id: str) -> int:
    """The id of the film IMDb calls so. Raises NotFound."""
    return _by("imdb_id", imdb_id)


def by_tmdb_id(tmdb_id: int) -> int:
    """The id of the film TMDb calls so. Raises NotFound."""
    return _by("tmdb_id", tmdb_id)


def _by(column: str, value: Any) -> int:
    found = owner_of(column, value)
    if found is None:
        raise NotFound("No movie with that id is known here.")
    return found


class GenreCount(NamedTuple):
    id: int
    tmdb_id: int | None
    name: str
    movies: int


def genres(*, limit: int, offset: int) -> tuple[int, list[GenreCount]]:
    """How many genres there are, and a page of them."""
    found = db.rows(f"{_GENRES} GROUP BY genres.id ORDER BY genres.name LIMIT ? OFFSET ?", limit, offset)
    return db.value("SELECT COUNT(*) FROM genres"), list(map(GenreCount._make, found))


def genre(genre_id: int) -> GenreCount:
    """One genre. Raises NotFound."""
    found = db.row(f"{_GENRES} WHERE genres.id = ? GROUP BY genres.id", genre_id)
    if found is None:
        raise NotFound()
    return GenreCount._make(found)


_GENRES = (
    "SELECT genres.id, genres.tmdb_id, genres.name, COUNT(movie_id) FROM genres "
    "LEFT JOIN movie_genres ON genre_id = genres.id"
)


def needs_seed() -> bool:
    """Whether the catalogue was never filled."""
    return db.revision("starter") == 0
