"""The one way films enter the catalogue: an upsert that joins by outside ids, never making a film poorer."""

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


def upsert(films: Sequence[MovieRecord], now: int) -> list[int]:
    """Add or complete films in one transaction; returns their ids in the same order.

    A film is found by its imdb, then tmdb, then MovieLens id. Where it is known, a source fills what is
    empty and replaces what came from a source of no higher precedence. Given twice, the first counts. Ids that
    lead to several rows make one of them, if they are one film by title and year.
    """
    with db.write():
        lock_catalogue()
        known = ExternalIds(films)
        films = [_without_wrong_id(film, known) for film in films]
        for film in films:
            _take_back_guess(film, known, now)
        ids: list[int] = []
        new: dict[int, MovieRecord] = {}
        old: dict[int, MovieRecord] = {}
        meeting: list[int] = []
        fresh: Iterator[int] | None = None
        for film in films:
            found = known.all_of(film)
            if not found:
                # Reserved only when needed: most calls bring no new film.
                fresh = fresh or iter(_new_ids(len(films)))
                movie_id = next(fresh)
                known.remember(movie_id, film)
                new[movie_id] = film
            elif len(found) > 1:
                movie_id = found[0]
                meeting.append(len(ids))
            elif (movie_id := found[0]) not in new:
                old.setdefault(movie_id, film)
            ids.append(movie_id)
        with _filling() if len(new) > BULK_LOAD_MINIMUM and known.nothing else contextlib.nullcontext():
            _insert(new, now)
            credits_and_titles.add_related(new)
        changed = update_movies(old, known, now, wary=True)
        merged: dict[int, int] = {}
        for position in meeting:
            ids[position] = _meet(films[position], merged, now)
        if new or changed or meeting:
            db.increment_revision("catalogue")
        return [merged.get(movie_id, movie_id) for movie_id in ids]


def ids_if_unchanged(films: Sequence[MovieRecord]) -> list[int] | None:
    """The ids of `films` where `store` would write nothing, else None. Only reads."""
    known = ExternalIds(films)
    films = [_without_wrong_id(film, known) for film in films]
    found = [known.all_of(film) for film in films]
    if any(len(those) != 1 for those in found):
        return None
    ids = [movie_id for (movie_id,) in found]
    first = dict(zip(reversed(ids), reversed(films), strict=True))
    return ids if would_change_nothing(first, known) else None


# So many films at once are the first of a catalogue.
BULK_LOAD_MINIMUM = 5_000


def _filling() -> contextlib.AbstractContextManager[None]:
    tables = ["credits", "movie_genres", "movie_keywords", "movie_titles", "movies"]
    return db.deferred_indexes(*tables, *(["title_search"] if db.is_postgres() else []))


def _new_ids(count: int) -> list[int]:
    """Never one that a merged film had."""
    return db.allocate_ids("movies", count, above=db.value("SELECT MAX(id) FROM movie_aliases") or 0)


def _without_wrong_id(film: MovieRecord, known: ExternalIds) -> MovieRecord:
    """TMDb knows its own films; what IMDb calls them was typed in by somebody."""
    joined = known.by("imdb_id", film)
    if film.source != "tmdb" or joined is None or joined == known.by("tmdb_id", film):
        return film
    if not are_different(film, known.names[joined]):
        return film
    logger.warning("TMDb %s names %s, which is film %s, another one", film.tmdb_id, film.imdb_id, joined)
    return dataclasses.replace(film, imdb_id=None)


def _take_back_guess(film: MovieRecord, known: ExternalIds, now: int) -> None:
    """Where TMDb tells that its id is another film's: it was guessed by title, or MovieLens had it wrong.

    What its lists told of the film goes too, which weaker sources can then tell again.
    """
    guessed = known.by("tmdb_id", film)
    is_whole = film.source == "tmdb" and film.details_at is not None
    if not is_whole or guessed in (None, known.by("imdb_id", film)):
        return
    assert guessed is not None
    there = stored_record(guessed)
    if there.imdb_id is None or there.tmdb_id != film.tmdb_id or there.details_at is not None:
        return
    if film.imdb_id == there.imdb_id or (film.imdb_id is None and not have_no_common_people(there, film)):
        return
    logger.warning("film %s is not TMDb's %s, which is %s", guessed, film.tmdb_id, film.imdb_id or "another")
    told = {name: "" for name in TMDB_LIST_COLUMNS if getattr(there, name) == getattr(film, name)}
    if there.source == "tmdb":
        told["source"] = "movielens"
    set_columns(guessed, {"tmdb_id": None, **told}, now)
    known.forget("tmdb_id", film)


def _insert(films: Mapping[int, MovieRecord], now: int) -> None:
    names = ["id", *COLUMNS, "source", "created_at", "updated_at"]
    rows = [(movie_id, *column_values(film), film.source, now, now) for movie_id, film in films.items()]
    db.insert_many("movies", names, rows)


def _meet(film: MovieRecord, merged: dict[int, int], now: int) -> int:
    """A film whose ids lead to several rows: make one of those that are it, and complete that.

    What is not the same film keeps its id. Notes in `merged` which rows are no more.
    """
    known = ExternalIds([film])
    found = {movie_id: stored_record(movie_id) for movie_id in known.all_of(film)}
    own = known.by(f"{film.source}_id", film) if film.source in ("tmdb", "movielens") else None
    first = min(found, key=lambda movie_id: (not are_similar(found[movie_id], film), movie_id != own))
    same = [each for each in found if each == first or is_same_movie(found[first], found[each], film)]
    kept = min(same)
    for lost in same:
        if lost != kept:
            merge_rows(lost, kept, now)
            merged.update({old: kept for old, into in merged.items() if into == lost})
            merged[lost] = kept
            logger.info("film %s was merged into %s", lost, kept)
    if film.source == "tmdb" and len(same) > 1 and found[kept].tmdb_id != film.tmdb_id:
        _renew_tmdb_id(kept, found[kept], film.tmdb_id)
    update_movies({kept: film}, ExternalIds([film]), now)
    if apart := sorted(found.keys() - set(same)):
        logger.warning("an outside id of film %s is that of film %s, another one", kept, apart)
    return kept


def _renew_tmdb_id(movie_id: int, had: MovieRecord, new: int | None) -> None:
    """TMDb calls a film by another id now; the old one is left to the duplicate that had the new one.

    Not one that was only guessed by title: that is another film's.
    """
    if had.tmdb_id is not None and new is not None:
        is_guess = had.details_at is None and had.source == "starter" and had.movielens_id is None
        old = None if is_guess else had.tmdb_id
        alias = "WHERE movie_id = ? AND tmdb_id = ?"
        db.execute(f"UPDATE movie_aliases SET tmdb_id = ? {alias}", old, movie_id, new)
        db.execute("UPDATE movies SET tmdb_id = ? WHERE id = ?", new, movie_id)
