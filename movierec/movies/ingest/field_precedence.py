"""Update of stored movies by a source: empty fields are filled, those of weaker sources replaced."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from movierec import db
from movierec.movies.external_ids import ExternalIds, TitleAndYear
from movierec.movies.ingest import credits_and_titles
from movierec.movies.ingest.same_movie import are_similar
from movierec.movies.movie_record import (
    COLUMNS,
    ID_COLUMNS,
    JSON_COLUMNS,
    PRECEDENCE,
    ColumnValue,
    MovieRecord,
    column_values,
)

# Values of columns that mean: no information.
_NOTHING = (None, "", "[]", 0, False)
# A source reports another number each day. A relative difference up to the limit causes no write, because readers
# of the catalogue reload it after each.
_DRIFTING = ("vote_average", "vote_count", "popularity")
_DRIFT = 0.02
# Columns that TMDb's lists fill in a movie that they were linked to by title: no other source has these.
TMDB_LIST_COLUMNS = ("overview", "poster_path", "backdrop_path")


def update_movies(
    records: Mapping[int, MovieRecord],
    external_ids: ExternalIds,
    now: int,
    *,
    replace_equal: bool = True,
    limit_unconfirmed: bool = False,
) -> set[int]:
    """Write to stored movies, by id, the fields that the records add; return the ids that changed.

    With `replace_equal` a source also replaces values of its own precedence, which it wrote earlier. With
    `limit_unconfirmed` a list of TMDb fills only overview and images until details have confirmed the movie.
    """
    if not records:
        return set()
    plan = _plan(records, external_ids, replace_equal=replace_equal, limit_unconfirmed=limit_unconfirmed)
    changed = credits_and_titles.update_related(plan.confirmed, plan.stronger)
    for movie_id, values in plan.changes.items():
        if values or movie_id in changed:
            set_columns(movie_id, values, now)
            changed.add(movie_id)
    renamed = [
        movie_id for movie_id, values in plan.changes.items() if values.keys() & {"title", "original_title"}
    ]
    credits_and_titles.replace_titles(_titles(renamed))
    return changed


def would_change_nothing(records: Mapping[int, MovieRecord], external_ids: ExternalIds) -> bool:
    """Return True if `update_movies` would write nothing. Only reads."""
    plan = _plan(records, external_ids, replace_equal=True, limit_unconfirmed=True)
    return not any(plan.changes.values()) and not credits_and_titles.related_would_change(
        plan.confirmed, plan.stronger
    )


class _Plan(NamedTuple):
    """An update to be written.

    `confirmed` records may change every field, `stronger` ones (by movie id) may replace values, and `changes`
    are the columns that change.
    """

    confirmed: dict[int, MovieRecord]
    stronger: set[int]
    changes: dict[int, dict[str, ColumnValue]]


def _plan(
    records: Mapping[int, MovieRecord],
    external_ids: ExternalIds,
    *,
    replace_equal: bool,
    limit_unconfirmed: bool,
) -> _Plan:
    rows: dict[int, db.Row] = {}
    for batch in db.batches(records):
        sql = f"SELECT id, source, {', '.join(COLUMNS)} FROM movies WHERE id IN ({db.placeholders(batch)})"
        rows.update((row[0], row[1:]) for row in db.rows(sql, *batch))
    confirmed = {
        movie_id: record
        for movie_id, record in records.items()
        if not (limit_unconfirmed and _is_unconfirmed(record, rows[movie_id]))
    }
    stronger = {
        movie_id
        for movie_id, record in confirmed.items()
        if PRECEDENCE[record.source] >= PRECEDENCE[rows[movie_id][0]] + (not replace_equal)
    }
    changes = {
        movie_id: _changes(movie_id, record, rows[movie_id], movie_id in stronger, external_ids)
        for movie_id, record in records.items()
    }
    for movie_id in changes.keys() - confirmed.keys():
        changes[movie_id] = {
            name: value
            for name, value in changes[movie_id].items()
            if name in (*ID_COLUMNS, *TMDB_LIST_COLUMNS)
        }
    return _Plan(confirmed, stronger, changes)


def _is_unconfirmed(record: MovieRecord, row: db.Row) -> bool:
    """Return True if a list item of TMDb meets a movie of other sources that TMDb's details have not confirmed."""
    source, *stored = row
    imdb_id, details_at = (stored[COLUMNS.index(name)] for name in ("imdb_id", "details_at"))
    is_list_item = record.source == "tmdb" and record.details_at is None
    return is_list_item and source != "tmdb" and imdb_id is not None and details_at is None


