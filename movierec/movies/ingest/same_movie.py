"""Comparison of two descriptions of a movie by title and year, because the ids of sources can be wrong. Pure."""

from __future__ import annotations

from typing import Protocol

from rapidfuzz.distance import OSA

from movierec.movies.movie_record import MovieRecord
from movierec.movies.title_keys import NUMBERS, TitleForms, title_forms

# Years between two dates of one movie: festivals and cinemas of other countries show it a year apart.
YEARS_APART = 1
# Minimum similarity of two titles without spaces: Alien and Aliens reach 0.83, and are two movies.
MINIMUM_SIMILARITY = 0.9


class HasTitle(Protocol):
    """Anything with titles and a year: a record, or the row of a stored movie."""

    @property
    def title(self) -> str: ...
    @property
    def original_title(self) -> str: ...
    @property
    def year(self) -> int | None: ...


def are_similar(one: HasTitle, other: HasTitle) -> bool:
    """Return True if both have a common title in any language, and about the same year where both have one."""
    return not _have_different_years(one, other) and _share_title(one, other)


def are_different(one: HasTitle, other: HasTitle) -> bool:
    """Return True if neither title nor year agree, so that an id that links the two must be wrong."""
    return _have_different_years(one, other) and not _share_title(one, other)


def have_no_common_people(one: MovieRecord, other: MovieRecord) -> bool:
    """Return True if both list directors or cast, and nobody is on both lists."""
    people, others = (
        {title_forms(name).compact for name in (*record.directors, *record.cast)} for record in (one, other)
    )
    return bool(people and others) and people.isdisjoint(others)


def is_same_movie(one: MovieRecord, other: MovieRecord, witness: MovieRecord) -> bool:
    """Return True if two movies are the same, as `witness` claims by carrying an id of each.

    They must not differ in another external id, except the one of the witness's own source: TMDb withdraws ids,
    and whoever copied one earlier still has the old one. And they must be similar to each other, or both to the
    witness.
    """
    for column in ("imdb_id", "tmdb_id", "movielens_id"):
        ids = {getattr(one, column), getattr(other, column)} - {None}
        if len(ids) > 1 and column != f"{witness.source}_id":
            return False
    return are_similar(one, other) or (are_similar(one, witness) and are_similar(other, witness))


def _have_different_years(one: HasTitle, other: HasTitle) -> bool:
    return bool(one.year and other.year and abs(one.year - other.year) > YEARS_APART)


def _share_title(one: HasTitle, other: HasTitle) -> bool:
    return any(_is_same_title(mine, theirs) for mine in _titles(one) for theirs in _titles(other))


def _titles(movie: HasTitle) -> list[TitleForms]:
    return [title_forms(title) for title in dict.fromkeys([movie.title, movie.original_title]) if title]


def _is_same_title(one: TitleForms, other: TitleForms) -> bool:
    """Compare titles apart from spelling, or a subtitle that one of them lacks. Other numbers are other parts."""
    if one.compact == other.compact or one.compact in other.parts or other.compact in one.parts:
        return True
    if _numbers(one) != _numbers(other):
        return False
    return OSA.normalized_similarity(one.compact, other.compact) >= MINIMUM_SIMILARITY


def _numbers(title: TitleForms) -> list[str]:
    return [word for word in title.words if word in NUMBERS or word.isdecimal()]
