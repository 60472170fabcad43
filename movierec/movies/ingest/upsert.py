"""Upsert of movie records from every source: match by external ids, update or insert, merge duplicates."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence

from movierec import db
from movierec.movies.external_ids import ExternalIds
from movierec.movies.ingest import credits_and_titles
from movierec.movies.ingest.field_precedence import (
    TMDB_LIST_COLUMNS,
    set_columns,
    stored_record,
    update_movies,
    would_change_nothing,
)
from movierec.movies.ingest.merge import lock_catalogue, merge_rows
from movierec.movies.ingest.same_movie import are_different, are_similar, have_no_common_people, is_same_movie
from movierec.movies.movie_record import COLUMNS, MovieRecord, column_values

logger = logging.getLogger("movierec.movies")


def upsert(records: Sequence[MovieRecord], now: int) -> list[int]:
    """Insert or update movies in one transaction; return their ids in the order of the records.

    A movie is matched by its IMDb, then TMDb, then MovieLens id. A source fills empty fields of a stored movie and
    replaces those of sources of no higher precedence. Of two records for one movie the first counts. Rows that one
    record's ids link are merged if title and year confirm that they are the same movie.
    """
    with db.write():
        lock_catalogue()
        external_ids = ExternalIds(records)
        records = [_without_wrong_imdb_id(record, external_ids) for record in records]
        for record in records:
            _unlink_wrong_tmdb_id(record, external_ids, now)
        ids: list[int] = []
        new: dict[int, MovieRecord] = {}
        stored: dict[int, MovieRecord] = {}
        ambiguous: list[int] = []
        free_ids: Iterator[int] | None = None
        for record in records:
            owners = external_ids.owners(record)
            if not owners:
                # Reserved on first use: most calls bring no new movie.
                free_ids = free_ids or iter(_new_ids(len(records)))
                movie_id = next(free_ids)
                external_ids.add(movie_id, record)
                new[movie_id] = record
            elif len(owners) > 1:
                movie_id = owners[0]
                ambiguous.append(len(ids))
            elif (movie_id := owners[0]) not in new:
                stored.setdefault(movie_id, record)
            ids.append(movie_id)
        is_bulk_load = len(new) > BULK_LOAD_MINIMUM and external_ids.is_empty_catalogue
        with _without_indexes() if is_bulk_load else contextlib.nullcontext():
            _insert(new, now)
            credits_and_titles.add_related(new)
        changed = update_movies(stored, external_ids, now, limit_unconfirmed=True)
        survivors: dict[int, int] = {}
        for position in ambiguous:
            ids[position] = _merge_owners(records[position], survivors, now)
        if new or changed or ambiguous:
            db.increment_revision("catalogue")
        return [survivors.get(movie_id, movie_id) for movie_id in ids]


def ids_if_unchanged(records: Sequence[MovieRecord]) -> list[int] | None:
    """Return the ids of the records' movies if `upsert` would write nothing, else None. Only reads."""
    external_ids = ExternalIds(records)
    records = [_without_wrong_imdb_id(record, external_ids) for record in records]
    owners = [external_ids.owners(record) for record in records]
    if any(len(movie_ids) != 1 for movie_ids in owners):
        return None
    ids = [movie_id for (movie_id,) in owners]
    first_by_id = dict(zip(reversed(ids), reversed(records), strict=True))
    return ids if would_change_nothing(first_by_id, external_ids) else None


# From this number of new movies on, the first load of an empty catalogue builds its indexes afterwards.
BULK_LOAD_MINIMUM = 5_000


def _without_indexes() -> contextlib.AbstractContextManager[None]:
    tables = ["credits", "movie_genres", "movie_keywords", "movie_titles", "movies"]
    return db.deferred_indexes(*tables, *(["title_search"] if db.is_postgres() else []))


def _new_ids(count: int) -> list[int]:
    """Reserve ids, never one of a merged movie."""
    return db.allocate_ids("movies", count, above=db.value("SELECT MAX(id) FROM movie_aliases") or 0)


