"""A catalogue brought up to date: only films that came, changed or went are read, the others are taken over."""

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

# More than this are read as fast with all the others, and rarities and series are right again.
MAX_CHANGES = 500
# A change may be seen so much later than it says it was made: its transaction took long, or clocks differ.
LATE_COMMIT_SECONDS = 60


class RefreshedIndex(NamedTuple):
    """`take` says for each film where it was in the old catalogue, or counts on from its end for `fresh` ones.

    `fresh` is True for each film that was read anew.
    """

    catalogue: MovieIndex
    take: Ints
    fresh: Mask


def refresh_movie_index(before: MovieIndex) -> RefreshedIndex | None:
    """The catalogue as it is now; None where so much has changed that it must be read whole."""
    if not len(before):
        return None
    revision = db.revision("catalogue")
    touched = _touched_since(before)
    # Of two merged films the model knows both: it is laid over the catalogue anew.
    if len(touched) > MAX_CHANGES or movies.alias_targets() != before.aliases:
        return None
    films = read_movies(touched)
    came = films.ids[before.items_of(films.ids) < 0]
    if before.added + len(came) > MAX_CHANGES:
        return None
    kept = before.movie_ids
    if db.value("SELECT COUNT(*) FROM movies") != len(kept) + len(came):
        present = np.array([row[0] for row in db.rows("SELECT id FROM movies")], dtype=np.int64)
        kept = np.intersect1d(kept, present, assume_unique=True)
        if len(present) != len(kept) + len(came):
            return None
    ids = np.union1d(kept, films.ids)
    take, fresh = before.items_of(ids), np.isin(ids, films.ids)
    take[fresh] = len(before) + np.arange(len(films.ids))
    catalogue = _merged(before, films, revision, ids, take)
    return RefreshedIndex(dataclasses.replace(catalogue, added=before.added + len(came)), take, fresh)


def _touched_since(before: MovieIndex) -> list[int]:
    """Ids of the films that were changed since they were read."""
    newest = int(before.updated_at.max(initial=0))
    rows = db.rows("SELECT id, updated_at FROM movies WHERE updated_at >= ?", newest - LATE_COMMIT_SECONDS)
    ids, times = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    places = before.items_of(ids)
    touched = (places < 0) | (before.updated_at[places] != times)
    # Within a second a film may have been changed once more; where that is doubtful of many, they were a first load.
    doubtful = times >= newest - 1
    if doubtful.sum() <= MAX_CHANGES:
        touched |= doubtful
    found: list[int] = ids[touched].tolist()
    return found


def _merged(before: MovieIndex, films: MovieRows, revision: int, ids: Ints, take: Ints) -> MovieIndex:
    titles = [*before.titles, *films.titles]
    traits = _traits(before.traits, films.traits, take)
    content = before.content.updated(_with_series(before, films), take)
    makers = director_columns_of(content.features, films.facts)
    return MovieIndex(
        revision=revision,
        movie_ids=ids,
        updated_at=np.concatenate((before.updated_at, films.updated_at))[take],
        titles=[titles[place] for place in take.tolist()],
        traits=traits,
        content=content,
        genres=genre_shares(traits.genres),
        director_columns=np.concatenate((before.director_columns, makers))[take],
        aliases=before.aliases,
    )


def _traits(old: FilterColumns, new: FilterColumns, take: Ints) -> FilterColumns:
    """Genres are those the database has now: `new` names all of them."""
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
        languages=[languages[place] for place in take.tolist()],
    )


def _with_series(before: MovieIndex, films: MovieRows) -> MovieColumns:
    """A changed film stays in its series; a new one finds its own when all are read again."""
    features = before.content.features
    series = [
        features.named(number, "series") if number >= 0 else []
        for number in before.items_of(films.ids).tolist()
    ]
    return dataclasses.replace(films.facts, series=series)
