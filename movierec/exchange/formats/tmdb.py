"""TMDb exports: ratings, favorites and watchlist, all with the same columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from movierec.exchange.formats.format import FileFormat, FormatPart, ReaderOptions
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import CsvFields
from movierec.exchange.readers.lines import BadRow, UnsupportedRow
from movierec.exchange.readers.records import (
    ImportedFavorite,
    ImportedRating,
    ImportedWatchlistEntry,
    ImportRecord,
    MovieReference,
    ParsedRow,
)
from movierec.exchange.readers.source_files import SourceFile
from movierec.exchange.readers.values import (
    clean_title,
    parse_id,
    parse_imdb_id,
    parse_steps,
    parse_time,
    parse_year,
)

COLUMNS = {"tmdb id", "imdb id", "type", "name"}


def detect_role(file: SourceFile) -> str | None:
    """Return the role of a file. Unrated entries are on the watchlist, unless the file name says favorites."""
    if not set(file.columns) >= COLUMNS:
        return None
    return "favorites" if "favorite" in file.base_name.lower() else "entries"


def read(parts: Sequence[FormatPart], options: ReaderOptions) -> Iterator[ParsedRow]:
    scale = options.scale or 10
    for role, file in parts:
        yield from csv_tables.read_rows(file.name, file.chunks(), _reader(file.name, role, scale))


def _reader(name: str, role: str, scale: int) -> csv_tables.RowParser:
    def record(line: int, row: CsvFields) -> ImportRecord:
        if row["type"].strip().lower() not in ("movie", ""):
            raise UnsupportedRow("a series or an episode, not a movie")
        movie, at = _movie(row), parse_time(row.get("date rated", "") or row.get("date added", ""))
        text = row.get("your rating", "").strip()
        rating = ImportedRating(parse_steps(text, scale), None, at, at) if text else None
        if role == "favorites":
            return ImportRecord(name, line, movie, rating=rating, favorite=ImportedFavorite(None, at))
        return ImportRecord(
            name,
            line,
            movie,
            rating=rating,
            watchlist_entry=None if rating else ImportedWatchlistEntry(None, at),
        )

    return record


def _movie(row: CsvFields) -> MovieReference:
    tmdb_id, imdb_id = parse_id(row["tmdb id"], "the TMDb id"), parse_imdb_id(row["imdb id"])
    title = clean_title(row["name"])
    if not (tmdb_id or imdb_id or title):
        raise BadRow("there is neither an id nor a title")
    return MovieReference(
        title, parse_year(row.get("release date", "")[:4]), imdb_id=imdb_id, tmdb_id=tmdb_id
    )


FORMAT = FileFormat("tmdb", "TMDb export", detect_role, read)
