"""Spool files that hold records on disk between reading and applying, to bound memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeAlias

from movierec.exchange.readers.records import (
    ImportedFavorite,
    ImportedFeedback,
    ImportedRating,
    ImportedViewing,
    ImportedWatchlistEntry,
    ImportRecord,
    MovieReference,
)

# A decoded JSON object.
JsonObject: TypeAlias = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class JsonSpool:
    """An anonymous temporary file of JSON arrays, one per line, addressed by byte offset."""

    def __init__(self, scratch: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 (closed by `close`)
        self._end = 0

    def close(self) -> None:
        self._file.close()

    def add(self, value: object) -> int:
        """Append an array and return its offset."""
        line = _encode(value).encode() + b"\n"
        offset, self._end = self._end, self._end + len(line)
        self._file.write(line)
        return offset

    @property
    def end(self) -> int:
        """Offset of the next value."""
        return self._end

    def at(self, offset: int) -> list[Any]:
        self._file.seek(offset)
        array: list[Any] = json.loads(self._file.readline())
        return array

    def __iter__(self) -> Iterator[list[Any]]:
        self._file.seek(0)
        return map(json.loads, self._file)


class RecordSpool:
    """Records on disk, addressed by byte offset."""

    def __init__(self, spool: JsonSpool) -> None:
        self._spool = spool

    def add(self, record: ImportRecord) -> int:
        """Append a record and return its offset."""
        return self._spool.add([record.file, record.line, reference_json(record.movie), content_json(record)])

    @property
    def end(self) -> int:
        return self._spool.end

    def at(self, offset: int) -> ImportRecord:
        return record_from_json(*self._spool.at(offset))


_FIELDS = {
    record_type: tuple(field.name for field in fields(record_type))
    for record_type in (
        MovieReference,
        ImportedRating,
        ImportedFavorite,
        ImportedWatchlistEntry,
        ImportedViewing,
        ImportedFeedback,
    )
}
# The JSON key of each part of a record, but for viewings. They are stored in `waiting_rows` and must not change.
_KEYS = {"rating": "rated", "favorite": "favored", "watchlist_entry": "wanted", "feedback": "said"}


def _non_empty(value: MovieReference | ImportedViewing) -> JsonObject:
    return {
        name: content
        for name in _FIELDS[type(value)]
        if (content := getattr(value, name)) not in (None, "", ())
    }


def reference_json(movie: MovieReference) -> JsonObject:
    return _non_empty(movie)


def content_json(record: ImportRecord) -> JsonObject:
    """Return the content of a row as JSON; empty texts are kept, None is not."""
    content: JsonObject = {}
    for attribute, key in _KEYS.items():
        part = getattr(record, attribute)
        if part is not None:
            values = {name: getattr(part, name) for name in _FIELDS[type(part)]}
            content[key] = {name: value for name, value in values.items() if value is not None}
    if record.viewings:
        content["watched"] = [_non_empty(viewing) for viewing in record.viewings]
    return content


def reference_from_json(values: Mapping[str, Any]) -> MovieReference:
    return MovieReference(**values)


def record_from_json(
    file: str, line: int, movie: Mapping[str, Any], content: Mapping[str, Any]
) -> ImportRecord:
    return ImportRecord(
        file,
        line,
        reference_from_json(movie),
        ImportedRating(**content["rated"]) if "rated" in content else None,
        ImportedFavorite(**content["favored"]) if "favored" in content else None,
        ImportedWatchlistEntry(**content["wanted"]) if "wanted" in content else None,
        tuple(_viewing(values) for values in content.get("watched", ())),
        ImportedFeedback(**content["said"]) if "said" in content else None,
    )


def _viewing(values: Mapping[str, Any]) -> ImportedViewing:
    return ImportedViewing(**{**values, "tags": tuple(values.get("tags", ()))})
