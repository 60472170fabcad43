"""Making one film of two rows, and what a film's old id means since then."""

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
    """Merge a film into another one by hand, whatever they are called; returns the id of what is left.

    Raises NotFound, or ValidationFailed where both are the same film already.
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
    """Give everything of the film `lost` to `kept`, in a transaction that waited for others."""
    _hold(lost, kept)
    told, is_newer = stored_record(lost), _updated_at(lost) > _updated_at(kept)
    redirect_references(lost, kept)
    _leave_alias(lost, kept, told, now)
    db.execute(
        "UPDATE movies SET created_at = (SELECT MIN(created_at) FROM movies WHERE id IN (?, ?)) WHERE id = ?",
        lost,
        kept,
        kept,
    )
    db.execute("DELETE FROM movies WHERE id = ?", lost)
    update_movies({kept: told}, ExternalIds([told]), now, ties=is_newer)


def _hold(*movie_ids: int) -> None:
    """Whoever rates one of them at this moment comes before all this or, by the alias, behind it."""
    if db.is_postgres():
        marks = db.placeholders(movie_ids)
        db.execute(f"SELECT 1 FROM movies WHERE id IN ({marks}) ORDER BY id FOR UPDATE", *movie_ids)


def _updated_at(movie_id: int) -> int:
    return int(db.value("SELECT updated_at FROM movies WHERE id = ?", movie_id))


def _leave_alias(lost: int, kept: int, told: MovieRecord, now: int) -> None:
    db.execute(
        f"INSERT INTO movie_aliases (id, movie_id, {', '.join(ID_COLUMNS)}, own_id, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        lost,
        kept,
        *(getattr(told, column) for column in ID_COLUMNS),
        move_movierec_id(lost, kept),
        now,
    )


def with_current_id(movie_id: int, do: Callable[[int], Result]) -> Result:
    """Do something to the film that an id means; once more where it was merged into another at that moment.

    Outside of a transaction: on PostgreSQL one that met a film which is no more can only be undone.
    """
    meant = current_id(movie_id)
    try:
        return do(meant)
    except NotFound:
        if (means_now := current_id(movie_id)) == meant:
            raise
        return do(means_now)


def current_id(movie_id: int) -> int:
    """The id of the film that an id means: its own, or what it was merged into."""
    found = db.value("SELECT movie_id FROM movie_aliases WHERE id = ?", movie_id)
    return movie_id if found is None else int(found)


def alias_targets() -> dict[int, int]:
    """The ids of all merged films, and what they mean now."""
    return dict(db.rows("SELECT id, movie_id FROM movie_aliases"))


def lock_catalogue() -> None:
    """One writer of the catalogue at a time, as on SQLite: two may want to add the same genre or film."""
    if db.is_postgres():
        db.execute("LOCK TABLE genres IN SHARE ROW EXCLUSIVE MODE")
