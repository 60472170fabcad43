"""Whether two descriptions are of one film. Pure functions: sources err in their ids, titles and years tell."""

from __future__ import annotations

from typing import Protocol

from rapidfuzz.distance import OSA

from movierec.movies.movie_record import MovieRecord
from movierec.movies.title_keys import NUMBERS, TitleForms, title_forms

# Countries and festivals see a film a year apart.
YEARS_APART = 1
# Of titles without spaces: Alien and Aliens are 0.83 alike, and two films.
MINIMUM_SIMILARITY = 0.9


class HasTitle(Protocol):
    @property
    def title(self) -> str: ...
    @property
    def original_title(self) -> str: ...
    @property
    def year(self) -> int | None: ...


def are_similar(one: HasTitle, other: HasTitle) -> bool:
    """Of one title in any language, and of about one year where both tell it."""
    return not _years_apart(one, other) and _share_title(one, other)


def are_different(one: HasTitle, other: HasTitle) -> bool:
    """Neither the title nor the year is the same: an id that joins them is wrong."""
    return _years_apart(one, other) and not _share_title(one, other)


def have_no_common_people(one: MovieRecord, other: MovieRecord) -> bool:
    """Of both is told who made them, and nobody made both."""
    mine, theirs = (
        {title_forms(name).compact for name in (*film.directors, *film.cast)} for film in (one, other)
    )
    return bool(mine and theirs) and mine.isdisjoint(theirs)


def is_same_movie(one: MovieRecord, other: MovieRecord, witness: MovieRecord) -> bool:
    """Whether two films are one, as `witness` says by giving itself an id of each.

    They must not differ in another outside id, but for the witness's own: TMDb withdraws ids, and who took
    one over earlier has the old one. And they must be alike, or both be like what the witness describes.
    """
    for column in ("imdb_id", "tmdb_id", "movielens_id"):
        ids = {getattr(one, column), getattr(other, column)} - {None}
        if len(ids) > 1 and column != f"{witness.source}_id":
            return False
    return are_similar(one, other) or (are_similar(one, witness) and are_similar(other, witness))


def _years_apart(one: HasTitle, other: HasTitle) -> bool:
    return bool(one.year and other.year and abs(one.year - other.year) > YEARS_APART)


def _share_title(one: HasTitle, other: HasTitle) -> bool:
    return any(_same_title(mine, theirs) for mine in _titles(one) for theirs in _titles(other))


def _titles(film: HasTitle) -> list[TitleForms]:
    return [title_forms(title) for title in dict.fromkeys([film.title, film.original_title]) if title]


def _same_title(one: TitleForms, other: TitleForms) -> bool:
    """But for spelling, or with a subtitle that one of them leaves out. Another number is another part."""
    if one.compact == other.compact or one.compact in other.parts or other.compact in one.parts:
        return True
    if _numbers(one) != _numbers(other):
        return False
    return OSA.normalized_similarity(one.compact, other.compact) >= MINIMUM_SIMILARITY


def _numbers(title: TitleForms) -> list[str]:
    return [word for word in title.words if word in NUMBERS or word.isdecimal()]
