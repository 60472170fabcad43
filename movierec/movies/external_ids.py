"""Lookup of movies by external ids (IMDb, TMDb, MovieLens), including the ids of merged duplicates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from movierec import db
from movierec.movies.movie_record import ID_COLUMNS, MovieRecord

ExternalId = int | str


class TitleAndYear(NamedTuple):
    """Titles and year of a stored movie, enough to compare it with a record."""

    title: str
    original_title: str
    year: int | None


class ExternalIds:
    """The owners of all external ids that occur in some records, with the owners' titles."""

    def __init__(self, records: Sequence[MovieRecord]) -> None:
        self.is_empty_catalogue = db.row("SELECT 1 FROM movies LIMIT 1") is None
        self.titles: dict[int, TitleAndYear] = {}
        self._owners: dict[str, dict[ExternalId | None, int]] = {column: {} for column in ID_COLUMNS}
        if not self.is_empty_catalogue:
            for column, owners in self._owners.items():
                for external_id, movie_id, *titles in _lookup(
                    column, [getattr(record, column) for record in records]
                ):
                    owners[external_id] = movie_id
                    self.titles[movie_id] = TitleAndYear._make(titles)

    def owner(self, column: str, record: MovieRecord) -> int | None:
        """Return the movie that has the record's id of `column`."""
        return self._owners[column].get(getattr(record, column))

    def owners(self, record: MovieRecord) -> list[int]:
        """Return every movie that has one of the record's ids: by IMDb, TMDb, then MovieLens id."""
        movie_ids = [self.owner(column, record) for column in ID_COLUMNS]
        return list(dict.fromkeys(movie_id for movie_id in movie_ids if movie_id is not None))

    def add(self, movie_id: int, record: MovieRecord) -> None:
        """Register a new movie under the record's ids that have no owner yet."""
        self.titles[movie_id] = TitleAndYear(record.title, record.original_title, record.year)
        for column in ID_COLUMNS:
            if (external_id := getattr(record, column)) is not None:
                self._owners[column].setdefault(external_id, movie_id)

    def remove(self, column: str, record: MovieRecord) -> None:
        """Remove the owner of the record's id of `column`."""
        self._owners[column].pop(getattr(record, column), None)

    def claim(self, column: str, external_id: ExternalId, movie_id: int) -> bool:
        """Give an external id to a movie unless another one owns it: ids are unique. Return the success."""
        return self._owners[column].setdefault(external_id, movie_id) == movie_id


def _lookup(column: str, external_ids: Sequence[ExternalId | None]) -> Iterator[db.Row]:
    for batch in db.batches([external_id for external_id in external_ids if external_id is not None]):
        marks = db.placeholders(batch)
        yield from db.rows(
            f"SELECT movie_aliases.{column}, movies.id, title, original_title, year FROM movie_aliases "
            f"JOIN movies ON movies.id = movie_id WHERE movie_aliases.{column} IN ({marks})",
            *batch,
        )
        # After the aliases: the present owner of an id overrides a former one.
        yield from db.rows(
            f"SELECT {column}, id, title, original_title, year FROM movies WHERE {column} IN ({marks})",
            *batch,
        )


def owner_of(column: str, external_id: ExternalId) -> int | None:
    """Return the movie that has an external id, itself or through a duplicate merged into it."""
    return next((row[1] for row in reversed([*_lookup(column, [external_id])])), None)
