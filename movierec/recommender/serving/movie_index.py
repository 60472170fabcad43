"""The catalogue as arrays in memory: movies as items 0..n−1, with the columns that scorers and filters read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np

from movierec import db, movies
from movierec.community.blocks import replace_values
from movierec.movies.starter.vocabulary import LANGUAGES
from movierec.recommender.engine.arrays import Floats, Ints
from movierec.recommender.engine.candidates import FilterColumns
from movierec.recommender.engine.content import ContentScorer
from movierec.recommender.engine.features import Features
from movierec.recommender.engine.franchises import find_franchises
from movierec.recommender.engine.movie_columns import MovieColumns
from movierec.recommender.engine.ranking import genre_shares
from movierec.recommender.engine.settings import FeatureSettings

# People of one role that are read for each movie.
MAX_PEOPLE = FeatureSettings().max_people


@dataclass(frozen=True)
class MovieIndex:
    """All movies as of `revision`. `movie_ids` is ascending; the position of a movie in it is its item number.

    `updated_at` is the time of each movie's last change in UTC epoch seconds. `added` is the number of movies
    added since all were read together: feature rarities and franchises do not include them yet.
    """

    revision: int
    movie_ids: Ints
    updated_at: Ints
    titles: Sequence[str]
    filter_columns: FilterColumns
    content: ContentScorer
    genres: Floats
    # The feature column of each movie's first director, −1 where none is known.
    director_columns: Ints
    # Ids of merged movies, and the ids of the movies they were merged into.
    aliases: Mapping[int, int]
    added: int = 0

    def __len__(self) -> int:
        return len(self.movie_ids)

    def item_of(self, movie_id: int) -> int | None:
        """Return the item of a movie, None if it was added after this revision."""
        item = int(self.items_of([movie_id])[0])
        return item if item >= 0 else None

    def known_items(self, movie_ids: Sequence[int]) -> Ints:
        """Return the items of movies, without those that are missing here."""
        items = self.items_of(movie_ids)
        return items[items >= 0]

    def items_of(self, movie_ids: Sequence[int] | Ints) -> Ints:
        """Return the item of each movie or of the movie it was merged into, −1 where missing."""
        ids = replace_values(np.asarray(movie_ids, dtype=np.int64), self.aliases)
        if not len(self.movie_ids):
            return np.full(len(ids), -1, dtype=np.int64)
        positions = np.minimum(np.searchsorted(self.movie_ids, ids), len(self.movie_ids) - 1)
        items: Ints = np.where(self.movie_ids[positions] == ids, positions, -1)
        return items


def load_movie_index() -> MovieIndex:
    """Read the whole catalogue: about a second for 17,000 movies."""
    revision = db.revision("catalogue")
    rows = read_movies()
    content = ContentScorer(rows.columns)
    return MovieIndex(
        revision=revision,
        movie_ids=rows.ids,
        updated_at=rows.updated_at,
        titles=rows.titles,
        filter_columns=rows.filter_columns,
        content=content,
        genres=genre_shares(rows.filter_columns.genres),
        director_columns=director_columns_of(content.features, rows.columns),
        aliases=movies.alias_targets(),
    )


class MovieRows(NamedTuple):
    """Movies as read from the database, by ascending id."""

    ids: Ints
    updated_at: Ints
    titles: list[str]
    filter_columns: FilterColumns
    columns: MovieColumns


class _MovieRow(NamedTuple):
    id: int
    title: str
    year: int | None
    runtime: int | None
    vote_average: float
    vote_count: int
    adult: bool
    original_language: str
    languages: str
    countries: str
    updated_at: int
    source: str


def read_movies(only: Sequence[int] | None = None) -> MovieRows:
    """Read all movies, or those of `only` that exist; franchises are found only where all are read."""
    condition = "" if only is None else f"WHERE id IN ({db.placeholders(only)}) "
    rows = [
        *map(
            _MovieRow._make,
            db.rows(
                f"SELECT {', '.join(_MovieRow._fields)} FROM movies {condition}ORDER BY id", *(only or ())
            ),
        )
    ]
    ids = np.array([row.id for row in rows], dtype=np.int64)
    names = _NameLists(ids.tolist(), only)
    genre_names, genres = (
        [name for (name,) in db.rows("SELECT name FROM genres ORDER BY name")],
        names.genres(),
    )
    return MovieRows(
        ids=ids,
        updated_at=np.array([row.updated_at for row in rows], dtype=np.int64),
        titles=[row.title for row in rows],
        filter_columns=_filter_columns(rows, genre_names, genres),
        columns=_movie_columns(rows, genres, names),
    )


def _movie_columns(
    rows: Sequence[_MovieRow], genres: Sequence[Sequence[str]], names: _NameLists
) -> MovieColumns:
    directors, writers, cast = (names.credited(role) for role in ("director", "writer", "cast"))
    people = [[*each] for each in map(chain, directors, writers, cast)]
    franchises = (
        find_franchises([row.title for row in rows], people) if names.is_whole else [[] for _ in rows]
    )
    return MovieColumns(
        genres=genres,
        years=np.array([row.year or 0 for row in rows], dtype=np.int32),
        languages=[_language_names(row.languages, row.original_language) for row in rows],
        countries=[_json_names(row.countries) for row in rows],
        directors=directors,
        writers=writers,
        cast=cast,
        keywords=names.keywords(),
        series=franchises,
        rating=np.array([row.vote_average if row.vote_count else np.nan for row in rows], dtype=np.float32),
        votes=np.fromiter(map(_votes, rows), dtype=np.float32, count=len(rows)),
    )


def _votes(row: _MovieRow) -> float:
    """Return the votes in one unit: TMDb counts a hundred votes where other sources count one review."""
    return movies.equivalent_reviews(row.vote_count) if row.source == "tmdb" else row.vote_count


def director_columns_of(features: Features, columns: MovieColumns) -> Ints:
    """Return the column in `features` of each movie's first director, −1 where none is known."""
    column_numbers = (
        features.columns[("director", names[0])] if names else -1 for names in columns.directors
    )
    return np.fromiter(column_numbers, dtype=np.int64, count=len(columns))


