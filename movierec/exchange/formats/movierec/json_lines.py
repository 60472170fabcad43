"""Reader of movierec JSON Lines, line by line. A truncated file is refused as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from movierec.errors import UnreadableImport
from movierec.exchange.exports.layout import FORMAT_NAME, FORMAT_VERSION
from movierec.exchange.formats.movierec.records import parse_record
from movierec.exchange.formats.movierec.text import numbered_lines
from movierec.exchange.readers.lines import BadRow
from movierec.exchange.readers.records import ParsedRow, RefusedRow
from movierec.exchange.readers.source_files import SourceFile


def is_header(line: bytes) -> bool:
    """Return True if a first line names the format, in any version."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("format") == FORMAT_NAME


def read(file: SourceFile) -> Iterator[ParsedRow]:
    lines = numbered_lines(file)
    _check_head(file.name, next(lines)[1])
    count, announced = 0, None
    for number, line in lines:
        document = _document(file.name, number, line)
        if announced is not None:
            raise UnreadableImport(f"{file.name}, line {number}: there is data after the end record.")
        kind = document.pop("kind", None)
        if kind == "end":
            announced = document.get("records")
            continue
        count += 1
        try:
            yield parse_record(file.name, number, str(kind), document)
        except BadRow as error:
            yield RefusedRow(file.name, number, str(error))
    if announced != count:
        raise UnreadableImport(f"{file.name} is cut short: the end of the export is missing.")


def _check_head(name: str, line: str) -> None:
    version = json.loads(line).get("version")
    if version != FORMAT_VERSION:
        raise UnreadableImport(
            f"{name} has version {version} of the format; this server reads version {FORMAT_VERSION}."
        )


def _document(name: str, number: int, line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnreadableImport(f"{name}, line {number}: not valid JSON, or cut short.") from error
    if not isinstance(document, dict):
        raise UnreadableImport(f"{name}, line {number}: not a record.")
    return document
