"""MovieLens exports: the ratings of one account of movielens.org. For datasets see `exchange.movielens`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from movierec.exchange.formats.format import FileFormat, FormatPart, ReaderOptions
from movierec.exchange.movielens.titles import parse_title
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import CsvFields
from movierec.exchange.readers.lines import BadRow
from movierec.exchange.readers.records import ImportedRating, ImportRecord, MovieReference, ParsedRow
from movierec.exchange.readers.source_files import SourceFile
from movierec.exchange.readers.values import clean_title, parse_id, parse_imdb_id, parse_steps

COLUMNS = {"movie_id", "imdb_id", "tmdb_id", "rating", "title"}


def detect_role(file: SourceFile) -> str | None:
    return "ratings" if set(file.columns) >= COLUMNS else None


def read(parts: Sequence[FormatPart], options: ReaderOptions) -> Iterator[ParsedRow]:
    """Read an export. It has no times of rating."""
    scale = options.scale or 5
    for _, file in parts:
        yield from csv_tables.read_rows(file.name, file.chunks(), _reader(file.name, scale))


def _reader(name: str, scale: int) -> csv_tables.RowParser:
    def record(line: int, row: CsvFields) -> ImportRecord:
        return ImportRecord(
            name, line, _movie(row), rating=ImportedRating(parse_steps(row["rating"].strip(), scale))
        )

    return record


def _movie(row: CsvFields) -> MovieReference:
    parsed = parse_title(clean_title(row["title"]))
    movielens_id = parse_id(row["movie_id"], "the MovieLens id")
    if movielens_id is None:
        raise BadRow("there is no MovieLens id")
    return MovieReference(
        parsed.title,
        parsed.year,
        parsed.original,
        imdb_id=_imdb_id(row["imdb_id"].strip()),
        tmdb_id=parse_id(row["tmdb_id"], "the TMDb id"),
        movielens_id=movielens_id,
    )


def _imdb_id(text: str) -> str | None:
    """Parse an IMDb id with or without the prefix `tt`."""
    return parse_imdb_id(f"tt{text.zfill(7)}" if text.isascii() and text.isdigit() else text)


FORMAT = FileFormat("movielens-ratings", "MovieLens ratings of one person", detect_role, read)
