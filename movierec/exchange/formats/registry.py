"""Registry of import formats and detection of the format of files. A new format is one line in FORMATS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from movierec.errors import UnreadableImport
from movierec.exchange.formats import generic_csv, imdb, letterboxd, movielens_ratings, movierec, tmdb, trakt
from movierec.exchange.formats.format import FormatPart, ImportFormat
from movierec.exchange.readers.lines import quoted
from movierec.exchange.readers.source_files import SourceFile

# A file that fits two formats is of the first one.
FORMATS: dict[str, ImportFormat] = {
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

    format: ImportFormat
    parts: list[FormatPart]
    ignored: list[str]


def detect_format(files: Sequence[SourceFile], name: str | None = None) -> DetectedFormat:
    """Return the format that fits most of the files, or the one called `name`. Raises UnreadableImport if none fits."""
    wanted = [FORMATS[name]] if name else list(FORMATS.values())
    found = [_as(format, files) for format in wanted]
    best = max(found, key=lambda recognised: len(recognised.parts))
    if not best.parts:
        raise UnreadableImport(_unknown(files, FORMATS[name] if name else None))
    return best


def _as(format: ImportFormat, files: Sequence[SourceFile]) -> DetectedFormat:
    roles = [(format.role_of(file), file) for file in files]
    return DetectedFormat(
        format,
        [FormatPart(role, file) for role, file in roles if role],
        [file.name for role, file in roles if not role],
    )


def _unknown(files: Sequence[SourceFile], wanted: ImportFormat | None) -> str:
    """Describe the first file in an error message."""
    if not files:
        return "There is no file in it."
    file = files[0]
    what = f"no {wanted.label}" if wanted else "of no format that is known: " + ", ".join(FORMATS)
    if file.base_name.lower().endswith(".zip"):
        return f"{quoted(file.name)} is an archive within the archive. Unpack it first."
    if {"userid", "movieid"} <= set(file.columns):
        return (
            f"{quoted(file.name)} has ratings of many people. Staff import those: movierec import movielens."
        )
    if not file.head.strip():
        return f"{quoted(file.name)} is {what}. It holds no text."
    if file.is_json:
        return f"{quoted(file.name)} is {what}. It is JSON, but not as any service writes it."
    columns = ", ".join(file.columns[:12])
    named = f"Its first line names {quoted(columns)}." if columns else "Its first line names no columns."
    return f"{quoted(file.name)}, line 1: the file is {what}. {named}"
