"""Strict parser of records of movierec exports: every value exactly, or a BadRow with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

from movierec.exchange.readers.lines import BadRow, quoted
from movierec.exchange.readers.records import (
    ImportedFavorite,
    ImportedFeedback,
    ImportedProfile,
    ImportedRating,
    ImportedViewing,
    ImportedWatchlistEntry,
    ImportRecord,
    MovieReference,
    ParsedRow,
    ProfileValue,
)
from movierec.exchange.readers.values import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    LONGEST_WORD,
    MAXIMUM_WORDS,
    check_text,
)

LONGEST_BIO = 500
LONGEST_SOURCE = 500

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_IDS = {"imdb_id": re.compile(r"tt\d{7,10}"), "movierec_id": re.compile("[0-9a-f]{32}")}

JsonFields: TypeAlias = Mapping[str, Any]
Value = TypeVar("Value")


def parse_record(file: str, line: int, kind: str, fields: JsonFields) -> ParsedRow:
    """Parse the fields of a record. Raises BadRow for values that no export contains."""
    if kind == "profile":
        return ImportedProfile(file, line, _profile(fields))
    if kind not in _PARSERS:
        raise BadRow(f"{quoted(kind)} is not a kind of record")
    name, read = _PARSERS[kind]
    return ImportRecord(file, line, _movie(_of(fields, "film", dict)), **{name: read(fields)})


def _movie(fields: JsonFields) -> MovieReference:
    year = _optional(fields, "year", int)
    if year is not None and not 0 <= year <= 9999:
        raise BadRow(f"{year} is not a year")
    own_id = _id(fields, "movierec_id")
    return MovieReference(
        _text(fields, "title", LONGEST_TITLE, least=1),
        year,
        _text(fields, "original_title", LONGEST_TITLE) if "original_title" in fields else "",
        imdb_id=_id(fields, "imdb_id"),
        tmdb_id=_number(fields, "tmdb_id"),
        movielens_id=_number(fields, "movielens_id"),
        own_id=own_id,
        # Two movies with one title and year stay two, even if the catalogue has one of them.
        uri=f"movierec:{own_id}" if own_id else "",
    )


def _rating(fields: JsonFields) -> ImportedRating:
    steps = _of(fields, "rating", int, float) * 2
    if steps not in range(1, 11):
        raise BadRow("the rating is not 0.5 to 5 in steps of 0.5")
    review = _text(fields, "review", LONGEST_TEXT)
    return ImportedRating(int(steps), review, _instant(fields, "created_at"), _instant(fields, "updated_at"))


def _favorite(fields: JsonFields) -> ImportedFavorite:
    return ImportedFavorite(_text(fields, "note", LONGEST_TEXT), _instant(fields, "created_at"))


def _watchlist_entry(fields: JsonFields) -> ImportedWatchlistEntry:
    return ImportedWatchlistEntry(_text(fields, "note", LONGEST_TEXT), _instant(fields, "created_at"))


def _viewings(fields: JsonFields) -> tuple[ImportedViewing, ...]:
    viewing = ImportedViewing(
        _moment(fields),
        _text(fields, "source", LONGEST_SOURCE),
        _of(fields, "rewatch", bool),
        tuple(dict.fromkeys(_words(fields, "tags"))),
        _instant(fields, "created_at"),
    )
    return (viewing,)


def _feedback(fields: JsonFields) -> ImportedFeedback:
    kind = _of(fields, "feedback_type", str)
    if kind not in ("like", "dislike", "not_interested"):
        raise BadRow(f"{quoted(kind)} is not a kind of feedback")
    return ImportedFeedback(kind, _text(fields, "comment", LONGEST_TEXT), _instant(fields, "created_at"))


# The field of an ImportRecord that each kind of record fills, and its parser.
_PARSERS: dict[str, tuple[str, Callable[[JsonFields], Any]]] = {
    "rating": ("rating", _rating),
    "favorite": ("favorite", _favorite),
    "watchlist": ("watchlist_entry", _watchlist_entry),
    "history": ("viewings", _viewings),
    "feedback": ("feedback", _feedback),
}


def _profile(fields: JsonFields) -> dict[str, ProfileValue]:
    scale = _of(fields, "rating_scale", int)
    if scale not in (5, 10, 100):
        raise BadRow("the rating scale is not 5, 10 or 100")
    avatar = _text(fields, "avatar", LONGEST_TEXT)
    if avatar and not re.fullmatch(r"https?://\S+", avatar):
        raise BadRow("the avatar is not a web address")
    return {
        "bio": _text(fields, "bio", LONGEST_BIO),
        "avatar": avatar,
        "favorite_genres": _words(fields, "favorite_genres"),
        "preferred_language": _text(fields, "preferred_language", LONGEST_WORD),
        "mature_content": _of(fields, "mature_content", bool),
        "rating_scale": scale,
        "seen_leaves_watchlist": _of(fields, "seen_leaves_watchlist", bool),
    }


def _of(fields: JsonFields, name: str, *types: type[Value]) -> Value:
    """Return a value of one of the types; a bool does not count as a number."""
    if name not in fields:
        raise BadRow(f"there is no {name}")
    value = fields[name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise BadRow(f"{name} has another type or form than in an export")
    return value


def _optional(fields: JsonFields, name: str, *types: type[Value]) -> Value | None:
    """Return a value of one of the types, or None if it is absent or null."""
    return None if fields.get(name) is None else _of(fields, name, *types)


def _text(fields: JsonFields, name: str, most: int, *, least: int = 0) -> str:
    """Return a text unchanged, without trimming."""
    return check_text(_of(fields, name, str), name, most=most, least=least)


def _words(fields: JsonFields, name: str) -> list[str]:
    words = _of(fields, name, list)
    if len(words) > MAXIMUM_WORDS:
        raise BadRow(f"{name} has more than {MAXIMUM_WORDS} entries")
    return [_text({name: word}, name, LONGEST_WORD, least=1) for word in words]


def _id(fields: JsonFields, name: str) -> str | None:
    value = _optional(fields, name, str)
    if value is not None and not _IDS[name].fullmatch(value):
        raise BadRow(f"{name} {quoted(value)} is not an id")
    return value


def _number(fields: JsonFields, name: str) -> int | None:
    value = _optional(fields, name, int)
    if value is not None and not 0 < value < 2**53:
        raise BadRow(f"{name} is not an id")
    return value


def _instant(fields: JsonFields, name: str) -> int:
    """Parse a time to UTC epoch seconds."""
    text = _of(fields, name, str)
    if _INSTANT.fullmatch(text):
        try:
            return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
        except (ValueError, OverflowError):
            pass
    raise BadRow(f"{name} {quoted(text)} is not a time such as 2026-05-04T03:02:01Z")


def _moment(fields: JsonFields) -> str:
    """Return a day, a time, or an empty text, checked."""
    text = _of(fields, "watched_at", str)
    if text and not _INSTANT.fullmatch(text) and not _DAY.fullmatch(text):
        raise BadRow(f"watched_at {quoted(text)} is not a day such as 2026-05-04")
    try:
        datetime.fromisoformat(text or "2026-05-04")
    except ValueError as error:
        raise BadRow(f"watched_at {quoted(text)} is not a day of the calendar") from error
    return text