def _changes(
    movie_id: int, record: MovieRecord, row: db.Row, wins: bool, external_ids: ExternalIds
) -> dict[str, ColumnValue]:
    source, *stored = row
    drifting = _DRIFTING if record.source == source else ()
    changes: dict[str, ColumnValue] = {}
    for name, new, old in zip(COLUMNS, column_values(record), stored, strict=True):
        if new in _NOTHING or new == old or (name in drifting and abs(old - new) <= _DRIFT * old):
            continue
        is_empty = old in _NOTHING
        if name in ID_COLUMNS:
            may_take = is_empty or (name == "tmdb_id" and _has_new_tmdb_id(record, tuple(stored)))
            if may_take and external_ids.claim(name, getattr(record, name), movie_id):
                changes[name] = new
        elif is_empty or (old < new if name == "details_at" else wins):
            changes[name] = new
    if wins and record.source != source:
        changes["source"] = record.source
    return changes


def _has_new_tmdb_id(record: MovieRecord, stored: db.Row) -> bool:
    """Return True if TMDb's details give the movie a new id: TMDb withdraws one of the ids of duplicates."""
    titles = TitleAndYear(*(stored[COLUMNS.index(name)] for name in TitleAndYear._fields))
    has_details = record.source == "tmdb" and record.details_at is not None and record.imdb_id is not None
    return has_details and record.imdb_id == stored[COLUMNS.index("imdb_id")] and are_similar(record, titles)


def set_columns(movie_id: int, values: Mapping[str, ColumnValue], now: int) -> None:
    """Set columns of a movie, and `updated_at`."""
    assignments = "".join(f"{name} = ?, " for name in values)
    db.execute(f"UPDATE movies SET {assignments}updated_at = ? WHERE id = ?", *values.values(), now, movie_id)


def _titles(movie_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    titles: dict[int, tuple[str, ...]] = {}
    for batch in db.batches(movie_ids):
        sql = f"SELECT id, title, original_title FROM movies WHERE id IN ({db.placeholders(batch)})"
        titles.update((row[0], row[1:]) for row in db.rows(sql, *batch))
    return titles


def stored_record(movie_id: int) -> MovieRecord:
    """Return a stored movie as a record of its source."""
    row = db.row(f"SELECT source, {', '.join(COLUMNS)} FROM movies WHERE id = ?", movie_id)
    assert row is not None
    columns: dict[str, Any] = dict(zip(("source", *COLUMNS), row, strict=True))
    columns.update((name, tuple(json.loads(columns[name]))) for name in JSON_COLUMNS)
    credits = credits_and_titles.CREDITS.stored([movie_id]).get(movie_id, ())
    by_role = {
        role: [credit for credit in credits if credit[0] == role] for role in ("cast", "director", "writer")
    }
    return MovieRecord(
        **columns,
        genres=credits_and_titles.GENRES.stored([movie_id]).get(movie_id, ()),
        keywords=credits_and_titles.KEYWORDS.stored([movie_id]).get(movie_id, ()),
        directors=tuple(name for _, name, _ in by_role["director"]),
        writers=tuple(name for _, name, _ in by_role["writer"]),
        cast=tuple(name for _, name, _ in by_role["cast"]),
        characters=tuple(character for _, _, character in by_role["cast"]),
    )
