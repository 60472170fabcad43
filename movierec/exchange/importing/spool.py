"""Spool files that hold records on disk between reading and applying, to bound memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from movierec.exchange.readers.records import (
    ImportedFavorite,
    ImportedFeedback,
    ImportedRating,
    ImportedViewing,
    ImportedWatchlistEntry,
    ImportRecord,
    MovieReference,
)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class JsonSpool:
    """An anonymous temporary file of JSON values, one per line, addressed by byte offset."""

    def __init__(self, scratch: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 (closed by `close`)
        self._end = 0

    def close(self) -> None:
        self._file.close()

    def add(self, value: Any) -> int:
        """Append a value and return its offset."""
        line = _encode(value).encode() + b"\n"
        place, self._end = self._end, self._end + len(line)
        self._file.write(line)
        return place

    @property
    def end(self) -> int:
        """Return the offset of the next value."""
        return self._end

    def at(self, place: int) -> Any:
        self._file.seek(place)
        return json.loads(self._file.readline())

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        return map(json.loads, self._file)


class RecordSpool:
    """Records on disk, addressed by byte offset."""

    def __init__(self, lines: JsonSpool) -> None:
        self._lines = lines

    def add(self, record: ImportRecord) -> int:
        """Append a value and return its offset."""
        return self._lines.add([record.file, record.line, reference_json(record.film), content_json(record)])

    @property
    def end(self) -> int:
        return self._lines.end

    def at(self, place: int) -> ImportRecord:
        return record_from_json(*self._lines.at(place))


def _told(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: told for name in names if (told := getattr(value, name)) not in (None, "", ())}


_NAMES = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (
        MovieReference,
        ImportedRating,
        ImportedFavorite,
        ImportedWatchlistEntry,
        ImportedViewing,
        ImportedFeedback,
    )
}


def reference_json(film: MovieReference) -> dict[str, Any]:
    return _told(film, _NAMES[MovieReference])


def content_json(record: ImportRecord) -> dict[str, Any]:
    """Return the content of a row as JSON; empty texts are kept, None is not."""
    content: dict[str, Any] = {}
    for kind in ("rated", "favored", "wanted", "said"):
        value = getattr(record, kind)
        if value is not None:
            told = {name: getattr(value, name) for name in _NAMES[type(value)]}
            content[kind] = {name: each for name, each in told.items() if each is not None}
    if record.watched:
        content["watched"] = [_told(viewing, _NAMES[ImportedViewing]) for viewing in record.watched]
    return content


def reference_from_json(told: Mapping[str, Any]) -> MovieReference:
    return MovieReference(**told)


def record_from_json(
    file: str, line: int, film: Mapping[str, Any], content: Mapping[str, Any]
) -> ImportRecord:
    return ImportRecord(
        file,
        line,
        reference_from_json(film),
        ImportedRating(**content["rated"]) if "rated" in content else None,
        ImportedFavorite(**content["favored"]) if "favored" in content else None,
        ImportedWatchlistEntry(**content["wanted"]) if "wanted" in content else None,
        tuple(_watched(viewing) for viewing in content.get("watched", ())),
        ImportedFeedback(**content["said"]) if "said" in content else None,
    )


def _watched(told: Mapping[str, Any]) -> ImportedViewing:
    return ImportedViewing(**{**told, "tags": tuple(told.get("tags", ()))})
