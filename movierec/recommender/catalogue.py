"""The catalogue as the recommender holds it in memory: films numbered 0..F−1, their facts and traits as arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np

from movierec import db, movies
from movierec.movies.starter.vocabulary import LANGUAGES
from movierec.recommender.arrays import Floats, Ints, replaced
from movierec.recommender.candidates import Traits
from movierec.recommender.content import Content
from movierec.recommender.facts import FilmFacts
from movierec.recommender.ranking import genre_shares
from movierec.recommender.series import series_of

# Beyond these a film's cast says little of what it is like.
ACTORS = 8


@dataclass(frozen=True)
class Catalogue:
    """All films as they were at `revision`. `movie_ids` is ascending; a film's number is its place there."""

    revision: int
    movie_ids: Ints
    titles: Sequence[str]
    traits: Traits
    content: Content
    genres: Floats
    # The number of each film's first director, −1 where none is known.
    makers: Ints
    # Ids of films that were merged into others, and the ids of these.
    aliases: Mapping[int, int]

    def __len__(self) -> int:
        return len(self.movie_ids)

    def number_of(self, movie_id: int) -> int | None:
        """The number of a film, None where it came after this revision."""
        number = int(self.places_of([movie_id])[0])
        return number if number >= 0 else None

    def numbers_of(self, movie_ids: Sequence[int]) -> Ints:
        """The numbers of films, leaving out those that are not here."""
        places = self.places_of(movie_ids)
        return places[places >= 0]

    def places_of(self, movie_ids: Sequence[int] | Ints) -> Ints:
        """The number of each film or what it was merged into, −1 for those that are not here."""
        wanted = replaced(np.asarray(movie_ids, dtype=np.int64), self.aliases)
        if not len(self.movie_ids):
            return np.full(len(wanted), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.movie_ids, wanted), len(self.movie_ids) - 1)
        found: Ints = np.where(self.movie_ids[places] == wanted, places, -1)
        return found


def load_catalogue() -> Catalogue:
    """Read the whole catalogue: about a second for 17,000 films."""
    revision = db.revision("catalogue")
    rows = db.rows(
        "SELECT id, title, year, runtime, vote_average, vote_count, adult, original_language, languages, countries "
        "FROM movies ORDER BY id"
    )
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    place = {movie_id: number for number, movie_id in enumerate(ids.tolist())}
    genre_names, genres = _genres(place)
    facts = _facts(rows, genres, place)
    traits = _traits(rows, genre_names, genres)
    return Catalogue(
        revision=revision,
        movie_ids=ids,
        titles=[row[1] for row in rows],
        traits=traits,
        content=Content(facts),
        genres=genre_shares(traits.genres),
        makers=_first(facts.directors),
        aliases=movies.aliases(),
    )


def _facts(rows: Sequence[db.Row], genres: Sequence[Sequence[str]], place: dict[int, int]) -> FilmFacts:
    directors, writers, cast = (_credited(role, place) for role in ("director", "writer", "cast"))
    people = [[*each] for each in map(chain, directors, writers, cast)]
    rated = np.array([row[4] if row[5] else np.nan for row in rows], dtype=np.float32)
    return FilmFacts(
        genres=genres,
        years=np.array([row[2] or 0 for row in rows], dtype=np.int32),
        languages=[_names(row[8], row[7]) for row in rows],
        countries=[_listed(row[9]) for row in rows],
        directors=directors,
        writers=writers,
        cast=cast,
        keywords=_keywords(place),
        series=series_of([row[1] for row in rows], people),
        rating=rated,
        votes=np.array([row[5] for row in rows], dtype=np.float32),
    )


def _first(names: Sequence[Sequence[str]]) -> Ints:
    """A number for the first name of each list, −1 for an empty one."""
    numbers: dict[str, int] = {}
    found = (numbers.setdefault(listed[0], len(numbers)) if listed else -1 for listed in names)
    return np.fromiter(found, dtype=np.int64, count=len(names))


@lru_cache(maxsize=10_000)
def _names(listed: str, original: str) -> tuple[str, ...]:
    """A film's languages in English, the original one first. Cached: most films share theirs with thousands."""
    codes = dict.fromkeys([*([original] if original else []), *json.loads(listed)])
    return tuple(LANGUAGES[code].partition("|")[0] if code in LANGUAGES else code for code in codes)


@lru_cache(maxsize=10_000)
def _listed(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _traits(rows: Sequence[db.Row], names: Sequence[str], genres: Sequence[Sequence[str]]) -> Traits:
    column = {name: number for number, name in enumerate(names)}
    having = np.zeros((len(rows), len(names)), dtype=bool)
    films = np.repeat(np.arange(len(rows)), np.fromiter(map(len, genres), dtype=np.int64))
    having[films, [column[name] for found in genres for name in found]] = True
    return Traits(
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
    return frozenset({code} - {""})


def _genres(place: dict[int, int]) -> tuple[list[str], list[list[str]]]:
    """The names of all genres, and those of each film in its own order."""
    names = [name for (name,) in db.rows("SELECT name FROM genres ORDER BY name")]
    found = _collected(
        "SELECT movie_id, name FROM movie_genres JOIN genres ON genres.id = genre_id ORDER BY movie_id, position",
        place,
    )
    return names, found


def _credited(role: str, place: dict[int, int]) -> list[list[str]]:
    # People are told apart by name here: two of one name are rarer than one under two ids.
    return _collected(
        "SELECT movie_id, name FROM credits JOIN people ON people.id = person_id "
        "WHERE role = ? AND position < ? ORDER BY movie_id, position",
        place,
        role,
        ACTORS,
    )


def _keywords(place: dict[int, int]) -> list[list[str]]:
    return _collected(
        "SELECT movie_id, name FROM movie_keywords JOIN keywords ON keywords.id = keyword_id "
        "ORDER BY movie_id, name",
        place,
    )


def _collected(sql: str, place: dict[int, int], *params: object) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in place]
    for movie_id, name in db.rows(sql, *params):
        number = place.get(movie_id)
        if number is not None:
            found[number].append(name)
    return found
