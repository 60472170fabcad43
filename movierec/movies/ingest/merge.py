"""Merge of two rows of one movie, and resolution of the id of a merged duplicate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from movierec import db
from movierec.errors import NotFound, ValidationFailed
from movierec.movies.external_ids import ExternalIds
from movierec.movies.ingest.field_precedence import stored_record, update_movies
from movierec.movies.ingest.foreign_keys import redirect_references
from movierec.movies.movie_record import ID_COLUMNS, MovieRecord
from movierec.movies.movierec_ids import move_movierec_id

Result = TypeVar("Result")


def merge_movies(lost: int, into: int, now: int) -> int:
    """Merge a movie into another one on behalf of staff, whatever their titles; return the survivor's id.

    Raises NotFound, or ValidationFailed where both are the same movie already.
    """
    with db.write():
        lock_catalogue()
        lost, kept = current_id(lost), current_id(into)
        for movie_id in (lost, kept):
            if db.row("SELECT 1 FROM movies WHERE id = ?", movie_id) is None:
                raise NotFound("There is no such movie.")
        if lost == kept:
            raise ValidationFailed.of("into", "That is the same movie.")
        merge_rows(lost, kept, now)
        db.increment_revision("catalogue")
    return kept


def merge_rows(lost: int, kept: int, now: int) -> None:
    """Move everything of the movie `lost` to `kept`, in a transaction that holds `lock_catalogue`."""
    _lock_rows(lost, kept)
    record, is_newer = stored_record(lost), _updated_at(lost) > _updated_at(kept)
    redirect_references(lost, kept)
    _insert_alias(lost, kept, record, now)
    db.execute(
        "UPDATE movies SET created_at = (SELECT MIN(created_at) FROM movies WHERE id IN (?, ?)) WHERE id = ?",
        lost,
        kept,
        kept,
    )
    db.execute("DELETE FROM movies WHERE id = ?", lost)
    update_movies({kept: record}, ExternalIds([record]), now, replace_equal=is_newer)


def _lock_rows(*movie_ids: int) -> None:
    """Lock the movies against a concurrent rating: it comes before the merge, or after it by the alias."""
    if db.is_postgres():
        marks = db.placeholders(movie_ids)
        db.execute(f"SELECT 1 FROM movies WHERE id IN ({marks}) ORDER BY id FOR UPDATE", *movie_ids)


def _updated_at(movie_id: int) -> int:
    return int(db.value("SELECT updated_at FROM movies WHERE id = ?", movie_id))


def _insert_alias(lost: int, kept: int, record: MovieRecord, now: int) -> None:
    db.execute(
        f"INSERT INTO movie_aliases (id, movie_id, {', '.join(ID_COLUMNS)}, own_id, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        lost,
        kept,
        *(getattr(record, column) for column in ID_COLUMNS),
        move_movierec_id(lost, kept),
        now,
    )


def with_current_id(movie_id: int, work: Callable[[int], Result]) -> Result:
    """Call `work` with the current id of a movie; once more if the movie was merged at that moment.

    Call it outside of a transaction: on PostgreSQL one that used a vanished movie can only be rolled back.
    """
    before = current_id(movie_id)
    try:
        return work(before)
    except NotFound:
        if (after := current_id(movie_id)) == before:
            raise
        return work(after)


def current_id(movie_id: int) -> int:
    """Return the id of the movie that an id refers to: the same one, or that of the movie it was merged into."""
    survivor = db.value("SELECT movie_id FROM movie_aliases WHERE id = ?", movie_id)
    return movie_id if survivor is None else int(survivor)


def alias_targets() -> dict[int, int]:
    """Return the ids of all merged movies with the ids of their survivors."""
    return dict(db.rows("SELECT id, movie_id FROM movie_aliases"))


def lock_catalogue() -> None:
    """Lock the catalogue for one writer at a time, as on SQLite: two could insert the same genre or movie."""
    if db.is_postgres():
        db.execute("LOCK TABLE genres IN SHARE ROW EXCLUSIVE MODE")
