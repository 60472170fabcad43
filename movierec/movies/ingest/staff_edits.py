"""Edits of the catalogue by staff, whose values win over every source."""

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


def create_movie(record: MovieRecord, now: int) -> int:
    """Insert a movie; return its id. Raises Conflict where another movie has one of its external ids."""
    with db.write():
        lock_catalogue()
        _check_ids_are_free(record, None)
        return upsert([_with_year(record)], now)[0]


def replace_movie(movie_id: int, record: MovieRecord, now: int) -> None:
    """Replace all facts of a movie. Raises NotFound, or Conflict where another movie has one of the ids."""
    with _edit(movie_id) as movie_id:
        movielens_id = stored_record(movie_id).movielens_id
        _write(movie_id, dataclasses.replace(record, movielens_id=movielens_id), now)


def update_movie(movie_id: int, changes: Mapping[str, Any], now: int) -> None:
    """Replace some facts of a movie, named as fields of MovieRecord. Raises as `replace_movie` does."""
    with _edit(movie_id) as movie_id:
        _write(movie_id, dataclasses.replace(stored_record(movie_id), source="staff", **changes), now)


def delete_movie(movie_id: int) -> None:
    """Delete a movie. Raises NotFound, or Conflict where it is in somebody's library."""
    try:
        with _edit(movie_id) as movie_id:
            db.execute("DELETE FROM movies WHERE id = ?", movie_id)
    except peewee.IntegrityError as error:
        raise Conflict("Somebody rated this movie or keeps it in a list; it cannot be deleted.") from error


@contextlib.contextmanager
def _edit(movie_id: int) -> Iterator[int]:
    """Open a transaction on one stored movie; yield its current id."""
    with db.write():
        lock_catalogue()
        movie_id = current_id(movie_id)
        if db.row("SELECT 1 FROM movies WHERE id = ?", movie_id) is None:
            raise NotFound("There is no such movie.")
        yield movie_id
        db.increment_revision("catalogue")


def _write(movie_id: int, record: MovieRecord, now: int) -> None:
    record = _with_year(record)
    _check_ids_are_free(record, movie_id)
    columns = dict(zip(COLUMNS, column_values(record), strict=True))
    set_columns(movie_id, {**columns, "source": record.source}, now)
    replace_related(movie_id, record)


def _with_year(record: MovieRecord) -> MovieRecord:
    """Take a missing year from the release date."""
    if record.year is None and record.release_date:
        return dataclasses.replace(record, year=int(record.release_date[:4]))
    return record


def _check_ids_are_free(record: MovieRecord, movie_id: int | None) -> None:
    """Raise Conflict where an external id that staff can set belongs to another movie than `movie_id`."""
    for column in ("imdb_id", "tmdb_id"):
        external_id = getattr(record, column)
        owner = owner_of(column, external_id) if external_id is not None else None
        if owner not in (None, movie_id):
            message = f"Movie {owner} has it. If both are one movie, merge them."
            raise Conflict("Another movie has that id.", errors=[FieldError(column, message)])
