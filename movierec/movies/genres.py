"""Genres by whatever people call them."""

from __future__ import annotations

from collections.abc import Sequence

from movierec import db
from movierec.errors import FieldError, ValidationFailed


def genre_names(wanted: Sequence[int | str], field: str = "favorite_genres") -> list[str]:
    """The names of genres given by id or name, each once. Raises ValidationFailed naming the unknown ones."""
    known = db.rows("SELECT id, name FROM genres")
    by_id: dict[int, str] = dict(known)
    by_name = {name.casefold(): name for _, name in known}
    found = [by_id.get(item) if isinstance(item, int) else by_name.get(item.casefold()) for item in wanted]
    unknown = [str(item) for item, name in zip(wanted, found, strict=True) if name is None]
    if unknown:
        raise ValidationFailed(errors=[FieldError(field, f"There is no genre {item}.") for item in unknown])
    return list(dict.fromkeys(name for name in found if name is not None))
