"""Helpers that read files with the import formats."""

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


def zip_archive(contents: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive of these files."""
    archive_file = io.BytesIO()
    with zipfile.ZipFile(archive_file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return archive_file.getvalue()


def read(
    tmp_path: Path,
    content: str | bytes | Mapping[str, str | bytes],
    *,
    name: str = "sent.csv",
    format: str | None = None,
    scale: int | None = None,
) -> tuple[str, list[ParsedRow]]:
    """Return the detected format of a file, or of an archive of several, and its rows."""
    source = tmp_path / "upload"
    if isinstance(content, Mapping):
        content = zip_archive(content)
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    with source_files.open_source_files(source, LIMIT, name=name) as opened:
        detected = registry.detect_format(opened, format)
        return detected.format.name, list(detected.format.read(detected.parts, ReaderOptions(scale)))


def records(rows: list[ParsedRow]) -> list[ImportRecord]:
    return [row for row in rows if isinstance(row, ImportRecord)]


def refusals(rows: list[ParsedRow]) -> list[RefusedRow]:
    return [row for row in rows if isinstance(row, RefusedRow)]
