"""Definition of an import format: detection of its files by content, and the reader of their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from movierec.exchange.readers.records import ParsedRow
from movierec.exchange.readers.source_files import SourceFile


class FormatPart(NamedTuple):
    """A file and its role in a format, for example `ratings` or `diary`."""

    role: str
    file: SourceFile


class ReaderOptions(NamedTuple):
    """`scale`: the best possible rating (5, 10 or 100); None: the default of the format, or what the file states."""

    scale: int | None = None


@dataclass(frozen=True, slots=True)
class FileFormat:
    """An import format: its name, a label for messages, and its functions.

    `detect_role` returns the role of a file by its content, or None where it is not of this format.
    `read` streams: it never holds a whole file in memory. It may raise UnreadableImport naming file and line.
    `creates_movies`: its rows describe a movie well enough to add it to a catalogue that lacks it.
    """

    name: str
    label: str
    detect_role: Callable[[SourceFile], str | None]
    read: Callable[[Sequence[FormatPart], ReaderOptions], Iterator[ParsedRow]]
    creates_movies: bool = False
