"""Registry of import formats and detection of the format of files. A new format is one line in FORMATS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from movierec.errors import UnreadableImport
from movierec.exchange.formats import generic_csv, imdb, letterboxd, movielens_ratings, movierec, tmdb, trakt
from movierec.exchange.formats.format import FileFormat, FormatPart
from movierec.exchange.readers.lines import quoted
from movierec.exchange.readers.source_files import SourceFile

# A file that fits two formats is of the first one.
FORMATS: dict[str, FileFormat] = {
    "movierec": movierec.FORMAT,
    "letterboxd": letterboxd.FORMAT,
    "imdb": imdb.FORMAT,
    "trakt": trakt.FORMAT,
    "tmdb": tmdb.FORMAT,
    "movielens-ratings": movielens_ratings.FORMAT,
    "csv": generic_csv.FORMAT,
}


class DetectedFormat(NamedTuple):
    """A format with the files it reads; `ignored` names the files that are not of the format."""

    format: FileFormat
    parts: list[FormatPart]
    ignored: list[str]


def detect_format(files: Sequence[SourceFile], name: str | None = None) -> DetectedFormat:
    """Return the format of most of the files, or the one called `name`. Raises UnreadableImport if none fits."""
    formats = [FORMATS[name]] if name else list(FORMATS.values())
    best = max((_try_format(format, files) for format in formats), key=lambda detected: len(detected.parts))
    if not best.parts:
        raise UnreadableImport(_no_format_message(files, FORMATS[name] if name else None))
    return best


def _try_format(format: FileFormat, files: Sequence[SourceFile]) -> DetectedFormat:
    roles = [(format.detect_role(file), file) for file in files]
    return DetectedFormat(
        format,
        [FormatPart(role, file) for role, file in roles if role],
        [file.name for role, file in roles if not role],
    )


def _no_format_message(files: Sequence[SourceFile], expected: FileFormat | None) -> str:
    """Describe the first file in an error message."""
    if not files:
        return "The archive or folder has no files."
    file = files[0]
    if expected:
        mismatch = f"does not match the format “{expected.label}”"
    else:
        mismatch = "matches no known format: " + ", ".join(FORMATS)
    if file.base_name.lower().endswith(".zip"):
        return f"{quoted(file.name)} is an archive inside the archive. Unpack it first."
    if {"userid", "movieid"} <= set(file.columns):
        return (
            f"{quoted(file.name)} contains ratings of many people. "
            "Staff can import them: movierec import movielens."
        )
    if not file.head.strip():
        return f"{quoted(file.name)} {mismatch}. It contains no text."
    if file.is_json:
        return f"{quoted(file.name)} {mismatch}. It is JSON, but not in the form of a supported service."
    columns = ", ".join(file.columns[:12])
    header = f"Its first line names {quoted(columns)}." if columns else "Its first line names no columns."
    return f"{quoted(file.name)}, line 1: the file {mismatch}. {header}"
