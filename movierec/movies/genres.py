"""Resolution of genres given by id, name or common spelling, and TMDb's ids of genres."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from movierec import db
from movierec.errors import FieldError, ValidationFailed
from movierec.movies.ingest.merge import lock_catalogue
from movierec.movies.starter.vocabulary import GENRE_SPELLINGS


def resolve_genre_names(wanted: Sequence[int | str], field: str = "favorite_genres") -> list[str]:
    """Return the names of genres given by id or name, each once.

    Raises ValidationFailed that lists the unknown ones.
    """
    rows = db.rows("SELECT id, name FROM genres") if wanted else []
    by_id: dict[int, str] = dict(rows)
    by_name = {name.casefold(): name for _, name in rows}
    # Common spellings of a genre that has another name in the catalogue.
    spellings = {
        spelling.casefold(): by_name.get(name.casefold()) for spelling, name in GENRE_SPELLINGS.items()
    }
    by_name |= {spelling: name for spelling, name in spellings.items() if name and spelling not in by_name}
    names = [by_id.get(item) if isinstance(item, int) else by_name.get(item.casefold()) for item in wanted]
    unknown = [item for item, name in zip(wanted, names, strict=True) if name is None]
    if unknown:
        raise ValidationFailed(errors=[FieldError(field, _no_genre(item, by_name)) for item in unknown])
    return list(dict.fromkeys(name for name in names if name is not None))


def _no_genre(wanted: int | str, by_name: Mapping[str, str]) -> str:
    close = [by_name[key] for key in get_close_matches(str(wanted).casefold(), by_name)]
    suggestions: Iterable[str] = dict.fromkeys(close) or sorted(set(by_name.values()))
    return (
        f"There is no genre {wanted}. {'Did you mean' if close else 'Use one of'}: {', '.join(suggestions)}"
    )


def resolve_genre(wanted: str | None) -> str | None:
    """Return the name of the genre of a filter, given by name or id. Raises ValidationFailed."""
    if wanted is None:
        return None
    is_id = wanted.isascii() and wanted.isdigit()
    return resolve_genre_names([int(wanted) if is_id else wanted], "genre")[0]


def sync_genres(names: Mapping[int, str]) -> tuple[int, int]:
    """Store TMDb's genres by their ids there; return the number of new genres and of those that got their id.

    A genre keeps the name it has here: profiles and searches refer to it.
    """
    with db.write():
        lock_catalogue()
        rows = db.rows("SELECT id, name, tmdb_id FROM genres")
        by_name = {name.casefold(): genre_id for genre_id, name, _ in rows}
        stored_tmdb_ids = {tmdb_id for _, _, tmdb_id in rows}
        missing = {tmdb_id: name for tmdb_id, name in names.items() if tmdb_id not in stored_tmdb_ids}
        linked = {tmdb_id: name for tmdb_id, name in missing.items() if name.casefold() in by_name}
        for tmdb_id, name in linked.items():
            db.execute("UPDATE genres SET tmdb_id = ? WHERE id = ?", tmdb_id, by_name[name.casefold()])
        new = [(name, tmdb_id) for tmdb_id, name in missing.items() if tmdb_id not in linked]
        ids = db.allocate_ids("genres", len(new))
        db.insert_many(
            "genres",
            ["id", "name", "tmdb_id"],
            [(genre_id, *genre) for genre_id, genre in zip(ids, new, strict=True)],
        )
        return len(new), len(linked)
