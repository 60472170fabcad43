"""The one way films enter the catalogue: an upsert that joins by outside ids, never making a film poorer."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from movierec import db
from movierec.movies import parts

# Which source wins where two tell different things of a film; the same one replaces itself.
PRECEDENCE = {"movielens": 0, "starter": 1, "tmdb": 2, "staff": 3}


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What one source says of one film. Empty and None mean: it says nothing.

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
    # Whom the cast plays, in the same order.
    characters: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    # When TMDb told all of it (UTC epoch seconds), None where this is only some.
    details_at: int | None = None


IDS = ("imdb_id", "tmdb_id", "movielens_id")
FACTS = (
    "title", "original_title", "year", "release_date", "overview", "tagline", "status", "runtime", "budget",
    "revenue", "homepage", "original_language", "certificate", "adult", "critics_score", "critics_reviews",
    "vote_average", "vote_count", "popularity", "poster_path", "backdrop_path",
    "details_at",
)  # fmt: skip
LISTS = ("languages", "countries")  # stored as JSON
COLUMNS = (*IDS, *FACTS, *LISTS)

_told = attrgetter(*COLUMNS)
# As their columns have them: nothing is told.
_NOTHING = (None, "", "[]", 0, False)


def store(films: Sequence[FilmFacts], now: int) -> list[int]:
    """Add or complete films in one transaction; returns their ids in the same order.

    A film is found by its imdb, then tmdb, then MovieLens id. Where it is known, a source fills what is
    empty and replaces what came from a source of no higher precedence. Given twice, the first counts.
    """
    with db.write():
        wait_for_others()
        known = _Known(films)
        ids: list[int] = []
        new: dict[int, FilmFacts] = {}
        old: dict[int, FilmFacts] = {}
        fresh: Iterator[int] | None = None
        for film in films:
            movie_id = known.find(film)
            if movie_id is None:
                # Reserved only when needed: most calls bring no new film.
                fresh = fresh or iter(db.new_ids("movies", len(films)))
                movie_id = next(fresh)
                known.remember(movie_id, film)
                new[movie_id] = film
            elif movie_id not in new:
                old.setdefault(movie_id, film)
            ids.append(movie_id)
        with _filling() if len(new) > MANY and known.nothing else contextlib.nullcontext():
            _insert(new, now)
            parts.add_parts(new)
        changed = _complete(old, known, now)
        if new or changed:
            db.next_revision("catalogue")
        return ids


# So many films at once are the first of a catalogue.
MANY = 5_000


def _filling() -> contextlib.AbstractContextManager[None]:
    tables = ["credits", "movie_genres", "movie_keywords", "movie_titles", "movies"]
    return db.indexed_afterwards(*tables, *(["title_search"] if db.is_postgres() else []))


def wait_for_others() -> None:
    """One writer of the catalogue at a time, as on SQLite: two may want to add the same genre or film."""
    if db.is_postgres():
        db.execute("LOCK TABLE genres IN SHARE ROW EXCLUSIVE MODE")


class _Known:
    """Which rows have the outside ids of some films."""

    def __init__(self, films: Sequence[FilmFacts]) -> None:
        self.nothing = db.row("SELECT 1 FROM movies LIMIT 1") is None
        self._by: dict[str, dict[Any, int]] = {column: {} for column in IDS}
        if not self.nothing:
            for column, known in self._by.items():
                known.update(_lookup(column, [getattr(film, column) for film in films]))

    def find(self, film: FilmFacts) -> int | None:
        for column in IDS:
            if (found := self._by[column].get(getattr(film, column))) is not None:
                return found
        return None

    def remember(self, movie_id: int, film: FilmFacts) -> None:
        for column in IDS:
            if (outside := getattr(film, column)) is not None:
                self._by[column].setdefault(outside, movie_id)

    def claim(self, column: str, outside: Any, movie_id: int) -> bool:
        """Give an outside id to a film, unless another one has it: two rows may not have the same."""
        return self._by[column].setdefault(outside, movie_id) == movie_id


def _lookup(column: str, values: Sequence[Any]) -> Iterator[tuple[Any, int]]:
    for batch in db.batches([value for value in values if value is not None]):
        sql = f"SELECT {column}, id FROM movies WHERE {column} IN ({db.marks_for(batch)})"
        yield from db.rows(sql, *batch)


def row_of(film: FilmFacts) -> tuple[Any, ...]:
    """The values of `COLUMNS`."""
    values = _told(film)
    return (*values[: -len(LISTS)], *map(_json, values[-len(LISTS) :]))


@lru_cache(maxsize=4096)
def _json(names: tuple[str, ...]) -> str:
    """Cached: most films share their languages and countries with thousands."""
    return json.dumps(names, ensure_ascii=False)


def _insert(films: Mapping[int, FilmFacts], now: int) -> None:
    names = ["id", *COLUMNS, "source", "created_at", "updated_at"]
    rows = [(movie_id, *row_of(film), film.source, now, now) for movie_id, film in films.items()]
    db.insert_many("movies", names, rows)


def _complete(films: Mapping[int, FilmFacts], known: _Known, now: int) -> set[int]:
    """Write what `films` add to rows there are; returns which changed."""
    if not films:
        return set()
    rows: dict[int, db.Row] = {}
    for batch in db.batches(films):
        sql = f"SELECT id, source, {', '.join(COLUMNS)} FROM movies WHERE id IN ({db.marks_for(batch)})"
        rows.update((row[0], row[1:]) for row in db.rows(sql, *batch))
    stronger = {i for i, film in films.items() if PRECEDENCE[film.source] >= PRECEDENCE[rows[i][0]]}
    changes = {i: _changes(i, film, rows[i], i in stronger, known) for i, film in films.items()}
    changed = parts.complete_parts(films, stronger)
    for movie_id, values in changes.items():
        if values or movie_id in changed:
            update(movie_id, values, now)
            changed.add(movie_id)
    renamed = [i for i in changes if changes[i].keys() & {"title", "original_title"}]
    parts.replace_titles(_titles(renamed))
    return changed


def _changes(movie_id: int, film: FilmFacts, row: db.Row, wins: bool, known: _Known) -> dict[str, Any]:
    source, *old = row
    changes: dict[str, Any] = {}
    for name, value, present in zip(COLUMNS, row_of(film), old, strict=True):
        if value in _NOTHING or value == present:
            continue
        empty = present in _NOTHING
        if name in IDS:
            if empty and known.claim(name, value, movie_id):
                changes[name] = value
        elif empty or wins or name == "details_at":
            changes[name] = value
    if wins and film.source != source:
        changes["source"] = film.source
    return changes


def update(movie_id: int, values: Mapping[str, Any], now: int) -> None:
    """Set columns of a film, and the time of it."""
    assignments = "".join(f"{name} = ?, " for name in values)
    db.execute(f"UPDATE movies SET {assignments}updated_at = ? WHERE id = ?", *values.values(), now, movie_id)


def _titles(movie_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for batch in db.batches(movie_ids):
        sql = f"SELECT id, title, original_title FROM movies WHERE id IN ({db.marks_for(batch)})"
        found.update((row[0], row[1:]) for row in db.rows(sql, *batch))
    return found
