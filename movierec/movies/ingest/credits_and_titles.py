"""Rows that belong to a movie besides its own: genres, keywords, credits, and the titles it is found by.

Written by `upsert` and `staff_edits` only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol, TypeVar

from movierec import db
from movierec.movies.movie_record import MovieRecord
from movierec.movies.title_keys import title_key

Item = TypeVar("Item")

# Characters of a title in the index: more help nobody to find it, and no index takes entries of any length.
KEY_LENGTH = 200


class RelatedTable(Protocol[Item]):
    """One kind of related rows of movies, each movie's as a tuple of items."""

    def of_record(self, record: MovieRecord) -> tuple[Item, ...]: ...
    def stored(self, movie_ids: Iterable[int]) -> dict[int, tuple[Item, ...]]: ...
    def merged(self, winner: tuple[Item, ...], other: tuple[Item, ...]) -> tuple[Item, ...]: ...
    def add(self, items: Mapping[int, tuple[Item, ...]]) -> None: ...
    def remove(self, movie_ids: Iterable[int]) -> None: ...


def add_related(records: Mapping[int, MovieRecord]) -> None:
    """Store all related rows of new movies."""
    add_titles({movie_id: (record.title, record.original_title) for movie_id, record in records.items()})
    for table in RELATED:
        table.add({movie_id: table.of_record(record) for movie_id, record in records.items()})


def update_related(records: Mapping[int, MovieRecord], stronger: Collection[int]) -> set[int]:
    """Store rows that the movies lack and, of those in `stronger`, also those that differ. Return changed ids."""
    changed: set[int] = set()
    for table in RELATED:
        changes = _changes(table, records, stronger)
        table.remove(changes)
        table.add(changes)
        changed |= changes.keys()
    return changed


def related_would_change(records: Mapping[int, MovieRecord], stronger: Collection[int]) -> bool:
    """Return True if `update_related` would store anything."""
    return any(_changes(table, records, stronger) for table in RELATED)


def _changes(
    table: RelatedTable[Item], records: Mapping[int, MovieRecord], stronger: Collection[int]
) -> dict[int, tuple[Item, ...]]:
    stored = table.stored(records)
    changes = {}
    for movie_id, record in records.items():
        new, old = table.of_record(record), stored.get(movie_id, ())
        merged = table.merged(new, old) if movie_id in stronger else table.merged(old, new)
        if merged != old:
            changes[movie_id] = merged
    return changes


def replace_related(movie_id: int, record: MovieRecord) -> None:
    """Store exactly the record's related rows, and none where it has none."""
    for table in RELATED:
        table.remove([movie_id])
        table.add({movie_id: table.of_record(record)})
    replace_titles({movie_id: (record.title, record.original_title)})


def add_titles(titles: Mapping[int, tuple[str, ...]]) -> None:
    """Make movies searchable by these titles."""
    keys = [
        (movie_id, key)
        for movie_id, movie_titles in titles.items()
        for key in dict.fromkeys([title_key(title)[:KEY_LENGTH] for title in movie_titles if title])
    ]
    ids = db.allocate_ids("movie_titles", len(keys))
    rows = [(id, movie_id, key, key.replace(" ", "")) for id, (movie_id, key) in zip(ids, keys, strict=True)]
    db.insert_many("movie_titles", ["id", "movie_id", "key", "compact"], rows)


def replace_titles(titles: Mapping[int, tuple[str, ...]]) -> None:
    """Make movies searchable by these titles and no others."""
    _delete("movie_titles", titles)
    add_titles(titles)


