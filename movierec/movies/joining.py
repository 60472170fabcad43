"""Films that TMDb's lists name without saying what IMDb calls them: which of the catalogue's they are."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from movierec import db
from movierec.movies.facts import FilmFacts
from movierec.movies.known import Known
from movierec.movies.parts import KEY_LENGTH
from movierec.movies.titles import title_key


class _Namesake(NamedTuple):
    """A film of the catalogue that TMDb has not told of yet."""

    id: int
    year: int
    imdb_id: str


def joined_by_title(films: Sequence[FilmFacts]) -> list[FilmFacts]:
    """`films` with the imdb ids of those that are, by title and year, exactly one film that has no tmdb id yet.

    Without that The Matrix of a list would be a second one beside the one that people have rated, until
    its details came. A year of difference is one of festivals and cinemas.
    """
    strangers = [film for film in _strangers(films) if film.year]
    namesakes = _namesakes({key for film in strangers for key in _keys(film)})
    found = {film.tmdb_id: _the_one(film, namesakes) for film in strangers}
    claims = Counter(found.values())
    return [
        dataclasses.replace(film, imdb_id=imdb_id)
        if (imdb_id := found.get(film.tmdb_id)) and claims[imdb_id] == 1
        else film
        for film in films
    ]


def _strangers(films: Sequence[FilmFacts]) -> list[FilmFacts]:
    """Those whose ids nobody has."""
    asked = [film for film in films if film.tmdb_id is not None and film.imdb_id is None]
    known = Known(asked)
    return [film for film in asked if known.by("tmdb_id", film) is None]


def _keys(film: FilmFacts) -> set[str]:
    return {title_key(title)[:KEY_LENGTH] for title in (film.title, film.original_title) if title}


def _namesakes(keys: Collection[str]) -> dict[str, set[_Namesake]]:
    found: dict[str, set[_Namesake]] = {}
    for batch in db.batches(sorted(keys)):
        for key, *film in db.rows(
            "SELECT key, movies.id, year, imdb_id FROM movie_titles JOIN movies ON movies.id = movie_id "
            f"WHERE key IN ({db.marks_for(batch)}) AND tmdb_id IS NULL AND imdb_id IS NOT NULL "
            "AND year IS NOT NULL",
            *batch,
        ):
            found.setdefault(key, set()).add(_Namesake._make(film))
    return found


def _the_one(film: FilmFacts, namesakes: dict[str, set[_Namesake]]) -> str | None:
    assert film.year is not None
    called_so = {each for key in _keys(film) for each in namesakes.get(key, ())}
    for apart in (0, 1):
        those = {each for each in called_so if abs(each.year - film.year) <= apart}
        if those:
            return next(iter(those)).imdb_id if len(those) == 1 else None
    return None
