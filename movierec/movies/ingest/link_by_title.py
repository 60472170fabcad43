"""Films that TMDb's lists name without saying what IMDb calls them: which of the catalogue's they are."""

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

# Votes of a film and of its namesake of the same year: from here on the catalogue has the better known one.
DECISIVE_VOTE_RATIO = 50


class _Namesake(NamedTuple):
    """A film of the catalogue; one with an imdb id and without a tmdb id can be what TMDb names."""

    id: int
    year: int
    imdb_id: str | None
    tmdb_id: int | None

    @property
    def is_free(self) -> bool:
        return self.tmdb_id is None and self.imdb_id is not None


def link_by_title(films: Sequence[MovieRecord]) -> list[MovieRecord]:
    """`films` with the imdb ids of those that are, by title and year, exactly one film that has no tmdb id yet.

    Without that The Matrix of a list would be a second one beside the one that people have rated, until
    its details came. A year of difference is one of festivals and cinemas, or of another film: it joins what
    shares a genre and a title that nothing else has in those years.
    """
    strangers = [film for film in _strangers(films) if film.year]
    namesakes = _namesakes({key for film in strangers for key in _keys(film)})
    sure = _claims(strangers, namesakes, _of_its_year)
    near = _claims(strangers, namesakes, _of_the_year_beside)
    joined = {one.tmdb_id: found.imdb_id for found, those in sure.items() if (one := _best_known(those))}
    genres = GENRES.known_of([found.id for found in near])
    for found, those in near.items():
        if (
            len(those) == 1
            and found not in sure
            and not set(those[0].genres).isdisjoint(genres.get(found.id, ()))
        ):
            joined[those[0].tmdb_id] = found.imdb_id
    return [
        dataclasses.replace(film, imdb_id=imdb_id) if (imdb_id := joined.get(film.tmdb_id)) else film
        for film in films
    ]


def _strangers(films: Sequence[MovieRecord]) -> list[MovieRecord]:
    """Those whose ids nobody has."""
    asked = [film for film in films if film.tmdb_id is not None and film.imdb_id is None]
    known = ExternalIds(asked)
    return [film for film in asked if known.by("tmdb_id", film) is None]


def _keys(film: MovieRecord) -> set[str]:
    return {title_key(title)[:KEY_LENGTH] for title in (film.title, film.original_title) if title}


def _namesakes(keys: Collection[str]) -> dict[str, set[_Namesake]]:
    found: dict[str, set[_Namesake]] = {}
    for batch in db.batches(sorted(keys)):
        for key, *film in db.rows(
            "SELECT key, movies.id, year, imdb_id, tmdb_id FROM movie_titles JOIN movies ON movies.id = movie_id "
            f"WHERE key IN ({db.placeholders(batch)}) AND year IS NOT NULL",
            *batch,
        ):
            found.setdefault(key, set()).add(_Namesake._make(film))
    return found


def _claims(
    films: Sequence[MovieRecord],
    namesakes: dict[str, set[_Namesake]],
    choose: Callable[[int, set[_Namesake]], _Namesake | None],
) -> dict[_Namesake, list[MovieRecord]]:
    """Which films could be one of the catalogue, by what `choose` makes of a year and those called so."""
    claims: dict[_Namesake, list[MovieRecord]] = {}
    for film in {film.tmdb_id: film for film in films}.values():
        assert film.year is not None
        called_so = {each for key in _keys(film) for each in namesakes.get(key, ())}
        if (chosen := choose(film.year, called_so)) is not None:
            claims.setdefault(chosen, []).append(film)
    return claims


def _of_its_year(year: int, called_so: set[_Namesake]) -> _Namesake | None:
    those = [each for each in called_so if each.is_free and each.year == year]
    return those[0] if len(those) == 1 else None


def _of_the_year_beside(year: int, called_so: set[_Namesake]) -> _Namesake | None:
    """Only where no film of either year has the title as well, TMDb's own ones included."""
    those = [each for each in called_so if abs(each.year - year) <= YEARS_APART]
    return those[0] if len(those) == 1 and those[0].is_free and those[0].year != year else None


def _best_known(films: Sequence[MovieRecord]) -> MovieRecord | None:
    """The only one, or the one whose votes leave no doubt."""
    first, *others = sorted(films, key=lambda film: -film.vote_count)
    is_best = all(first.vote_count >= DECISIVE_VOTE_RATIO * max(film.vote_count, 1) for film in others)
    return first if is_best else None
