"""Strict parser of records of movierec exports: every value exactly, or a BadRow with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

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

JsonFields = Mapping[str, Any]


def parse_record(file: str, line: int, kind: str, fields: JsonFields) -> ParsedRow:
    """Parse the fields of a record. Raises BadRow for values that no export contains."""
    if kind == "profile":
        return ImportedProfile(file, line, _profile(fields))
    if kind not in _SAID:
        raise BadRow(f"{quoted(kind)} is no kind of record")
    name, read = _SAID[kind]
    return ImportRecord(file, line, _film(_of(fields, "film", dict)), **{name: read(fields)})


def _film(told: JsonFields) -> MovieReference:
    year = _of(told, "year", int, None)
    if year is not None and not 0 <= year <= 9999:
        raise BadRow(f"{year} is no year")
    own_id = _id(told, "movierec_id")
    return MovieReference(
        _text(told, "title", LONGEST_TITLE, least=1),
        year,
        _text(told, "original_title", LONGEST_TITLE) if "original_title" in told else "",
        imdb_id=_id(told, "imdb_id"),
        tmdb_id=_number(told, "tmdb_id"),
        movielens_id=_number(told, "movielens_id"),
        own_id=own_id,
        # Two movies with one title and year stay two, even if the catalogue has one of them.
        uri=f"movierec:{own_id}" if own_id else "",
    )


def _rated(told: JsonFields) -> ImportedRating:
    steps = _of(told, "rating", (int, float)) * 2
    if steps not in range(1, 11):
        raise BadRow("the rating is not 0.5 to 5 in steps of 0.5")
    review = _text(told, "review", LONGEST_TEXT)
    return ImportedRating(int(steps), review, _instant(told, "created_at"), _instant(told, "updated_at"))


def _favored(told: JsonFields) -> ImportedFavorite:
    return ImportedFavorite(_text(told, "note", LONGEST_TEXT), _instant(told, "created_at"))


def _wanted(told: JsonFields) -> ImportedWatchlistEntry:
    return ImportedWatchlistEntry(_text(told, "note", LONGEST_TEXT), _instant(told, "created_at"))


def _watched(told: JsonFields) -> tuple[ImportedViewing, ...]:
    viewing = ImportedViewing(
        _moment(told),
        _text(told, "source", LONGEST_SOURCE),
        _of(told, "rewatch", bool),
        tuple(dict.fromkeys(_words(told, "tags"))),
        _instant(told, "created_at"),
    )
    return (viewing,)


def _said(told: JsonFields) -> ImportedFeedback:
    kind = _of(told, "feedback_type", str)
    if kind not in ("like", "dislike", "not_interested"):
        raise BadRow(f"{quoted(kind)} is no feedback")
    return ImportedFeedback(kind, _text(told, "comment", LONGEST_TEXT), _instant(told, "created_at"))


# The field of an ImportRecord that each kind of record fills, and its parser.
_SAID: dict[str, tuple[str, Callable[[JsonFields], Any]]] = {
    "rating": ("rated", _rated),
    "favorite": ("favored", _favored),
    "watchlist": ("wanted", _wanted),
    "history": ("watched", _watched),
    "feedback": ("said", _said),
}


def _profile(told: JsonFields) -> dict[str, Any]:
    scale = _of(told, "rating_scale", int)
    if scale not in (5, 10, 100):
        raise BadRow("the rating scale is not 5, 10 or 100")
    avatar = _text(told, "avatar", LONGEST_TEXT)
    if avatar and not re.fullmatch(r"https?://\S+", avatar):
        raise BadRow("the avatar is no web address")
    return {
        "bio": _text(told, "bio", LONGEST_BIO),
        "avatar": avatar,
        "favorite_genres": _words(told, "favorite_genres"),
        "preferred_language": _text(told, "preferred_language", LONGEST_WORD),
        "mature_content": _of(told, "mature_content", bool),
        "rating_scale": scale,
        "seen_leaves_watchlist": _of(told, "seen_leaves_watchlist", bool),
    }


_NEEDED = object()


def _of(told: JsonFields, name: str, kind: type | tuple[type, ...], default: Any = _NEEDED) -> Any:
    """Return a value of a type; a bool does not count as a number."""
    value = told.get(name, default)
    if value is _NEEDED:
        raise BadRow(f"there is no {name}")
    if value is default:
        return value
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise BadRow(f"{name} is not as an export has it")
    return value


def _text(told: JsonFields, name: str, most: int, *, least: int = 0) -> str:
    """Return a text unchanged, without trimming."""
    return check_text(_of(told, name, str), name, most=most, least=least)


def _words(told: JsonFields, name: str) -> list[str]:
    words = _of(told, name, list)
    if len(words) > MAXIMUM_WORDS:
        raise BadRow(f"{name} are more than {MAXIMUM_WORDS}")
    return [_text({name: word}, name, LONGEST_WORD, least=1) for word in words]


def _id(told: JsonFields, name: str) -> str | None:
    value: str | None = _of(told, name, str, None)
    if value is not None and not _IDS[name].fullmatch(value):
        raise BadRow(f"{name} {quoted(value)} is no id")
    return value


def _number(told: JsonFields, name: str) -> int | None:
    value: int | None = _of(told, name, int, None)
    if value is not None and not 0 < value < 2**53:
        raise BadRow(f"{name} is no id")
    return value


def _instant(told: JsonFields, name: str) -> int:
    """Parse a time to UTC epoch seconds."""
    text = _of(told, name, str)
    if _INSTANT.fullmatch(text):
        try:
            return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
        except (ValueError, OverflowError):
            pass
    raise BadRow(f"{name} {quoted(text)} is no time such as 2026-05-04T03:02:01Z")


def _moment(told: JsonFields) -> str:
    """Return a day, a time, or an empty text, checked."""
    text: str = _of(told, "watched_at", str)
    if text and not _INSTANT.fullmatch(text) and not _DAY.fullmatch(text):
        raise BadRow(f"watched_at {quoted(text)} is no day such as 2026-05-04")
    try:
        datetime.fromisoformat(text or "2026-05-04")
    except ValueError as error:
        raise BadRow(f"watched_at {quoted(text)} is no day of the calendar") from error
    return text
