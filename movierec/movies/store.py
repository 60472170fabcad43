"""The one way films enter the catalogue: an upsert that joins by outside ids, never making a film poorer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from movierec import db
from movierec.movies import parts

# Which source wins where two tell different things of a film; the same one replaces itself.
PRECEDENCE = {"movielens": 0, "starter": 1, "tmdb": 2, "staff": 3}


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What one source says of one film. Empty and None mean: it says nothing.

    Votes are on TMDb's scale of 0 to 10; runtime in minutes; dates `YYYY-MM-DD`.
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
    runtime: int | None = None
    revenue: int | None = None
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
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


IDS = ("imdb_id", "tmdb_id", "movielens_id")
FACTS = (
    "title", "original_title", "year", "release_date", "overview", "runtime", "revenue", "original_language",
    "languages", "countries", "certificate", "adult", "critics_score", "critics_reviews", "vote_average",
    "vote_count", "popularity",
)  # fmt: skip
COLUMNS = (*IDS, *FACTS)
# Of a film that nobody tells us yet.
_BLANK = {"tagline": "", "status": "", "homepage": "", "poster_path": "", "backdrop_path": ""}


def store(films: Sequence[FilmFacts], now: int) -> list[int]:
    """Add or complete films in one transaction; returns their ids in the same order.

    A film is found by its imdb, then tmdb, then MovieLens id. Where it is known, a source fills what is
    empty and replaces what came from a source of no higher precedence.
    """
    with db.write():
        known = _Known(films)
        ids: list[int] = []
        new: dict[int, FilmFacts] = {}
        changed: list[tuple[int, FilmFacts]] = []
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
                changed.append((movie_id, film))
            ids.append(movie_id)
        _insert(new, now)
        touched = {**new, **_complete(changed, known, now)}
        parts.store_parts(touched)
        if touched:
            db.next_revision("catalogue")
        return ids


class _Known:
    """Which rows have the outside ids of some films."""

    def __init__(self, films: Sequence[FilmFacts]) -> None:
        self._by: dict[str, dict[Any, int]] = {
            column: dict(_lookup(column, [getattr(film, column) for film in films])) for column in IDS
        }

    def find(self, film: FilmFacts) -> int | None:
        for column in IDS:
            if (found := self._by[column].get(getattr(film, column))) is not None:
                return found
        return None

    def remember(self, movie_id: int, film: FilmFacts) -> None:
        for column in IDS:
            if (outside := getattr(film, column)) is not None:
                self._by[column].setdefault(outside, movie_id)

    def is_free(self, column: str, outside: Any, movie_id: int) -> bool:
        """Whether a film may take an outside id: two rows may not have the same."""
        return self._by[column].get(outside, movie_id) == movie_id


def _lookup(column: str, values: Sequence[Any]) -> Iterator[tuple[Any, int]]:
    for batch in db.batches([value for value in values if value is not None]):
        sql = f"SELECT {column}, id FROM movies WHERE {column} IN ({db.marks_for(batch)})"
        yield from db.rows(sql, *batch)


def _insert(films: dict[int, FilmFacts], now: int) -> None:
    names = ["id", *COLUMNS, *_BLANK, "source", "created_at", "updated_at"]
    db.insert_many(
        "movies",
        names,
        [
            (movie_id, *map(_column, _values(film)), *_BLANK.values(), film.source, now, now)
            for movie_id, film in films.items()
        ],
    )


def _values(film: FilmFacts) -> Iterable[Any]:
    return (getattr(film, name) for name in COLUMNS)


def _column(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value


def _complete(films: Sequence[tuple[int, FilmFacts]], known: _Known, now: int) -> dict[int, FilmFacts]:
    """Write what `films` add to rows there are; returns those whose parts may be stored as well."""
    rows: dict[int, db.Row] = {}
    for batch in db.batches([movie_id for movie_id, _ in films]):
        sql = f"SELECT id, source, {', '.join(COLUMNS)} FROM movies WHERE id IN ({db.marks_for(batch)})"
        rows.update((row[0], row[1:]) for row in db.rows(sql, *batch))
    touched: dict[int, FilmFacts] = {}
    for movie_id, film in films:
        source, *old = rows[movie_id]
        wins = PRECEDENCE[film.source] >= PRECEDENCE[source]
        changes = _changes(movie_id, film, dict(zip(COLUMNS, old, strict=True)), wins, known)
        if wins and film.source != source:
            changes["source"] = film.source
        if changes:
            assignments = ", ".join(f"{name} = ?" for name in changes)
            sql = f"UPDATE movies SET {assignments}, updated_at = ? WHERE id = ?"
            db.execute(sql, *changes.values(), now, movie_id)
            touched[movie_id] = film
        elif wins:
            touched[movie_id] = film
    return touched


def _changes(
    movie_id: int, film: FilmFacts, old: dict[str, Any], wins: bool, known: _Known
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in COLUMNS:
        value = _column(getattr(film, name))
        empty = old[name] in (None, "", "[]", 0, False)
        if value in (None, "", "[]", 0, False) or value == old[name]:
            continue
        if name in IDS:
            if empty and known.is_free(name, value, movie_id):
                changes[name] = value
        elif empty or wins:
            changes[name] = value
    return changes
