"""IMDb exports: ratings, watchlists and lists as CSV in any encoding, with and without original titles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from movierec.exchange.formats.format import FileFormat, FormatPart, ReaderOptions
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import CsvFields
from movierec.exchange.readers.lines import BadRow, UnsupportedRow, quoted
from movierec.exchange.readers.records import (
    ImportedRating,
    ImportedWatchlistEntry,
    ImportRecord,
    MovieReference,
    ParsedRow,
)
from movierec.exchange.readers.source_files import SourceFile
from movierec.exchange.readers.values import clean_title, parse_imdb_id, parse_steps, parse_time, parse_year

# Title types without spaces, in lower case: "TV Mini Series" and, until 2024, "tvMiniSeries".
UNSUPPORTED_TYPES = {
    "tvseries": "a series",
    "tvminiseries": "a series",
    "tvepisode": "an episode",
    "tvpilot": "an episode",
    "videogame": "a video game",
    "musicvideo": "a music video",
    "podcastseries": "a podcast",
    "podcastepisode": "a podcast",
}
RATING_COLUMNS = ("your rating", "you rated")


def detect_role(file: SourceFile) -> str | None:
    columns = file.columns
    if not {"const", "title"} <= set(columns):
        return None
    if "position" in columns or "created" in columns:
        return "watchlist"
    return "ratings" if any(name in columns for name in RATING_COLUMNS) else None


def read(parts: Sequence[FormatPart], options: ReaderOptions) -> Iterator[ParsedRow]:
    """Read an export. A rated entry of a watchlist is a rating too."""
    scale = options.scale or 10
    for role, file in parts:
        yield from csv_tables.read_rows(file.name, file.chunks(), _reader(file.name, role, scale))


def _reader(name: str, role: str, scale: int) -> csv_tables.RowParser:
    def record(line: int, row: CsvFields) -> ImportRecord:
        kind = row.get("title type", "").replace(" ", "").lower()
        if kind in UNSUPPORTED_TYPES:
            raise UnsupportedRow(f"{UNSUPPORTED_TYPES[kind]}, not a movie")
        rating = _rating(row, scale)
        if role == "ratings" and rating is None:
            raise BadRow("there is no rating")
        is_listed = role == "watchlist"
        watchlist_entry = ImportedWatchlistEntry(None, _time(row.get("created", ""))) if is_listed else None
        return ImportRecord(name, line, _movie(row), rating=rating, watchlist_entry=watchlist_entry)

    return record


def _movie(row: CsvFields) -> MovieReference:
    imdb_id = parse_imdb_id(row["const"])
    if imdb_id is None:
        raise BadRow("there is no IMDb id")
    title, original = clean_title(row["title"]), clean_title(row.get("original title", ""))
    return MovieReference(
        title, parse_year(row.get("year", "")), original if original != title else "", imdb_id=imdb_id
    )


def _rating(row: CsvFields, scale: int) -> ImportedRating | None:
    text = next((row[name].strip() for name in RATING_COLUMNS if name in row), "")
    if not text:
        return None
    at = _time(row.get("date rated", "") or row.get("created", ""))
    return ImportedRating(parse_steps(text, scale), None, at, at)


def _time(text: str) -> int | None:
    """Parse a date, also in the form of exports until 2017: 'Sun May 17 00:00:00 2009'."""
    if not text[:1].isalpha():
        return parse_time(text)
    try:
        moment = datetime.strptime(f"{text.strip()} +0000", "%a %b %d %H:%M:%S %Y %z")
    except ValueError as error:
        raise BadRow(f"{quoted(text)} is not a date") from error
    return int(moment.timestamp())


FORMAT = FileFormat("imdb", "IMDb export", detect_role, read)
