"""Generic CSV with named columns, as spreadsheets and smaller services write it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from movierec.exchange.formats.format import FileFormat, FormatPart, ReaderOptions
from movierec.exchange.movielens.titles import parse_title
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import CsvFields
from movierec.exchange.readers.lines import BadRow, UnsupportedRow, quoted
from movierec.exchange.readers.records import (
    ImportedFavorite,
    ImportedRating,
    ImportedViewing,
    ImportedWatchlistEntry,
    ImportRecord,
    MovieReference,
    ParsedRow,
)
from movierec.exchange.readers.source_files import SourceFile
from movierec.exchange.readers.values import (
    clean_text,
    clean_title,
    parse_id,
    parse_imdb_id,
    parse_moment,
    parse_steps,
    parse_tags,
    parse_time,
    parse_year,
)

# Accepted column names of each field, without spaces and punctuation. The first one is ours.
COLUMN_NAMES = {
    "title": ("title", "name", "film", "movie", "movietitle"),
    "year": ("year", "releaseyear", "released"),
    "original_title": ("originaltitle",),
    "imdb_id": ("imdbid", "imdb", "const", "tconst"),
    "tmdb_id": ("tmdbid", "tmdb"),
    "movielens_id": ("movielensid",),
    "rating": ("rating", "yourrating", "myrating", "stars", "score"),
    "rating10": ("rating10",),
    "rating100": ("rating100",),
    "rated_at": ("ratedat", "daterated", "date"),
    "review": ("review",),
    "favorite": ("favorite", "favourite", "liked", "loved"),
    "watchlist": ("watchlist", "onwatchlist"),
    "watched_at": ("watchedat", "watcheddate", "watchdate", "datewatched", "lastwatched"),
    "rewatch": ("rewatch",),
    "tags": ("tags",),
}
FIELD_BY_COLUMN_NAME = {name: field for field, names in COLUMN_NAMES.items() for name in names}
IDENTIFYING_FIELDS = {"title", "imdb_id", "tmdb_id", "movielens_id"}
CONTENT_FIELDS = {"rating", "rating10", "rating100", "review", "favorite", "watchlist", "watched_at"}
YES, NO = ("yes", "y", "true", "1", "x"), ("no", "n", "false", "0", "")


def _field_of(column: str) -> str | None:
    return FIELD_BY_COLUMN_NAME.get(re.sub(r"[\W_]", "", column))


def detect_role(file: SourceFile) -> str | None:
    """Accept a file that has a column that identifies a movie and a column of content."""
    fields = {_field_of(column) for column in file.columns}
    return "table" if fields & IDENTIFYING_FIELDS and fields & CONTENT_FIELDS else None


def read(parts: Sequence[FormatPart], options: ReaderOptions) -> Iterator[ParsedRow]:
    for _, file in parts:
        yield from csv_tables.read_rows(file.name, file.chunks(), _reader(file.name, options.scale or 5))


def _reader(name: str, scale: int) -> csv_tables.RowParser:
    def record(line: int, fields: CsvFields) -> ImportRecord:
        row = _by_field(fields)
        movie = _movie(row)
        rating = _rating(row, scale)
        favorite = ImportedFavorite() if _is_yes(row["favorite"], "favorite") else None
        watchlist_entry = ImportedWatchlistEntry() if _is_yes(row["watchlist"], "watchlist") else None
        viewings = _viewings(row)
        if not (rating or favorite or watchlist_entry or viewings):
            raise UnsupportedRow("the row has no content besides the movie")
        return ImportRecord(name, line, movie, rating, favorite, watchlist_entry, viewings)

    return record


def _by_field(fields: CsvFields) -> dict[str, str]:
    """Map columns to fields. If two columns mean the same field, the first that is not empty counts."""
    row = dict.fromkeys(COLUMN_NAMES, "")
    for column, text in fields.items():
        if (field := _field_of(column)) and not row[field]:
            row[field] = text.strip()
    return row


def _movie(row: dict[str, str]) -> MovieReference:
    """Read title, year and ids. Without a column for the year it may follow the title in parentheses."""
    title, original, year = (
        clean_title(row["title"]),
        clean_title(row["original_title"]),
        parse_year(row["year"]),
    )
    if title and year is None:
        parsed = parse_title(title)
        title, original, year = parsed.title, original or parsed.original, parsed.year
    movie = MovieReference(
        title,
        year,
        original,
        imdb_id=parse_imdb_id(row["imdb_id"]),
        tmdb_id=parse_id(row["tmdb_id"], "the TMDb id"),
        movielens_id=parse_id(row["movielens_id"], "the MovieLens id"),
    )
    if not (movie.title or movie.imdb_id or movie.tmdb_id or movie.movielens_id):
        raise BadRow("there is neither a title nor an id")
    return movie


def _rating(row: dict[str, str], scale: int) -> ImportedRating | None:
    at, review = parse_time(row["rated_at"]), clean_text(row["review"], "review") or None
    for column, best in (("rating", scale), ("rating10", 10), ("rating100", 100)):
        if row[column]:
            return ImportedRating(parse_steps(row[column], best), review, at, at)
    return ImportedRating(None, review, at, at) if review else None


def _is_yes(text: str, field: str) -> bool:
    if text.lower() not in (*YES, *NO):
        raise BadRow(f"{field} must be yes or no, not {quoted(text)}")
    return text.lower() in YES


def _viewings(row: dict[str, str]) -> tuple[ImportedViewing, ...]:
    if not row["watched_at"]:
        return ()
    rewatch = _is_yes(row["rewatch"], "rewatch")
    return (ImportedViewing(parse_moment(row["watched_at"]), "", rewatch, parse_tags(row["tags"])),)


FORMAT = FileFormat("csv", "CSV with named columns", detect_role, read)
