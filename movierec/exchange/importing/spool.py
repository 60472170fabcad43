"""Records on disk between reading and applying, so that memory does not grow with the file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from movierec.exchange.readers.records import Favored, FilmName, Rated, Record, Said, Wanted, Watched

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Lines:
    """A nameless temporary file of JSON values, one a line, each found by its place."""

    def __init__(self, scratch: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 (closed by `close`)
        self._end = 0

    def close(self) -> None:
        self._file.close()

    def add(self, value: Any) -> int:
        """Its place."""
        line = _encode(value).encode() + b"\n"
        place, self._end = self._end, self._end + len(line)
        self._file.write(line)
        return place

    @property
    def end(self) -> int:
        """The place of what comes next."""
        return self._end

    def at(self, place: int) -> Any:
        self._file.seek(place)
        return json.loads(self._file.readline())

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        return map(json.loads, self._file)


class Spool:
    """Records on disk, each found by its place."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def add(self, record: Record) -> int:
        """Its place."""
        return self._lines.add([record.file, record.line, film_json(record.film), content_json(record)])

    @property
    def end(self) -> int:
        return self._lines.end

    def at(self, place: int) -> Record:
        return record_of(*self._lines.at(place))


def _told(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: told for name in names if (told := getattr(value, name)) not in (None, "", ())}


_NAMES = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (FilmName, Rated, Favored, Wanted, Watched, Said)
}


def film_json(film: FilmName) -> dict[str, Any]:
    return _told(film, _NAMES[FilmName])


def content_json(record: Record) -> dict[str, Any]:
    """What a row says of its film; an empty text that is told stays told."""
    content: dict[str, Any] = {}
    for kind in ("rated", "favored", "wanted", "said"):
        value = getattr(record, kind)
        if value is not None:
            told = {name: getattr(value, name) for name in _NAMES[type(value)]}
            content[kind] = {name: each for name, each in told.items() if each is not None}
    if record.watched:
        content["watched"] = [_told(viewing, _NAMES[Watched]) for viewing in record.watched]
    return content


def film_of(told: Mapping[str, Any]) -> FilmName:
    return FilmName(**told)


def record_of(file: str, line: int, film: Mapping[str, Any], content: Mapping[str, Any]) -> Record:
    return Record(
        file,
        line,
        film_of(film),
        Rated(**content["rated"]) if "rated" in content else None,
        Favored(**content["favored"]) if "favored" in content else None,
        Wanted(**content["wanted"]) if "wanted" in content else None,
        tuple(_watched(viewing) for viewing in content.get("watched", ())),
        Said(**content["said"]) if "said" in content else None,
    )


def _watched(told: Mapping[str, Any]) -> Watched:
    return Watched(**{**told, "tags": tuple(told.get("tags", ()))})
