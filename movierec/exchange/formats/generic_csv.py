"""CSV whose columns say what they are: what people keep in spreadsheets, and smaller services export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from movierec.exchange.formats.format import Format, Part, ReadingOptions
from movierec.exchange.movielens.titles import parse_title
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import Fields
from movierec.exchange.readers.lines import BadRow, NotKept, shown
from movierec.exchange.readers.records import Favored, FilmName, Rated, Record, Row, Wanted, Watched
from movierec.exchange.readers.source_files import File
from movierec.exchange.readers.values import (
    imdb_id_of,
    moment_of,
    number_of,
    steps_of,
    tags_of,
    text_of,
    time_of,
    title_of,
    year_of,
)

# What each may be called, without spaces and signs. The first word is ours.
NAMES = {
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
MEANINGS = {name: meaning for meaning, names in NAMES.items() for name in names}
IDENTIFY = {"title", "imdb_id", "tmdb_id", "movielens_id"}
SAY_SOMETHING = {"rating", "rating10", "rating100", "review", "favorite", "watchlist", "watched_at"}
YES, NO = ("yes", "y", "true", "1", "x"), ("no", "n", "false", "0", "")


def _meaning(column: str) -> str | None:
    return MEANINGS.get(re.sub(r"[\W_]", "", column))


def role_of(file: File) -> str | None:
    """At least one column must say which film, and one something of it."""
    meanings = {_meaning(column) for column in file.columns}
    return "table" if meanings & IDENTIFY and meanings & SAY_SOMETHING else None


def read(parts: Sequence[Part], options: ReadingOptions) -> Iterator[Row]:
    for _, file in parts:
        yield from csv_tables.read(file.name, file.chunks(), _reader(file.name, options.scale or 5))


def _reader(name: str, scale: int) -> csv_tables.RecordOf:
    def record(line: int, fields: Fields) -> Record:
        row = _by_meaning(fields)
        found = Record(name, line, _film(row), _rated(row, scale), *_marks(row), _watched(row))
        if not (found.rated or found.favored or found.wanted or found.watched):
            raise NotKept("the row says nothing of the film")
        return found

    return record


def _by_meaning(fields: Fields) -> dict[str, str]:
    """Where two columns mean the same, the first one that is not empty."""
    row = dict.fromkeys(NAMES, "")
    for column, text in fields.items():
        if (meaning := _meaning(column)) and not row[meaning]:
            row[meaning] = text.strip()
    return row


def _film(row: dict[str, str]) -> FilmName:
    """Without a column for the year it may stand behind the title."""
    title, original, year = title_of(row["title"]), title_of(row["original_title"]), year_of(row["year"])
    if title and year is None:
        told = parse_title(title)
        title, original, year = told.title, original or told.original, told.year
    film = FilmName(
        title,
        year,
        original,
        imdb_id=imdb_id_of(row["imdb_id"]),
        tmdb_id=number_of(row["tmdb_id"], "the TMDb id"),
        movielens_id=number_of(row["movielens_id"], "the MovieLens id"),
    )
    if not (film.title or film.imdb_id or film.tmdb_id or film.movielens_id):
        raise BadRow("there is neither a title nor an id")
    return film


def _rated(row: dict[str, str], scale: int) -> Rated | None:
    at, review = time_of(row["rated_at"]), text_of(row["review"], "review") or None
    for column, best in (("rating", scale), ("rating10", 10), ("rating100", 100)):
        if row[column]:
            return Rated(steps_of(row[column], best), review, at, at)
    return Rated(None, review, at, at) if review else None


def _marks(row: dict[str, str]) -> tuple[Favored | None, Wanted | None]:
    favorite, wanted = _is_yes(row["favorite"], "favorite"), _is_yes(row["watchlist"], "watchlist")
    return Favored() if favorite else None, Wanted() if wanted else None


def _is_yes(text: str, what: str) -> bool:
    if text.lower() not in (*YES, *NO):
        raise BadRow(f"{what} must be yes or no, not {shown(text)}")
    return text.lower() in YES


def _watched(row: dict[str, str]) -> tuple[Watched, ...]:
    if not row["watched_at"]:
        return ()
    rewatch = _is_yes(row["rewatch"], "rewatch")
    return (Watched(moment_of(row["watched_at"]), "", rewatch, tags_of(row["tags"])),)


FORMAT = Format("csv", "CSV with named columns", role_of, read)
