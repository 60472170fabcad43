"""Which films have the outside ids that sources name, their merged duplicates included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from movierec import db
from movierec.movies.movie_record import ID_COLUMNS, MovieRecord


class TitleAndYear(NamedTuple):
    """What a film is told by."""

    title: str
    original_title: str
    year: int | None


class ExternalIds:
    """The rows that have the outside ids of some films, and what these are called."""

    def __init__(self, films: Sequence[MovieRecord]) -> None:
        self.nothing = db.row("SELECT 1 FROM movies LIMIT 1") is None
        self.names: dict[int, TitleAndYear] = {}
        self._by: dict[str, dict[Any, int]] = {column: {} for column in ID_COLUMNS}
        if not self.nothing:
            for column, known in self._by.items():
                for outside, movie_id, *name in _lookup(column, [getattr(film, column) for film in films]):
                    known[outside] = movie_id
                    self.names[movie_id] = TitleAndYear._make(name)

    def by(self, column: str, film: MovieRecord) -> int | None:
        return self._by[column].get(getattr(film, column))

    def all_of(self, film: MovieRecord) -> list[int]:
        """Every film that has one of these outside ids: by imdb, tmdb, then MovieLens id."""
        found = [self.by(column, film) for column in ID_COLUMNS]
        return list(dict.fromkeys(movie_id for movie_id in found if movie_id is not None))

    def remember(self, movie_id: int, film: MovieRecord) -> None:
        self.names[movie_id] = TitleAndYear(film.title, film.original_title, film.year)
        for column in ID_COLUMNS:
            if (outside := getattr(film, column)) is not None:
                self._by[column].setdefault(outside, movie_id)

    def forget(self, column: str, film: MovieRecord) -> None:
        """Nobody has this id of the film any more."""
        self._by[column].pop(getattr(film, column), None)

    def claim(self, column: str, outside: Any, movie_id: int) -> bool:
        """Give an outside id to a film, unless another one has it: two rows may not have the same."""
        return self._by[column].setdefault(outside, movie_id) == movie_id


def _lookup(column: str, values: Sequence[Any]) -> Iterator[db.Row]:
    for batch in db.batches([value for value in values if value is not None]):
        marks = db.placeholders(batch)
        yield from db.rows(
            f"SELECT movie_aliases.{column}, movies.id, title, original_title, year FROM movie_aliases "
            f"JOIN movies ON movies.id = movie_id WHERE movie_aliases.{column} IN ({marks})",
            *batch,
        )
        # Behind the aliases: whoever has the id now comes before who had it.
        yield from db.rows(
            f"SELECT {column}, id, title, original_title, year FROM movies WHERE {column} IN ({marks})",
            *batch,
        )


def owner_of(column: str, outside: Any) -> int | None:
    """The film that has an outside id, itself or by a duplicate that was merged into it."""
    return next((row[1] for row in reversed([*_lookup(column, [outside])])), None)
