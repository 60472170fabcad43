"""Genres by whatever people call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from movierec import db
from movierec.errors import FieldError, ValidationFailed
from movierec.movies.ingest.merge import lock_catalogue
from movierec.movies.starter.vocabulary import GENRE_SPELLINGS


def resolve_genre_names(wanted: Sequence[int | str], field: str = "favorite_genres") -> list[str]:
    """The names of genres given by id or name, each once. Raises ValidationFailed naming the unknown ones."""
    known = db.rows("SELECT id, name FROM genres") if wanted else []
    by_id: dict[int, str] = dict(known)
    by_name = {name.casefold(): name for _, name in known}
    # What people write for a genre that the catalogue calls otherwise.
    spelled = {
        spelling.casefold(): by_name.get(name.casefold()) for spelling, name in GENRE_SPELLINGS.items()
    }
    by_name |= {spelling: name for spelling, name in spelled.items() if name and spelling not in by_name}
    found = [by_id.get(item) if isinstance(item, int) else by_name.get(item.casefold()) for item in wanted]
    unknown = [item for item, name in zip(wanted, found, strict=True) if name is None]
    if unknown:
        raise ValidationFailed(errors=[FieldError(field, _no_genre(item, by_name)) for item in unknown])
    return list(dict.fromkeys(name for name in found if name is not None))


def _no_genre(wanted: int | str, by_name: Mapping[str, str]) -> str:
    near = [by_name[key] for key in get_close_matches(str(wanted).casefold(), by_name)]
    known: Iterable[str] = dict.fromkeys(near) or sorted(set(by_name.values()))
    return f"There is no genre {wanted}. {'Did you mean' if near else 'Use one of'}: {', '.join(known)}"


def resolve_genre(wanted: str | None) -> str | None:
    """The name of the genre that a list is narrowed by, given by its name or id. Raises ValidationFailed."""
    if wanted is None:
        return None
    is_id = wanted.isascii() and wanted.isdigit()
    return resolve_genre_names([int(wanted) if is_id else wanted], "genre")[0]


def sync_genres(names: Mapping[int, str]) -> tuple[int, int]:
    """Take over genres by TMDb's ids; returns how many are new and how many got their id.

    A genre keeps the name it has here: profiles and searches hold it.
    """
    with db.write():
        lock_catalogue()
        rows = db.rows("SELECT id, name, tmdb_id FROM genres")
        by_name = {name.casefold(): number for number, name, _ in rows}
        known = {tmdb_id for _, _, tmdb_id in rows}
        wanted = {tmdb_id: name for tmdb_id, name in names.items() if tmdb_id not in known}
        joined = {tmdb_id: name for tmdb_id, name in wanted.items() if name.casefold() in by_name}
        for tmdb_id, name in joined.items():
            db.execute("UPDATE genres SET tmdb_id = ? WHERE id = ?", tmdb_id, by_name[name.casefold()])
        fresh = [(name, tmdb_id) for tmdb_id, name in wanted.items() if tmdb_id not in joined]
        ids = db.allocate_ids("genres", len(fresh))
        db.insert_many(
            "genres",
            ["id", "name", "tmdb_id"],
            [(number, *genre) for number, genre in zip(ids, fresh, strict=True)],
        )
        return len(fresh), len(joined)
