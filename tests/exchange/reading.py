"""Reading files of a user's own history in tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from movierec.exchange.formats import registry
from movierec.exchange.formats.format import ReaderOptions
from movierec.exchange.readers import source_files
from movierec.exchange.readers.records import ImportRecord, ParsedRow, RefusedRow

LIMIT = 1 << 30


def packed(contents: Mapping[str, str | bytes]) -> bytes:
    """A zip archive of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return made.getvalue()


def read(
    tmp_path: Path,
    content: str | bytes | Mapping[str, str | bytes],
    *,
    name: str = "sent.csv",
    format: str | None = None,
    scale: int | None = None,
) -> tuple[str, list[ParsedRow]]:
    """The format that one file, or an archive of several, is recognised as, and its rows."""
    source = tmp_path / "upload"
    if isinstance(content, Mapping):
        content = packed(content)
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    with source_files.open_source_files(source, LIMIT, name=name) as found:
        recognised = registry.detect_format(found, format)
        return recognised.format.name, list(recognised.format.read(recognised.parts, ReaderOptions(scale)))


def records(rows: list[ParsedRow]) -> list[ImportRecord]:
    return [row for row in rows if isinstance(row, ImportRecord)]


def refusals(rows: list[ParsedRow]) -> list[RefusedRow]:
    return [row for row in rows if isinstance(row, RefusedRow)]
