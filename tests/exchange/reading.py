"""Reading files of a user's own history in tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from movierec.exchange.formats import registry
from movierec.exchange.formats.format import ReadingOptions
from movierec.exchange.readers import source_files
from movierec.exchange.readers.records import Record, Refusal, Row

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
) -> tuple[str, list[Row]]:
    """The format that one file, or an archive of several, is recognised as, and its rows."""
    source = tmp_path / "upload"
    if isinstance(content, Mapping):
        content = packed(content)
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    with source_files.opened(source, LIMIT, name=name) as found:
        recognised = registry.recognise(found, format)
        return recognised.format.name, list(recognised.format.read(recognised.parts, ReadingOptions(scale)))


def records(rows: list[Row]) -> list[Record]:
    return [row for row in rows if isinstance(row, Record)]


def refusals(rows: list[Row]) -> list[Refusal]:
    return [row for row in rows if isinstance(row, Refusal)]
