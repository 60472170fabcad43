"""Refresh of a movie index: only movies added, changed or deleted since are read, the others are copied."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from movierec import db, movies
from movierec.recommender.engine.arrays import Ints, Mask
from movierec.recommender.engine.candidates import FilterColumns
from movierec.recommender.engine.movie_columns import MovieColumns
from movierec.recommender.engine.ranking import genre_shares
from movierec.recommender.serving.movie_index import MovieIndex, MovieRows, director_columns_of, read_movies

# With more changes reading everything is as fast, and corrects feature rarities and franchises.
MAX_CHANGES = 500
# A change may become visible this much later than its `updated_at`: long transactions, differing clocks.
LATE_COMMIT_SECONDS = 60


class RefreshedIndex(NamedTuple):
    """`take` holds the old item of each movie; for `fresh` movies it counts on from the end of the old index.

    `fresh` is True for each movie that was read again.
    """

    catalogue: MovieIndex
    take: Ints
    fresh: Mask


def refresh_movie_index(before: MovieIndex) -> RefreshedIndex | None:
    """Return the index of the present catalogue; None if there are too many changes."""
    if not len(before):
        return None
    revision = db.revision("catalogue")
    touched = _touched_since(before)
    # A model may hold both of two merged movies: it must be mapped to the catalogue again.
    if len(touched) > MAX_CHANGES or movies.alias_targets() != before.aliases:
        return None
    rows = read_movies(touched)
    added = rows.ids[before.items_of(rows.ids) < 0]
    if before.added + len(added) > MAX_CHANGES:
        return None
    kept = before.movie_ids
    if db.value("SELECT COUNT(*) FROM movies") != len(kept) + len(added):
        present = np.array([row[0] for row in db.rows("SELECT id FROM movies")], dtype=np.int64)
        kept = np.intersect1d(kept, present, assume_unique=True)
        if len(present) != len(kept) + len(added):
            return None
    ids = np.union1d(kept, rows.ids)
    take, fresh = before.items_of(ids), np.isin(ids, rows.ids)
    take[fresh] = len(before) + np.arange(len(rows.ids))
    catalogue = _merged(before, rows, revision, ids, take)
    return RefreshedIndex(dataclasses.replace(catalogue, added=before.added + len(added)), take, fresh)


def _touched_since(before: MovieIndex) -> list[int]:
    """Return the ids of the movies changed since they were read."""
    newest = int(before.updated_at.max(initial=0))
    rows = db.rows("SELECT id, updated_at FROM movies WHERE updated_at >= ?", newest - LATE_COMMIT_SECONDS)
    ids, times = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    items = before.items_of(ids)
    is_touched = (items < 0) | (before.updated_at[items] != times)
    # A movie may change twice within a second. Where that may be true of many, they come from a first load.
    is_recent = times >= newest - 1
    if is_recent.sum() <= MAX_CHANGES:
        is_touched |= is_recent
    touched: list[int] = ids[is_touched].tolist()
    return touched


def _merged(before: MovieIndex, rows: MovieRows, revision: int, ids: Ints, take: Ints) -> MovieIndex:
    titles = [*before.titles, *rows.titles]
    filter_columns = _join_filter_columns(before.filter_columns, rows.filter_columns, take)
    content = before.content.with_changes(_with_franchises(before, rows), take)
    director_columns = director_columns_of(content.features, rows.columns)
    return MovieIndex(
        revision=revision,
        movie_ids=ids,
        updated_at=np.concatenate((before.updated_at, rows.updated_at))[take],
        titles=[titles[item] for item in take.tolist()],
        filter_columns=filter_columns,
        content=content,
        genres=genre_shares(filter_columns.genres),
        director_columns=np.concatenate((before.director_columns, director_columns))[take],
        aliases=before.aliases,
    )


def _join_filter_columns(old: FilterColumns, new: FilterColumns, take: Ints) -> FilterColumns:
    """Join the columns of old and new movies. Genres are those of `new`, which names all that exist now."""
    genres = np.zeros((len(old), len(new.genre_names)), dtype=bool)
    column_of = {name: column for column, name in enumerate(new.genre_names)}
    for column, name in enumerate(old.genre_names):
        if name in column_of:
            genres[:, column_of[name]] = old.genres[:, column]
    languages = [*old.languages, *new.languages]
    return FilterColumns(
        genres=np.concatenate((genres, new.genres))[take],
        genre_names=new.genre_names,
        years=np.concatenate((old.years, new.years))[take],
        runtimes=np.concatenate((old.runtimes, new.runtimes))[take],
        votes=np.concatenate((old.votes, new.votes))[take],
        adult=np.concatenate((old.adult, new.adult))[take],
        languages=[languages[item] for item in take.tolist()],
    )


def _with_franchises(before: MovieIndex, rows: MovieRows) -> MovieColumns:
    """Keep the franchise of a changed movie; a new movie gets its own when all movies are read again."""
    features = before.content.features
    series = [
        features.names_of_kind(item, "series") if item >= 0 else []
        for item in before.items_of(rows.ids).tolist()
    ]
    return dataclasses.replace(rows.columns, series=series)
