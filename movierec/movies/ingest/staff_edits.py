"""Editing the catalogue by hand, as staff do: what is said here wins over every source."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import peewee

from movierec import db
from movierec.errors import Conflict, FieldError, NotFound
from movierec.movies.external_ids import owner_of
from movierec.movies.ingest.credits_and_titles import replace_related
from movierec.movies.ingest.field_precedence import set_columns, stored_record
from movierec.movies.ingest.merge import current_id, lock_catalogue
from movierec.movies.ingest.upsert import upsert
from movierec.movies.movie_record import COLUMNS, MovieRecord, column_values


def create_movie(film: MovieRecord, now: int) -> int:
    """Add a film; returns its id. Raises Conflict where an outside id is another film's."""
    with db.write():
        lock_catalogue()
        _check_free(film, None)
        return upsert([_dated(film)], now)[0]


def replace_movie(movie_id: int, film: MovieRecord, now: int) -> None:
    """Say everything of a film anew. Raises NotFound, or Conflict where an outside id is another film's."""
    with _edit(movie_id) as movie_id:
        _write(movie_id, dataclasses.replace(film, movielens_id=stored_record(movie_id).movielens_id), now)


def update_movie(movie_id: int, changes: Mapping[str, Any], now: int) -> None:
    """Say some of it anew: fields of FilmFacts. Raises as `replace` does."""
    with _edit(movie_id) as movie_id:
        _write(movie_id, dataclasses.replace(stored_record(movie_id), source="staff", **changes), now)


def delete_movie(movie_id: int) -> None:
    """Delete a film. Raises NotFound, or Conflict where somebody keeps it in a library."""
    try:
        with _edit(movie_id) as movie_id:
            db.execute("DELETE FROM movies WHERE id = ?", movie_id)
    except peewee.IntegrityError as error:
        raise Conflict("Somebody rated this movie or keeps it in a list; it cannot be deleted.") from error


@contextlib.contextmanager
def _edit(movie_id: int) -> Iterator[int]:
    """One transaction on one film that is there; gives its id."""
    with db.write():
        lock_catalogue()
        movie_id = current_id(movie_id)
        if db.row("SELECT 1 FROM movies WHERE id = ?", movie_id) is None:
            raise NotFound("There is no such movie.")
        yield movie_id
        db.increment_revision("catalogue")


def _write(movie_id: int, film: MovieRecord, now: int) -> None:
    film = _dated(film)
    _check_free(film, movie_id)
    set_columns(
        movie_id, {**dict(zip(COLUMNS, column_values(film), strict=True)), "source": film.source}, now
    )
    replace_related(movie_id, film)


def _dated(film: MovieRecord) -> MovieRecord:
    """With the year of its release date where none is said."""
    if film.year is None and film.release_date:
        return dataclasses.replace(film, year=int(film.release_date[:4]))
    return film


def _check_free(film: MovieRecord, movie_id: int | None) -> None:
    """Raise Conflict where an outside id that staff can say is that of another film than `movie_id`."""
    for column in ("imdb_id", "tmdb_id"):
        outside = getattr(film, column)
        owner = owner_of(column, outside) if outside is not None else None
        if owner not in (None, movie_id):
            message = f"Movie {owner} has it. If both are one film, merge them."
            raise Conflict("Another movie has that id.", errors=[FieldError(column, message)])
