"""The catalogue as the recommender holds it in memory: films numbered 0..F−1, their facts and traits as arrays."""

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

# Beyond these a film's cast says little of what it is like.
MAX_ACTORS = 8


@dataclass(frozen=True)
class MovieIndex:
    """All films as they were at `revision`. `movie_ids` is ascending; a film's number is its place there.

    `updated_at` is when each was changed last, in UTC epoch seconds. `came` is how many films came since all
    were read together: rarities and series do not know of them yet.
    """

    revision: int
    movie_ids: Ints
    updated_at: Ints
    titles: Sequence[str]
    traits: FilterColumns
    content: ContentScorer
    genres: Floats
    # The column of each film's first director among its facts, −1 where none is known.
    director_columns: Ints
    # Ids of films that were merged into others, and the ids of these.
    aliases: Mapping[int, int]
    added: int = 0

    def __len__(self) -> int:
        return len(self.movie_ids)

    def item_of(self, movie_id: int) -> int | None:
        """The number of a film, None where it came after this revision."""
        number = int(self.items_of([movie_id])[0])
        return number if number >= 0 else None

    def known_items(self, movie_ids: Sequence[int]) -> Ints:
        """The numbers of films, leaving out those that are not here."""
        places = self.items_of(movie_ids)
        return places[places >= 0]

    def items_of(self, movie_ids: Sequence[int] | Ints) -> Ints:
        """The number of each film or what it was merged into, −1 for those that are not here."""
        wanted = replace_values(np.asarray(movie_ids, dtype=np.int64), self.aliases)
        if not len(self.movie_ids):
            return np.full(len(wanted), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.movie_ids, wanted), len(self.movie_ids) - 1)
        found: Ints = np.where(self.movie_ids[places] == wanted, places, -1)
        return found


def load_movie_index() -> MovieIndex:
    """Read the whole catalogue: about a second for 17,000 films."""
    revision = db.revision("catalogue")
    films = read_movies()
    content = ContentScorer(films.facts)
    return MovieIndex(
        revision=revision,
        movie_ids=films.ids,
        updated_at=films.updated_at,
        titles=films.titles,
        traits=films.traits,
        content=content,
        genres=genre_shares(films.traits.genres),
        director_columns=director_columns_of(content.features, films.facts),
        aliases=movies.alias_targets(),
    )


class MovieRows(NamedTuple):
    """What the database says of some films, by ascending id."""

    ids: Ints
    updated_at: Ints
    titles: list[str]
    traits: FilterColumns
    facts: MovieColumns


_SELECTED = (
    "SELECT id, title, year, runtime, vote_average, vote_count, adult, original_language, languages, countries, "
    "updated_at, source FROM movies "
)


def read_movies(only: Sequence[int] | None = None) -> MovieRows:
    """All films, or those of `only` that are there; series are found only where all are read."""
    wanted = "" if only is None else f"WHERE id IN ({db.placeholders(only)}) "
    rows = db.rows(f"{_SELECTED}{wanted}ORDER BY id", *(only or ()))
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    place = {movie_id: number for number, movie_id in enumerate(ids.tolist())}
    listed = _Listed(place, only)
    genre_names, genres = _genres(listed)
    return MovieRows(
        ids=ids,
        updated_at=np.array([row[10] for row in rows], dtype=np.int64),
        titles=[row[1] for row in rows],
        traits=_traits(rows, genre_names, genres),
        facts=_facts(rows, genres, listed),
    )


def _facts(rows: Sequence[db.Row], genres: Sequence[Sequence[str]], listed: _Listed) -> MovieColumns:
    directors, writers, cast = (listed.credited(role) for role in ("director", "writer", "cast"))
    people = [[*each] for each in map(chain, directors, writers, cast)]
    series = find_franchises([row[1] for row in rows], people) if listed.only is None else [[] for _ in rows]
    rated = np.array([row[4] if row[5] else np.nan for row in rows], dtype=np.float32)
    return MovieColumns(
        genres=genres,
        years=np.array([row[2] or 0 for row in rows], dtype=np.int32),
        languages=[_names(row[8], row[7]) for row in rows],
        countries=[_listed(row[9]) for row in rows],
        directors=directors,
        writers=writers,
        cast=cast,
        keywords=listed.keywords(),
        series=series,
        rating=rated,
        votes=np.fromiter(map(_weight, rows), dtype=np.float32, count=len(rows)),
    )