class SharedNames:
    """Genres or keywords: names that many movies share."""

    def __init__(self, kind: str, *, ordered: bool) -> None:
        self._kind, self._table, self._ordered = kind, f"movie_{kind}s", ordered

    def of_record(self, record: MovieRecord) -> tuple[str, ...]:
        names = dict.fromkeys(record.genres if self._kind == "genre" else record.keywords)
        return tuple(names) if self._ordered else tuple(sorted(names))

    def stored(self, movie_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
        order = "position" if self._ordered else "name"
        rows_by_movie = _rows_by_movie(
            movie_ids,
            f"SELECT movie_id, name FROM {self._table} JOIN {self._kind}s ON {self._kind}s.id = {self._kind}_id "
            f"WHERE movie_id IN (%s) ORDER BY movie_id, {order}",
        )
        return {movie_id: tuple([name for (name,) in rows]) for movie_id, rows in rows_by_movie.items()}

    def merged(self, winner: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        return winner or other

    def add(self, items: Mapping[int, tuple[str, ...]]) -> None:
        ids = _ids(f"{self._kind}s", (name for names in items.values() for name in names))
        columns = ["movie_id", f"{self._kind}_id", *(["position"] if self._ordered else [])]
        rows = [
            (movie_id, ids[name], position)[: len(columns)]
            for movie_id, names in items.items()
            for position, name in enumerate(names)
        ]
        db.insert_many(self._table, columns, sorted(rows))

    def remove(self, movie_ids: Iterable[int]) -> None:
        _delete(self._table, movie_ids)


# Role, name, character. Plain tuples: the shipped catalogue has two hundred thousand of them.
CreditTuple = tuple[str, str, str]


class MovieCredits:
    """Credits of movies, ordered by role and billing; a source lists a role completely or not at all."""

    def of_record(self, record: MovieRecord) -> tuple[CreditTuple, ...]:
        characters = dict(zip(record.cast, record.characters, strict=False))
        return (
            *[("cast", name, characters.get(name, "")) for name in dict.fromkeys(record.cast)],
            *[("director", name, "") for name in dict.fromkeys(record.directors)],
            *[("writer", name, "") for name in dict.fromkeys(record.writers)],
        )

    def stored(self, movie_ids: Iterable[int]) -> dict[int, tuple[CreditTuple, ...]]:
        return _rows_by_movie(
            movie_ids,
            "SELECT movie_id, role, name, character FROM credits JOIN people ON people.id = person_id "
            "WHERE movie_id IN (%s) ORDER BY movie_id, role, position",
        )

    def merged(
        self, winner: tuple[CreditTuple, ...], other: tuple[CreditTuple, ...]
    ) -> tuple[CreditTuple, ...]:
        roles = {role for role, _, _ in winner}
        both = [*winner, *(credit for credit in other if credit[0] not in roles)]
        return tuple(sorted(both, key=itemgetter(0)))

    def add(self, items: Mapping[int, tuple[CreditTuple, ...]]) -> None:
        ids = _ids("people", (name for credits in items.values() for _, name, _ in credits))
        rows = [
            (movie_id, role, ids[name], position, character)
            for movie_id, credits in items.items()
            for role, of_role in groupby(credits, key=itemgetter(0))
            for position, (_, name, character) in enumerate(of_role)
        ]
        # In the order of the primary key: takes a third of the time on SQLite.
        rows.sort()
        db.insert_many("credits", ["movie_id", "role", "person_id", "position", "character"], rows)

    def remove(self, movie_ids: Iterable[int]) -> None:
        _delete("credits", movie_ids)


GENRES, KEYWORDS, CREDITS = (
    SharedNames("genre", ordered=True),
    SharedNames("keyword", ordered=False),
    MovieCredits(),
)
RELATED: tuple[RelatedTable[Any], ...] = (GENRES, KEYWORDS, CREDITS)


def _rows_by_movie(movie_ids: Iterable[int], sql: str) -> dict[int, tuple[db.Row, ...]]:
    """Group the rows of a query by the movie id in their first column, and remove that column."""
    rows: dict[int, list[db.Row]] = {}
    for batch in db.batches(movie_ids):
        for movie_id, *columns in db.rows(sql % db.placeholders(batch), *batch):
            rows.setdefault(movie_id, []).append(tuple(columns))
    return {movie_id: tuple(of_movie) for movie_id, of_movie in rows.items()}


def _delete(table: str, movie_ids: Iterable[int]) -> None:
    for batch in db.batches(movie_ids):
        db.execute(f"DELETE FROM {table} WHERE movie_id IN ({db.placeholders(batch)})", *batch)


def _ids(table: str, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of genres, keywords or people by name; insert those that are missing.

    People whom TMDb distinguishes by its ids may share a name: a bare name means the one without such an id.
    """
    unique_names = sorted(set(names))
    bare = " AND tmdb_id IS NULL" if table == "people" else ""
    ids: dict[str, int] = {}
    for batch in db.batches(unique_names):
        ids.update(
            db.rows(f"SELECT name, id FROM {table} WHERE name IN ({db.placeholders(batch)}){bare}", *batch)
        )
    missing = [name for name in unique_names if name not in ids]
    rows = list(zip(db.allocate_ids(table, len(missing)), missing, strict=True))
    db.insert_many(table, ["id", "name"], rows)
    ids.update((name, number) for number, name in rows)
    return ids
