"""What a film consists of besides its own row: genres, credits, keywords. Written by `store` only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from movierec import db

if TYPE_CHECKING:
    from movierec.movies.store import FilmFacts

ROLES = {"director": "directors", "writer": "writers", "cast": "cast"}


def store_parts(films: Mapping[int, FilmFacts]) -> None:
    """Replace the genres, credits and keywords of these films where the source names any."""
    _store_linked("genre", {i: film.genres for i, film in films.items() if film.genres}, ordered=True)
    _store_linked("keyword", {i: film.keywords for i, film in films.items() if film.keywords}, ordered=False)
    _store_credits(films)


def _store_linked(kind: str, names: Mapping[int, tuple[str, ...]], *, ordered: bool) -> None:
    ids = _ids(f"{kind}s", (name for found in names.values() for name in found))
    _clear(f"movie_{kind}s", names)
    links = [
        (movie_id, ids[name], *((position,) if ordered else ()))
        for movie_id, found in names.items()
        for position, name in enumerate(dict.fromkeys(found))
    ]
    columns = ["movie_id", f"{kind}_id", *(["position"] if ordered else [])]
    db.insert_many(f"movie_{kind}s", columns, sorted(links))


def _store_credits(films: Mapping[int, FilmFacts]) -> None:
    credited = {i: film for i, film in films.items() if film.directors or film.writers or film.cast}
    ids = _ids(
        "people",
        (name for film in credited.values() for field in ROLES.values() for name in getattr(film, field)),
    )
    for role, field in ROLES.items():
        having = [movie_id for movie_id, film in credited.items() if getattr(film, field)]
        for batch in db.batches(having):
            db.execute(
                f"DELETE FROM credits WHERE role = ? AND movie_id IN ({db.marks_for(batch)})", role, *batch
            )
    rows = [
        (movie_id, role, ids[name], position, "")
        for movie_id, film in credited.items()
        for role, field in ROLES.items()
        for position, name in enumerate(dict.fromkeys(getattr(film, field)))
    ]
    # In the order of the primary key: a third of the time on SQLite.
    db.insert_many("credits", ["movie_id", "role", "person_id", "position", "character"], sorted(rows))


def _clear(table: str, movie_ids: Iterable[int]) -> None:
    for batch in db.batches(movie_ids):
        db.execute(f"DELETE FROM {table} WHERE movie_id IN ({db.marks_for(batch)})", *batch)


def _ids(table: str, names: Iterable[str]) -> dict[str, int]:
    """The ids of genres, keywords or people by name; the missing ones are added.

    People whom TMDb tells apart by its ids may share a name: a bare name means the one without such an id.
    """
    wanted = sorted(dict.fromkeys(names))
    bare = " AND tmdb_id IS NULL" if table == "people" else ""
    found: dict[str, int] = {}
    for batch in db.batches(wanted):
        found.update(
            db.rows(f"SELECT name, id FROM {table} WHERE name IN ({db.marks_for(batch)}){bare}", *batch)
        )
    missing = [name for name in wanted if name not in found]
    fresh = db.new_ids(table, len(missing))
    made = list(zip(fresh, missing, strict=True))
    db.insert_many(table, ["id", "name"], made)
    found.update((name, number) for number, name in made)
    return found
