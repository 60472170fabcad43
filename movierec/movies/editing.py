"""Editing the catalogue by hand, as staff do: what is said here wins over every source."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import peewee

from movierec import db
from movierec.errors import Conflict, FieldError, NotFound
from movierec.movies.parts import CREDITS, GENRES, KEYWORDS, replace_parts
from movierec.movies.store import COLUMNS, LISTS, FilmFacts, row_of, store, update, wait_for_others


def create(film: FilmFacts, now: int) -> int:
    """Add a film; returns its id. Raises Conflict where an outside id is another film's."""
    with db.write():
        wait_for_others()
        for column in ("imdb_id", "tmdb_id"):
            outside = getattr(film, column)
            if db.row(f"SELECT 1 FROM movies WHERE {column} = ?", outside) is not None:
                raise _taken(column)
        return store([_dated(film)], now)[0]


def replace(movie_id: int, film: FilmFacts, now: int) -> None:
    """Say everything of a film anew. Raises NotFound, or Conflict where an outside id is another film's."""
    with _edit(movie_id):
        _write(movie_id, dataclasses.replace(film, movielens_id=_facts(movie_id).movielens_id), now)


def change(movie_id: int, changes: Mapping[str, Any], now: int) -> None:
    """Say some of it anew: fields of FilmFacts. Raises as `replace` does."""
    with _edit(movie_id):
        _write(movie_id, dataclasses.replace(_facts(movie_id), source="staff", **changes), now)


def remove(movie_id: int) -> None:
    """Delete a film. Raises NotFound, or Conflict where somebody keeps it in a library."""
    try:
        with _edit(movie_id):
            db.execute("DELETE FROM movies WHERE id = ?", movie_id)
    except peewee.IntegrityError as error:
        raise Conflict("Somebody rated this movie or keeps it in a list; it cannot be deleted.") from error


@contextlib.contextmanager
def _edit(movie_id: int) -> Iterator[None]:
    """One transaction on one film that is there."""
    with db.write():
        wait_for_others()
        if db.row("SELECT 1 FROM movies WHERE id = ?", movie_id) is None:
            raise NotFound("There is no such movie.")
        yield
        db.next_revision("catalogue")


def _write(movie_id: int, film: FilmFacts, now: int) -> None:
    film = _dated(film)
    for column in ("imdb_id", "tmdb_id"):
        owner = db.value(f"SELECT id FROM movies WHERE {column} = ?", getattr(film, column))
        if owner not in (None, movie_id):
            raise _taken(column)
    update(movie_id, {**dict(zip(COLUMNS, row_of(film), strict=True)), "source": film.source}, now)
    replace_parts(movie_id, film)


def _dated(film: FilmFacts) -> FilmFacts:
    """With the year of its release date where none is said."""
    if film.year is None and film.release_date:
        return dataclasses.replace(film, year=int(film.release_date[:4]))
    return film


def _taken(column: str) -> Conflict:
    return Conflict("Another movie has that id.", errors=[FieldError(column, "Another movie has it.")])


def _facts(movie_id: int) -> FilmFacts:
    """What is stored of a film, as its source would tell it."""
    row = db.row(f"SELECT source, {', '.join(COLUMNS)} FROM movies WHERE id = ?", movie_id)
    assert row is not None
    told: dict[str, Any] = dict(zip(("source", *COLUMNS), row, strict=True))
    told.update((name, tuple(json.loads(told[name]))) for name in LISTS)
    credits = CREDITS.known_of([movie_id]).get(movie_id, ())
    of_role = {
        role: [credit for credit in credits if credit[0] == role] for role in ("cast", "director", "writer")
    }
    return FilmFacts(
        **told,
        genres=GENRES.known_of([movie_id]).get(movie_id, ()),
        keywords=KEYWORDS.known_of([movie_id]).get(movie_id, ()),
        directors=tuple(name for _, name, _ in of_role["director"]),
        writers=tuple(name for _, name, _ in of_role["writer"]),
        cast=tuple(name for _, name, _ in of_role["cast"]),
        characters=tuple(character for _, _, character in of_role["cast"]),
    )
