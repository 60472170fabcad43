"""What a film consists of besides its own row: genres, keywords, credits, and the titles it is found by.

Written by `store` and `editing` only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from movierec import db
from movierec.movies.movie_record import MovieRecord
from movierec.movies.title_keys import title_key

# More of a title helps nobody to find it, and no index takes entries of any length.
KEY_LENGTH = 200


def add_related(films: Mapping[int, MovieRecord]) -> None:
    """Store all parts of films that are new."""
    add_titles({movie_id: (film.title, film.original_title) for movie_id, film in films.items()})
    for part in RELATED:
        part.add({movie_id: part.told_by(film) for movie_id, film in films.items()})


def update_related(films: Mapping[int, MovieRecord], stronger: Collection[int]) -> set[int]:
    """Store what the films lack and, of those in `stronger`, also what differs. Returns which changed."""
    changed: set[int] = set()
    for part in RELATED:
        news = _news(part, films, stronger)
        part.remove(news)
        part.add(news)
        changed |= news.keys()
    return changed


def related_would_change(films: Mapping[int, MovieRecord], stronger: Collection[int]) -> bool:
    """Whether `complete_parts` would store anything."""
    return any(_news(part, films, stronger) for part in RELATED)


def _news(part: Any, films: Mapping[int, MovieRecord], stronger: Collection[int]) -> dict[int, Any]:
    known = part.known_of(films)
    news = {}
    for movie_id, film in films.items():
        told, old = part.told_by(film), known.get(movie_id, ())
        merged = part.merged(told, old) if movie_id in stronger else part.merged(old, told)
        if merged != old:
            news[movie_id] = merged
    return news


def replace_related(movie_id: int, film: MovieRecord) -> None:
    """Store exactly these parts, also where they are none."""
    for part in RELATED:
        part.remove([movie_id])
        part.add({movie_id: part.told_by(film)})
    replace_titles({movie_id: (film.title, film.original_title)})


def add_titles(titles: Mapping[int, tuple[str, ...]]) -> None:
    """Make films findable by these titles."""
    keys = [
        (movie_id, key)
        for movie_id, known_as in titles.items()
        for key in dict.fromkeys([title_key(title)[:KEY_LENGTH] for title in known_as if title])
    ]
    ids = db.allocate_ids("movie_titles", len(keys))
    rows = [(id, movie_id, key, key.replace(" ", "")) for id, (movie_id, key) in zip(ids, keys, strict=True)]
    db.insert_many("movie_titles", ["id", "movie_id", "key", "compact"], rows)


def replace_titles(titles: Mapping[int, tuple[str, ...]]) -> None:
    _clear("movie_titles", titles)
    add_titles(titles)


class SharedNames:
    """Genres or keywords: names that films share."""

    def __init__(self, kind: str, *, ordered: bool) -> None:
        self._kind, self._table, self._ordered = kind, f"movie_{kind}s", ordered

    def told_by(self, film: MovieRecord) -> tuple[str, ...]:
        names = dict.fromkeys(film.genres if self._kind == "genre" else film.keywords)
        return tuple(names) if self._ordered else tuple(sorted(names))

    def known_of(self, movie_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
        order = "position" if self._ordered else "name"
        return _by_movie(
            movie_ids,
            f"SELECT movie_id, name FROM {self._table} JOIN {self._kind}s ON {self._kind}s.id = {self._kind}_id "
            f"WHERE movie_id IN (%s) ORDER BY movie_id, {order}",
        )

    def merged(self, winner: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        return winner or other

    def add(self, names: Mapping[int, tuple[str, ...]]) -> None:
        ids = _ids(f"{self._kind}s", (name for told in names.values() for name in told))
        columns = ["movie_id", f"{self._kind}_id", *(["position"] if self._ordered else [])]
        rows = [
            (movie_id, ids[name], position)[: len(columns)]
            for movie_id, told in names.items()
            for position, name in enumerate(told)
        ]
        db.insert_many(self._table, columns, sorted(rows))

    def remove(self, movie_ids: Iterable[int]) -> None:
        _clear(self._table, movie_ids)


# Role, name, character. Plain tuples: there are two hundred thousand of them in the shipped films.
CreditTuple = tuple[str, str, str]


class MovieCredits:
    """Who made a film, ordered by role and billing; each role is told or not."""

    def told_by(self, film: MovieRecord) -> tuple[CreditTuple, ...]:
        characters = dict(zip(film.cast, film.characters, strict=False))
        return (
            *[("cast", name, characters.get(name, "")) for name in dict.fromkeys(film.cast)],
            *[("director", name, "") for name in dict.fromkeys(film.directors)],
            *[("writer", name, "") for name in dict.fromkeys(film.writers)],
        )

    def known_of(self, movie_ids: Iterable[int]) -> dict[int, tuple[CreditTuple, ...]]:
        found = _by_movie(
            movie_ids,
            "SELECT movie_id, role, name, character FROM credits JOIN people ON people.id = person_id "
            "WHERE movie_id IN (%s) ORDER BY movie_id, role, position",
        )
        return {movie_id: tuple(map(tuple, rows)) for movie_id, rows in found.items()}

    def merged(
        self, winner: tuple[CreditTuple, ...], other: tuple[CreditTuple, ...]
    ) -> tuple[CreditTuple, ...]:
        told = {role for role, _, _ in winner}
        both = [*winner, *(credit for credit in other if credit[0] not in told)]
        return tuple(sorted(both, key=itemgetter(0)))

    def add(self, credited: Mapping[int, tuple[CreditTuple, ...]]) -> None:
        ids = _ids("people", (name for told in credited.values() for _, name, _ in told))
        rows = [
            (movie_id, role, ids[name], position, character)
            for movie_id, told in credited.items()
            for role, those in groupby(told, key=itemgetter(0))
            for position, (_, name, character) in enumerate(those)
        ]
        # In the order of the primary key: a third of the time on SQLite.
        rows.sort()
        db.insert_many("credits", ["movie_id", "role", "person_id", "position", "character"], rows)

    def remove(self, movie_ids: Iterable[int]) -> None:
        _clear("credits", movie_ids)


GENRES, KEYWORDS, CREDITS = (
    SharedNames("genre", ordered=True),
    SharedNames("keyword", ordered=False),
    MovieCredits(),
)
RELATED: tuple[Any, ...] = (GENRES, KEYWORDS, CREDITS)


def _by_movie(movie_ids: Iterable[int], sql: str) -> dict[int, tuple[Any, ...]]:
    """What stands behind the movie id in each row, by movie; a single column without its tuple."""
    found: dict[int, list[Any]] = {}
    for batch in db.batches(movie_ids):
        for movie_id, *rest in db.rows(sql % db.placeholders(batch), *batch):
            found.setdefault(movie_id, []).append(rest[0] if len(rest) == 1 else rest)
    return {movie_id: tuple(rows) for movie_id, rows in found.items()}


def _clear(table: str, movie_ids: Iterable[int]) -> None:
    for batch in db.batches(movie_ids):
        db.execute(f"DELETE FROM {table} WHERE movie_id IN ({db.placeholders(batch)})", *batch)


def _ids(table: str, names: Iterable[str]) -> dict[str, int]:
    """The ids of genres, keywords or people by name; the missing ones are added.

    People whom TMDb tells apart by its ids may share a name: a bare name means the one without such an id.
    """
    wanted = sorted(set(names))
    bare = " AND tmdb_id IS NULL" if table == "people" else ""
    found: dict[str, int] = {}
    for batch in db.batches(wanted):
        found.update(
            db.rows(f"SELECT name, id FROM {table} WHERE name IN ({db.placeholders(batch)}){bare}", *batch)
        )
    missing = [name for name in wanted if name not in found]
    fresh = db.allocate_ids(table, len(missing))
    made = list(zip(fresh, missing, strict=True))
    db.insert_many(table, ["id", "name"], made)
    found.update((name, number) for number, name in made)
    return found
