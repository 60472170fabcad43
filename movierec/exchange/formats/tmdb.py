"""Ratings, favorites and watchlist as TMDb exports them: one set of columns for all three."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from movierec.exchange.formats.format import Format, Part, ReadingOptions
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import Fields
from movierec.exchange.readers.lines import BadRow, NotKept
from movierec.exchange.readers.records import Favored, FilmName, Rated, Record, Row, Wanted
from movierec.exchange.readers.source_files import File
from movierec.exchange.readers.values import imdb_id_of, number_of, steps_of, time_of, title_of, year_of

COLUMNS = {"tmdb id", "imdb id", "type", "name"}


def role_of(file: File) -> str | None:
    """What is not rated stands on the watchlist, unless the name says that it is a favorite."""
    if not set(file.columns) >= COLUMNS:
        return None
    return "favorites" if "favorite" in file.base_name.lower() else "entries"


def read(parts: Sequence[Part], options: ReadingOptions) -> Iterator[Row]:
    scale = options.scale or 10
    for role, file in parts:
        yield from csv_tables.read(file.name, file.chunks(), _reader(file.name, role, scale))


def _reader(name: str, role: str, scale: int) -> csv_tables.RecordOf:
    def record(line: int, row: Fields) -> Record:
        if row["type"].strip().lower() not in ("movie", ""):
            raise NotKept("a series or an episode, not a film")
        film, at = _film(row), time_of(row.get("date rated", "") or row.get("date added", ""))
        rating = row.get("your rating", "").strip()
        rated = Rated(steps_of(rating, scale), None, at, at) if rating else None
        if role == "favorites":
            return Record(name, line, film, rated=rated, favored=Favored(None, at))
        return Record(name, line, film, rated=rated, wanted=None if rated else Wanted(None, at))

    return record


def _film(row: Fields) -> FilmName:
    tmdb_id, imdb_id = number_of(row["tmdb id"], "the TMDb id"), imdb_id_of(row["imdb id"])
    title = title_of(row["name"])
    if not (tmdb_id or imdb_id or title):
        raise BadRow("there is neither an id nor a title")
    return FilmName(title, year_of(row.get("release date", "")[:4]), imdb_id=imdb_id, tmdb_id=tmdb_id)


FORMAT = Format("tmdb", "TMDb export", role_of, read)
