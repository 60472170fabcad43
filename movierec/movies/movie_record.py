"""The record that every source delivers about a movie, and its mapping to columns of `movies`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

# A value of a column of `movies`, as the drivers take it.
ColumnValue = str | int | float | bool | None

# Where two sources contradict each other the one with the higher number wins; a source replaces its own values.
PRECEDENCE = {"import": -1, "movielens": 0, "starter": 1, "tmdb": 2, "staff": 3}


@dataclass(frozen=True, slots=True)
class MovieRecord:
    """Facts about one movie from one source. An empty value or None means that the source has no information.

    Votes are on TMDb's scale of 0 to 10; runtime in minutes; money in US dollars; dates `YYYY-MM-DD`.
    Image paths begin with a slash on TMDb and are whole addresses elsewhere.
    """

    title: str
    source: str
    tmdb_id: int | None = None
    imdb_id: str | None = None
    movielens_id: int | None = None
    original_title: str = ""
    year: int | None = None
    release_date: str | None = None
    overview: str = ""
    tagline: str = ""
    status: str = ""
    runtime: int | None = None
    budget: int | None = None
    revenue: int | None = None
    homepage: str = ""
    original_language: str = ""
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    certificate: str = ""
    adult: bool = False
    critics_score: int | None = None
    critics_reviews: int | None = None
    vote_average: float = 0.0
    vote_count: int = 0
    popularity: float = 0.0
    poster_path: str = ""
    backdrop_path: str = ""
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    # The characters that the cast plays, in the same order.
    characters: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    # Time of TMDb's details (UTC epoch seconds); None where the record comes from a list, which has fewer fields.
    details_at: int | None = None


ID_COLUMNS = ("imdb_id", "tmdb_id", "movielens_id")
FACT_COLUMNS = (
    "title", "original_title", "year", "release_date", "overview", "tagline", "status", "runtime", "budget",
    "revenue", "homepage", "original_language", "certificate", "adult", "critics_score", "critics_reviews",
    "vote_average", "vote_count", "popularity", "poster_path", "backdrop_path",
    "details_at",
)  # fmt: skip
JSON_COLUMNS = ("languages", "countries")
COLUMNS = (*ID_COLUMNS, *FACT_COLUMNS, *JSON_COLUMNS)

_attributes = attrgetter(*COLUMNS)


def column_values(record: MovieRecord) -> tuple[ColumnValue, ...]:
    """Return the values of `COLUMNS`, lists encoded as JSON."""
    values = _attributes(record)
    return (*values[: -len(JSON_COLUMNS)], *map(_json, values[-len(JSON_COLUMNS) :]))


@lru_cache(maxsize=4096)
def _json(names: tuple[str, ...]) -> str:
    """Encode names as JSON; cached, because thousands of movies share their languages and countries."""
    return json.dumps(names, ensure_ascii=False)
