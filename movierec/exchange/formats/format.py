"""What a format is: how its files are known by their content, and how their rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from movierec.exchange.readers.records import ParsedRow
from movierec.exchange.readers.source_files import SourceFile


class FormatPart(NamedTuple):
    """A file and what a format takes it for, in a word of that format: `ratings`, `diary`."""

    role: str
    file: SourceFile


class ReaderOptions(NamedTuple):
    """`scale`: what the best rating is (5, 10 or 100); None: as the format has it or the file says."""

    scale: int | None = None


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """`role_of` says by its content what a file is, None: not of this format.

    `read` streams: it holds no file in memory. It may raise UnreadableImport naming file and line.
    `brings_films`: what it tells of a film is enough to add it to a catalogue that lacks it.
    """

    name: str
    label: str
    role_of: Callable[[SourceFile], str | None]
    read: Callable[[Sequence[FormatPart], ReaderOptions], Iterator[ParsedRow]]
    brings_films: bool = False