@lru_cache(maxsize=10_000)
def _language_names(languages: str, original: str) -> tuple[str, ...]:
    """Return a movie's languages in English, the original one first. Cached: few combinations are frequent."""
    codes = dict.fromkeys([*([original] if original else []), *json.loads(languages)])
    return tuple(LANGUAGES[code].partition("|")[0] if code in LANGUAGES else code for code in codes)


@lru_cache(maxsize=10_000)
def _json_names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _filter_columns(
    rows: Sequence[_MovieRow], genre_names: Sequence[str], genres: Sequence[Sequence[str]]
) -> FilterColumns:
    column = {name: number for number, name in enumerate(genre_names)}
    has_genre = np.zeros((len(rows), len(genre_names)), dtype=bool)
    items = np.repeat(np.arange(len(rows)), np.fromiter(map(len, genres), dtype=np.int64))
    has_genre[items, [column[name] for names in genres for name in names]] = True
    return FilterColumns(
        genres=has_genre,
        genre_names=tuple(genre_names),
        years=np.array([row.year or 0 for row in rows], dtype=np.int32),
        runtimes=np.array([row.runtime or 0 for row in rows], dtype=np.int32),
        votes=np.array([row.vote_count for row in rows], dtype=np.float32),
        adult=np.array([bool(row.adult) for row in rows], dtype=bool),
        languages=[_language_filter(row.original_language) for row in rows],
    )


@lru_cache(maxsize=1_000)
def _language_filter(code: str) -> frozenset[str]:
    """Return the code and the English name of a language: a filter may name either."""
    return frozenset({code, LANGUAGES.get(code, "").partition("|")[0]} - {""})


class _NameLists:
    """Names that belong to movies (genres, people, keywords), one list for each of `ids`."""

    def __init__(self, ids: Sequence[int], only: Sequence[int] | None) -> None:
        self._position = {movie_id: position for position, movie_id in enumerate(ids)}
        self._only = only
        self.is_whole = only is None

    def genres(self) -> list[list[str]]:
        return self._names("movie_genres JOIN genres ON genres.id = genre_id", "position")

    def credited(self, role: str) -> list[list[str]]:
        # A name identifies a person here: two people of one name are rarer than one person under two ids.
        return self._names(
            "credits JOIN people ON people.id = person_id",
            "position",
            "role = ? AND position < ?",
            role,
            MAX_PEOPLE,
        )

    def keywords(self) -> list[list[str]]:
        return self._names("movie_keywords JOIN keywords ON keywords.id = keyword_id", "name")

    def _names(self, tables: str, order: str, condition: str = "TRUE", *params: object) -> list[list[str]]:
        if self._only is not None:
            condition += f" AND movie_id IN ({db.placeholders(self._only)})"
        lists: list[list[str]] = [[] for _ in self._position]
        sql = f"SELECT movie_id, name FROM {tables} WHERE {condition} ORDER BY movie_id, {order}"
        for movie_id, name in db.rows(sql, *params, *(self._only or ())):
            position = self._position.get(movie_id)
            if position is not None:
                lists[position].append(name)
        return lists
