"""Letterboxd exports: a zip of CSV files, or one of the files.

Several of the files have the same columns. Only their name tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from movierec.errors import UnreadableImport
from movierec.exchange.formats.format import FileFormat, FormatPart, ReaderOptions
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import CsvFields
from movierec.exchange.readers.lines import BadRow, UnsupportedRow
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
    clean_uri,
    parse_day,
    parse_steps,
    parse_tags,
    parse_time,
    parse_year,
)

MOVIE_COLUMNS = ("date", "name", "year", "letterboxd uri")
DIARY_COLUMNS = (*MOVIE_COLUMNS, "rating", "rewatch", "tags", "watched date")
# Roles of the files that have exactly MOVIE_COLUMNS.
ROLES_BY_NAME = {"watched.csv": "watched", "watchlist.csv": "watchlist", "films.csv": "likes"}
LIST_FIRST_LINE = b"Letterboxd list export"
# Deleted entries, and entries that belong to them.
IGNORED_FOLDERS = ("deleted", "orphaned")


def detect_role(file: SourceFile) -> str | None:
    """Return the role of a file by its columns."""
    if file.head.lstrip().startswith(LIST_FIRST_LINE):
        return "list"
    columns = file.columns
    if not set(MOVIE_COLUMNS) <= set(columns):
        return None
    if any(folder in IGNORED_FOLDERS for folder in file.name.split("/")[:-1]):
        return "left out"
    if "review" in columns:
        return "reviews"
    if "watched date" in columns:
        return "diary"
    return "ratings" if "rating" in columns else ROLES_BY_NAME.get(file.base_name, "unclear")


def read(parts: Sequence[FormatPart], options: ReaderOptions) -> Iterator[ParsedRow]:
    """Read an export. If it has ratings.csv, ratings in the diary are ignored: some were replaced later."""
    if unclear := next((part.file for part in parts if part.role == "unclear"), None):
        raise UnreadableImport(
            f"{unclear.name} may be Letterboxd's watched.csv, watchlist.csv or likes/films.csv, whose columns "
            "are the same. Send it under its original name."
        )
    reader = _Reader(options.scale or 5, has_ratings=any(part.role == "ratings" for part in parts))
    for role, file in parts:
        if role in reader.readers:
            headers = 4 if role == "list" else 1
            yield from csv_tables.read_rows(
                file.name, file.chunks(), reader.parser_for(role, file.name), headers=headers
            )


class _Reader:
    def __init__(self, scale: int, *, has_ratings: bool) -> None:
        self._scale, self._has_ratings = scale, has_ratings
        self.readers: dict[str, Callable[[str, int, CsvFields], ImportRecord]] = {
            "ratings": self._rating,
            "watched": self._watched,
            "diary": self._viewing,
            "reviews": self._viewing,
            "watchlist": self._watchlist_entry,
            "likes": self._favorite,
            "list": self._list_entry,
        }

    def parser_for(self, role: str, name: str) -> csv_tables.RowParser:
        read_row = self.readers[role]
        return lambda line, row: read_row(name, line, row)

    def _rating(self, name: str, line: int, row: CsvFields) -> ImportRecord:
        steps = parse_steps(row["rating"].strip(), self._scale)
        at = parse_time(row["date"])
        return ImportRecord(name, line, _movie(row), rating=ImportedRating(steps, None, at, at))

    def _watched(self, name: str, line: int, row: CsvFields) -> ImportRecord:
        """Read a viewing without a day: the date is when the movie was marked as watched."""
        return ImportRecord(
            name,
            line,
            _movie(row),
            viewings=(ImportedViewing(created_at=parse_time(row["date"]), sometime=True),),
        )

    def _viewing(self, name: str, line: int, row: CsvFields) -> ImportRecord:
        """Read a diary entry, or a review with or without one. Its URI identifies the entry, not the movie."""
        at = parse_time(row["date"])
        review = clean_text(row.get("review", ""), "review") or None
        steps = None
        if row.get("rating", "").strip() and not self._has_ratings:
            steps = parse_steps(row["rating"].strip(), self._scale)
        watched_at = parse_day(row.get("watched date", ""))
        entry = clean_uri(row["letterboxd uri"])
        rewatch = row.get("rewatch", "").strip().lower() == "yes"
        return ImportRecord(
            name,
            line,
            _movie(row, has_movie_uri=False),
            rating=ImportedRating(steps, review, at, at) if review or steps else None,
            viewings=(ImportedViewing(watched_at, entry, rewatch, parse_tags(row.get("tags", "")), at),)
            if watched_at
            else (),
        )

    def _watchlist_entry(self, name: str, line: int, row: CsvFields) -> ImportRecord:
        return ImportRecord(
            name, line, _movie(row), watchlist_entry=ImportedWatchlistEntry(None, parse_time(row["date"]))
        )

    def _favorite(self, name: str, line: int, row: CsvFields) -> ImportRecord:
        return ImportRecord(name, line, _movie(row), favorite=ImportedFavorite(None, parse_time(row["date"])))

    def _list_entry(self, name: str, line: int, row: CsvFields) -> ImportRecord:
        raise UnsupportedRow("an entry of a list: movierec does not store lists")


def _movie(row: CsvFields, *, has_movie_uri: bool = True) -> MovieReference:
    title = clean_title(row["name"])
    if not title:
        raise BadRow("there is no title")
    return MovieReference(
        title, parse_year(row["year"]), uri=clean_uri(row["letterboxd uri"]) if has_movie_uri else ""
    )


FORMAT = FileFormat("letterboxd", "Letterboxd export", detect_role, read)
