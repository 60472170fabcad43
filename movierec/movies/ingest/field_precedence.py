"""What a source adds to films there are: what is empty is filled, what comes from a weaker source replaced."""

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
    MovieRecord,
    column_values,
)

# As their columns have them: nothing is told.
_NOTHING = (None, "", "[]", 0, False)
# A source tells another number each day. So little is no reason to write: who keeps the catalogue reads it anew.
_DRIFTING = ("vote_average", "vote_count", "popularity")
_DRIFT = 0.02
# What a list of TMDb tells of a film that it may have been given by title: no other source has these.
TMDB_LIST_COLUMNS = ("overview", "poster_path", "backdrop_path")


def update_movies(
    films: Mapping[int, MovieRecord], known: ExternalIds, now: int, *, ties: bool = True, wary: bool = False
) -> set[int]:
    """Write what `films` add to rows there are; returns which changed.

    `ties` is whether a source replaces what came from one of its own precedence; `wary` is whether a list of
    TMDb fills no more than overview and images until details have told that it is the film.
    """
    if not films:
        return set()
    differences = _differences(films, known, ties=ties, wary=wary)
    changes = differences.changes
    changed = credits_and_titles.update_related(differences.sure, differences.stronger)
    for movie_id, values in changes.items():
        if values or movie_id in changed:
            set_columns(movie_id, values, now)
            changed.add(movie_id)
    renamed = [i for i in changes if changes[i].keys() & {"title", "original_title"}]
    credits_and_titles.replace_titles(_titles(renamed))
    return changed


def would_change_nothing(films: Mapping[int, MovieRecord], known: ExternalIds) -> bool:
    """Whether `complete` would write nothing. Only reads."""
    differences = _differences(films, known, ties=True, wary=True)
    return not any(differences.changes.values()) and not credits_and_titles.related_would_change(
        differences.sure, differences.stronger
    )


class _Differences(NamedTuple):
    """Films of which all is taken, those whose source may replace what there is, and the columns that change."""

    sure: dict[int, MovieRecord]
    stronger: set[int]
    changes: dict[int, dict[str, Any]]


def _differences(
    films: Mapping[int, MovieRecord], known: ExternalIds, *, ties: bool, wary: bool
) -> _Differences:
    rows: dict[int, db.Row] = {}
    for batch in db.batches(films):
        sql = f"SELECT id, source, {', '.join(COLUMNS)} FROM movies WHERE id IN ({db.placeholders(batch)})"
        rows.update((row[0], row[1:]) for row in db.rows(sql, *batch))
    sure = {i: film for i, film in films.items() if not (wary and _may_be_another(film, rows[i]))}
    stronger = {
        movie_id
        for movie_id, film in sure.items()
        if PRECEDENCE[film.source] >= PRECEDENCE[rows[movie_id][0]] + (not ties)
    }
    changes = {i: _changes(i, film, rows[i], i in stronger, known) for i, film in films.items()}
    for movie_id in changes.keys() - sure.keys():
        changes[movie_id] = {
            name: value
            for name, value in changes[movie_id].items()
            if name in (*ID_COLUMNS, *TMDB_LIST_COLUMNS)
        }
    return _Differences(sure, stronger, changes)


def _may_be_another(film: MovieRecord, row: db.Row) -> bool:
    """Whether a list of TMDb's names a film that others told of, and that TMDb's details have not confirmed."""
    source, *old = row
    imdb_id, details_at = (old[COLUMNS.index(name)] for name in ("imdb_id", "details_at"))
    is_listed = film.source == "tmdb" and film.details_at is None
    return is_listed and source != "tmdb" and imdb_id is not None and details_at is None


def _changes(movie_id: int, film: MovieRecord, row: db.Row, wins: bool, known: ExternalIds) -> dict[str, Any]:
    source, *old = row
    drifting = _DRIFTING if film.source == source else ()
    changes: dict[str, Any] = {}
    for name, value, present in zip(COLUMNS, column_values(film), old, strict=True):
        if value in _NOTHING or value == present or (name in drifting and _is_near(value, present)):
            continue
        empty = present in _NOTHING
        if name in ID_COLUMNS:
            if (empty or (name == "tmdb_id" and _is_renamed(film, tuple(old)))) and known.claim(
                name, value, movie_id
            ):
                changes[name] = value
        elif empty or (value > present if name == "details_at" else wins):
            changes[name] = value
    if wins and film.source != source:
        changes["source"] = film.source
    return changes


def _is_renamed(film: MovieRecord, old: db.Row) -> bool:
    """Whether TMDb tells by which new id it knows a film: it withdraws ids of what it had twice."""
    had = TitleAndYear(*(old[COLUMNS.index(name)] for name in TitleAndYear._fields))
    is_whole = film.source == "tmdb" and film.details_at is not None and film.imdb_id is not None
    return is_whole and film.imdb_id == old[COLUMNS.index("imdb_id")] and are_similar(film, had)


def _is_near(value: float, present: float) -> bool:
    return abs(value - present) <= _DRIFT * present


def set_columns(movie_id: int, values: Mapping[str, Any], now: int) -> None:
    """Set columns of a film, and the time of it."""
    assignments = "".join(f"{name} = ?, " for name in values)
    db.execute(f"UPDATE movies SET {assignments}updated_at = ? WHERE id = ?", *values.values(), now, movie_id)


def _titles(movie_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for batch in db.batches(movie_ids):
        sql = f"SELECT id, title, original_title FROM movies WHERE id IN ({db.placeholders(batch)})"
        found.update((row[0], row[1:]) for row in db.rows(sql, *batch))
    return found


def stored_record(movie_id: int) -> MovieRecord:
    """What is stored of a film, as its source would tell it."""
    row = db.row(f"SELECT source, {', '.join(COLUMNS)} FROM movies WHERE id = ?", movie_id)
    assert row is not None
    told: dict[str, Any] = dict(zip(("source", *COLUMNS), row, strict=True))
    told.update((name, tuple(json.loads(told[name]))) for name in JSON_COLUMNS)
    credits = credits_and_titles.CREDITS.known_of([movie_id]).get(movie_id, ())
    of_role = {
        role: [credit for credit in credits if credit[0] == role] for role in ("cast", "director", "writer")
    }
    return MovieRecord(
        **told,
        genres=credits_and_titles.GENRES.known_of([movie_id]).get(movie_id, ()),
        keywords=credits_and_titles.KEYWORDS.known_of([movie_id]).get(movie_id, ()),
        directors=tuple(name for _, name, _ in of_role["director"]),
        writers=tuple(name for _, name, _ in of_role["writer"]),
        cast=tuple(name for _, name, _ in of_role["cast"]),
        characters=tuple(character for _, _, character in of_role["cast"]),
    )