def _without_wrong_imdb_id(record: MovieRecord, external_ids: ExternalIds) -> MovieRecord:
    """Drop an IMDb id that TMDb gives to the wrong movie: TMDb's users typed those ids in."""
    owner = external_ids.owner("imdb_id", record)
    if record.source != "tmdb" or owner is None or owner == external_ids.owner("tmdb_id", record):
        return record
    if not are_different(record, external_ids.titles[owner]):
        return record
    logger.warning("TMDb %s names %s, which is movie %s, another one", record.tmdb_id, record.imdb_id, owner)
    return dataclasses.replace(record, imdb_id=None)


def _unlink_wrong_tmdb_id(record: MovieRecord, external_ids: ExternalIds, now: int) -> None:
    """Remove a TMDb id from a movie when TMDb's details show that it belongs to another one.

    It was linked by title, or wrong in MovieLens. The columns that TMDb's lists filled are emptied too, so that
    weaker sources can fill them again.
    """
    linked = external_ids.owner("tmdb_id", record)
    has_details = record.source == "tmdb" and record.details_at is not None
    if not has_details or linked in (None, external_ids.owner("imdb_id", record)):
        return
    assert linked is not None
    stored = stored_record(linked)
    if stored.imdb_id is None or stored.tmdb_id != record.tmdb_id or stored.details_at is not None:
        return
    if record.imdb_id == stored.imdb_id:
        return
    if record.imdb_id is None and not have_no_common_people(stored, record):
        return
    logger.warning(
        "movie %s is not TMDb's %s, which is %s", linked, record.tmdb_id, record.imdb_id or "another"
    )
    emptied = {name: "" for name in TMDB_LIST_COLUMNS if getattr(stored, name) == getattr(record, name)}
    if stored.source == "tmdb":
        emptied["source"] = "movielens"
    set_columns(linked, {"tmdb_id": None, **emptied}, now)
    external_ids.remove("tmdb_id", record)


def _insert(records: Mapping[int, MovieRecord], now: int) -> None:
    names = ["id", *COLUMNS, "source", "created_at", "updated_at"]
    rows = [
        (movie_id, *column_values(record), record.source, now, now) for movie_id, record in records.items()
    ]
    db.insert_many("movies", names, rows)


def _merge_owners(record: MovieRecord, survivors: dict[int, int], now: int) -> int:
    """Merge the rows that share the record's ids and are the same movie, then update the survivor.

    Rows of other movies keep their ids. Adds each merged row and its survivor to `survivors`.
    """
    external_ids = ExternalIds([record])
    stored = {movie_id: stored_record(movie_id) for movie_id in external_ids.owners(record)}
    has_own_id = record.source in ("tmdb", "movielens")
    own = external_ids.owner(f"{record.source}_id", record) if has_own_id else None
    # The most plausible row: a similar one, best the one that has the id of the record's own source.
    best = min(stored, key=lambda movie_id: (not are_similar(stored[movie_id], record), movie_id != own))
    same = [
        movie_id
        for movie_id in stored
        if movie_id == best or is_same_movie(stored[best], stored[movie_id], record)
    ]
    kept = min(same)
    for lost in same:
        if lost != kept:
            merge_rows(lost, kept, now)
            survivors.update({old: kept for old, survivor in survivors.items() if survivor == lost})
            survivors[lost] = kept
            logger.info("movie %s was merged into %s", lost, kept)
    if record.source == "tmdb" and len(same) > 1 and stored[kept].tmdb_id != record.tmdb_id:
        _replace_tmdb_id(kept, stored[kept], record.tmdb_id)
    update_movies({kept: record}, ExternalIds([record]), now)
    if others := sorted(stored.keys() - set(same)):
        logger.warning("an external id of movie %s is that of movie %s, another one", kept, others)
    return kept


def _replace_tmdb_id(movie_id: int, stored: MovieRecord, new: int | None) -> None:
    """Give a movie its new TMDb id; the old one moves to the alias of the duplicate that had the new one.

    An old id that was only linked by title is dropped: it belongs to another movie.
    """
    if stored.tmdb_id is not None and new is not None:
        is_guess = stored.details_at is None and stored.source == "starter" and stored.movielens_id is None
        old = None if is_guess else stored.tmdb_id
        alias = "WHERE movie_id = ? AND tmdb_id = ?"
        db.execute(f"UPDATE movie_aliases SET tmdb_id = ? {alias}", old, movie_id, new)
        db.execute("UPDATE movies SET tmdb_id = ? WHERE id = ?", new, movie_id)
