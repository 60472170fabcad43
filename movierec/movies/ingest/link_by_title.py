"""Linking of TMDb's list items, which have no IMDb ids, to movies of the catalogue by title and year."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from movierec import db
from movierec.movies.external_ids import ExternalIds
from movierec.movies.ingest.credits_and_titles import GENRES, KEY_LENGTH
from movierec.movies.ingest.same_movie import YEARS_APART
from movierec.movies.movie_record import MovieRecord
from movierec.movies.title_keys import title_key

# Minimum ratio of votes between two list items of one title and year at which the link is certain: the catalogue
# has the better known movie.
DECISIVE_VOTE_RATIO = 50


class _Namesake(NamedTuple):
    """A movie of the catalogue with the same title; if it has an IMDb id and no TMDb id, TMDb may mean it."""

    id: int
    year: int
    imdb_id: str | None
    tmdb_id: int | None

    @property
    def is_free(self) -> bool:
        return self.tmdb_id is None and self.imdb_id is not None


def link_by_title(records: Sequence[MovieRecord]) -> list[MovieRecord]:
    """Set the IMDb ids of records that match exactly one movie without a TMDb id by title and year.

    Without this, The Matrix of a list would become a second movie beside the one that people have rated, until
    its details arrive. A year of difference can be that of festivals and cinemas, or of another movie: it is
    accepted where a genre is shared and nothing else has the title in those years.
    """
    unlinked = [record for record in _unlinked(records) if record.year]
    namesakes = _namesakes({key for record in unlinked for key in _keys(record)})
    same_year = _claims(unlinked, namesakes, _of_same_year)
    adjacent_year = _claims(unlinked, namesakes, _of_adjacent_year)
    imdb_ids = {
        best.tmdb_id: movie.imdb_id for movie, claims in same_year.items() if (best := _best_known(claims))
    }
    genres = GENRES.stored([movie.id for movie in adjacent_year])
    for movie, claims in adjacent_year.items():
        if (
            len(claims) == 1
            and movie not in same_year
            and not set(claims[0].genres).isdisjoint(genres.get(movie.id, ()))
        ):
            imdb_ids[claims[0].tmdb_id] = movie.imdb_id
    return [
        dataclasses.replace(record, imdb_id=imdb_id) if (imdb_id := imdb_ids.get(record.tmdb_id)) else record
        for record in records
    ]


def _unlinked(records: Sequence[MovieRecord]) -> list[MovieRecord]:
    """Return the records with a TMDb id that no movie has, and no IMDb id."""
    candidates = [record for record in records if record.tmdb_id is not None and record.imdb_id is None]
    external_ids = ExternalIds(candidates)
    return [record for record in candidates if external_ids.owner("tmdb_id", record) is None]


def _keys(record: MovieRecord) -> set[str]:
    return {title_key(title)[:KEY_LENGTH] for title in (record.title, record.original_title) if title}


def _namesakes(keys: Collection[str]) -> dict[str, set[_Namesake]]:
    namesakes: dict[str, set[_Namesake]] = {}
    for batch in db.batches(sorted(keys)):
        for key, *columns in db.rows(
            "SELECT key, movies.id, year, imdb_id, tmdb_id FROM movie_titles JOIN movies ON movies.id = movie_id "
            f"WHERE key IN ({db.placeholders(batch)}) AND year IS NOT NULL",
            *batch,
        ):
            namesakes.setdefault(key, set()).add(_Namesake._make(columns))
    return namesakes


def _claims(
    records: Sequence[MovieRecord],
    namesakes: dict[str, set[_Namesake]],
    choose: Callable[[int, set[_Namesake]], _Namesake | None],
) -> dict[_Namesake, list[MovieRecord]]:
    """Group the records by the movie that `choose` selects for their year from the movies of the same title."""
    claims: dict[_Namesake, list[MovieRecord]] = {}
    for record in {record.tmdb_id: record for record in records}.values():
        assert record.year is not None
        same_title = {movie for key in _keys(record) for movie in namesakes.get(key, ())}
        if (chosen := choose(record.year, same_title)) is not None:
            claims.setdefault(chosen, []).append(record)
    return claims


def _of_same_year(year: int, same_title: set[_Namesake]) -> _Namesake | None:
    movies = [movie for movie in same_title if movie.is_free and movie.year == year]
    return movies[0] if len(movies) == 1 else None


def _of_adjacent_year(year: int, same_title: set[_Namesake]) -> _Namesake | None:
    """Select the only movie of the title in either year; those that TMDb has already linked count as well."""
    movies = [movie for movie in same_title if abs(movie.year - year) <= YEARS_APART]
    return movies[0] if len(movies) == 1 and movies[0].is_free and movies[0].year != year else None


def _best_known(records: Sequence[MovieRecord]) -> MovieRecord | None:
    """Return the only record, or the one with DECISIVE_VOTE_RATIO times the votes of every other; else None."""
    first, *others = sorted(records, key=lambda record: -record.vote_count)
    is_decisive = all(first.vote_count >= DECISIVE_VOTE_RATIO * max(other.vote_count, 1) for other in others)
    return first if is_decisive else None
