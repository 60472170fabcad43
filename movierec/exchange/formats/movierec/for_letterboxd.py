"""Reader of the files that movierec exports for Letterboxd: ratings, reviews, days, tags, without entry times."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from movierec.exchange.formats.movierec.text import csv_rows
from movierec.exchange.readers.lines import BadRow
from movierec.exchange.readers.records import (
    ImportedFavorite,
    ImportedRating,
    ImportedViewing,
    ImportedWatchlistEntry,
    ImportRecord,
    MovieReference,
    ParsedRow,
    RefusedRow,
)
from movierec.exchange.readers.source_files import SourceFile
from movierec.exchange.readers.values import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    check_text,
    distinct_tags,
    parse_id,
    parse_imdb_id,
    parse_moment,
    parse_steps,
    parse_year,
)


def read(name: str, file: SourceFile) -> Iterator[ParsedRow]:
    for line, cells in csv_rows(file):
        try:
            yield _READERS[name](file.name, line, cells)
        except BadRow as error:
            yield RefusedRow(file.name, line, str(error))


def _movie(cells: dict[str, str]) -> MovieReference:
    return MovieReference(
        check_text(cells["title"], "the title", most=LONGEST_TITLE, least=1),
        parse_year(cells["year"]),
        imdb_id=parse_imdb_id(cells["imdbid"]),
        tmdb_id=parse_id(cells["tmdbid"], "the TMDb id"),
    )


def _diary(file: str, line: int, cells: dict[str, str]) -> ImportRecord:
    """Read a diary row. Without a day and a rating, the movie was seen at an unknown time."""
    rating = ImportedRating(parse_steps(cells["rating"], 5), _review(cells)) if cells["rating"] else None
    day = cells["watcheddate"]
    tags = distinct_tags(cells["tags"].split(", "))
    viewings = (
        ()
        if rating and not day
        else (ImportedViewing(_day(day), "", cells["rewatch"] == "true", tags, None, not day),)
    )
    return ImportRecord(file, line, _movie(cells), rating=rating, viewings=viewings)


def _review(cells: dict[str, str]) -> str:
    return check_text(cells["review"], "the review", most=LONGEST_TEXT)


def _day(text: str) -> str:
    return parse_moment(text) if text else ""


def _watchlist_entry(file: str, line: int, cells: dict[str, str]) -> ImportRecord:
    return ImportRecord(file, line, _movie(cells), watchlist_entry=ImportedWatchlistEntry(_review(cells)))


def _favorite(file: str, line: int, cells: dict[str, str]) -> ImportRecord:
    return ImportRecord(file, line, _movie(cells), favorite=ImportedFavorite(_review(cells)))


_READERS: dict[str, Callable[[str, int, dict[str, str]], ImportRecord]] = {
    "films": _diary,
    "watchlist": _watchlist_entry,
    "favorites": _favorite,
}