def _weight(row: db.Row) -> float:
    """Votes in one unit: TMDb counts a hundred where others count one review."""
    return movies.equivalent_reviews(row[5]) if row[11] == "tmdb" else row[5]


def director_columns_of(features: Features, facts: MovieColumns) -> Ints:
    """For each film the column that its first director has in `features`, −1 where none is known."""
    columns = (features.columns[("director", names[0])] if names else -1 for names in facts.directors)
    return np.fromiter(columns, dtype=np.int64, count=len(facts))


@lru_cache(maxsize=10_000)
def _names(listed: str, original: str) -> tuple[str, ...]:
    """A film's languages in English, the original one first. Cached: most films share theirs with thousands."""
    codes = dict.fromkeys([*([original] if original else []), *json.loads(listed)])
    return tuple(LANGUAGES[code].partition("|")[0] if code in LANGUAGES else code for code in codes)


@lru_cache(maxsize=10_000)
def _listed(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _traits(rows: Sequence[db.Row], names: Sequence[str], genres: Sequence[Sequence[str]]) -> FilterColumns:
    column = {name: number for number, name in enumerate(names)}
    having = np.zeros((len(rows), len(names)), dtype=bool)
    films = np.repeat(np.arange(len(rows)), np.fromiter(map(len, genres), dtype=np.int64))
    having[films, [column[name] for found in genres for name in found]] = True
    return FilterColumns(
        genres=having,
        genre_names=tuple(names),
        years=np.array([row[2] or 0 for row in rows], dtype=np.int32),
        runtimes=np.array([row[3] or 0 for row in rows], dtype=np.int32),
        votes=np.array([row[5] for row in rows], dtype=np.float32),
        adult=np.array([bool(row[6]) for row in rows], dtype=bool),
        languages=[_spoken(row[7]) for row in rows],
    )


@lru_cache(maxsize=1_000)
def _spoken(code: str) -> frozenset[str]:
    """Code and English name: people ask for either."""
    return frozenset({code, LANGUAGES.get(code, "").partition("|")[0]} - {""})


def _genres(listed: _Listed) -> tuple[list[str], list[list[str]]]:
    """The names of all genres, and those of each film in its own order."""
    return [name for (name,) in db.rows("SELECT name FROM genres ORDER BY name")], listed.genres()


class _Listed:
    """What hangs on films, as one list of names each; `place` says which list is whose."""

    def __init__(self, place: dict[int, int], only: Sequence[int] | None) -> None:
        self.place, self.only = place, only

    def genres(self) -> list[list[str]]:
        return self._names("movie_genres JOIN genres ON genres.id = genre_id", "position")

    def credited(self, role: str) -> list[list[str]]:
        # People are told apart by name here: two of one name are rarer than one under two ids.
        return self._names(
            "credits JOIN people ON people.id = person_id",
            "position",
            "role = ? AND position < ?",
            role,
            MAX_ACTORS,
        )

    def keywords(self) -> list[list[str]]:
        return self._names("movie_keywords JOIN keywords ON keywords.id = keyword_id", "name")

    def _names(self, tables: str, order: str, condition: str = "TRUE", *params: object) -> list[list[str]]:
        if self.only is not None:
            condition += f" AND movie_id IN ({db.placeholders(self.only)})"
        found: list[list[str]] = [[] for _ in self.place]
        sql = f"SELECT movie_id, name FROM {tables} WHERE {condition} ORDER BY movie_id, {order}"
        for movie_id, name in db.rows(sql, *params, *(self.only or ())):
            number = self.place.get(movie_id)
            if number is not None:
                found[number].append(name)
        return found
