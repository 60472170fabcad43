"""Ratings, watchlists and lists as IMDb exports them: CSV in any encoding, with and without original titles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from movierec.exchange.formats.format import Format, Part, ReadingOptions
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import Fields
from movierec.exchange.readers.lines import BadRow, NotKept, shown
from movierec.exchange.readers.records import FilmName, Rated, Record, Row, Wanted
from movierec.exchange.readers.source_files import File
from movierec.exchange.readers.values import imdb_id_of, steps_of, time_of, title_of, year_of

# Without spaces, in lower case: "TV Mini Series" and, until 2024, "tvMiniSeries".
NO_FILMS = {
    "tvseries": "a series",
    "tvminiseries": "a series",
    "tvepisode": "an episode",
    "tvpilot": "an episode",
    "videogame": "a video game",
    "musicvideo": "a music video",
    "podcastseries": "a podcast",
    "podcastepisode": "a podcast",
}
YOUR_RATING = ("your rating", "you rated")


def role_of(file: File) -> str | None:
    columns = file.columns
    if not {"const", "title"} <= set(columns):
        return None
    if "position" in columns or "created" in columns:
        return "watchlist"
    return "ratings" if any(name in columns for name in YOUR_RATING) else None


def read(parts: Sequence[Part], options: ReadingOptions) -> Iterator[Row]:
    """An entry of a watchlist that is rated is also a rating."""
    scale = options.scale or 10
    for role, file in parts:
        yield from csv_tables.read(file.name, file.chunks(), _reader(file.name, role, scale))


def _reader(name: str, role: str, scale: int) -> csv_tables.RecordOf:
    def record(line: int, row: Fields) -> Record:
        kind = row.get("title type", "").replace(" ", "").lower()
        if kind in NO_FILMS:
            raise NotKept(f"{NO_FILMS[kind]}, not a film")
        rated = _rated(row, scale)
        if role == "ratings" and rated is None:
            raise BadRow("there is no rating")
        wanted = Wanted(None, _time(row.get("created", ""))) if role == "watchlist" else None
        return Record(name, line, _film(row), rated=rated, wanted=wanted)

    return record


def _film(row: Fields) -> FilmName:
    imdb_id = imdb_id_of(row["const"])
    if imdb_id is None:
        raise BadRow("there is no IMDb id")
    title, original = title_of(row["title"]), title_of(row.get("original title", ""))
    return FilmName(
        title, year_of(row.get("year", "")), original if original != title else "", imdb_id=imdb_id
    )


def _rated(row: Fields, scale: int) -> Rated | None:
    text = next((row[name].strip() for name in YOUR_RATING if name in row), "")
    if not text:
        return None
    at = _time(row.get("date rated", "") or row.get("created", ""))
    return Rated(steps_of(text, scale), None, at, at)


def _time(text: str) -> int | None:
    """Also as IMDb wrote it until 2017: 'Sun May 17 00:00:00 2009'."""
    if not text[:1].isalpha():
        return time_of(text)
    try:
        moment = datetime.strptime(f"{text.strip()} +0000", "%a %b %d %H:%M:%S %Y %z")
    except ValueError as error:
        raise BadRow(f"{shown(text)} is no date") from error
    return int(moment.timestamp())


FORMAT = Format("imdb", "IMDb export", role_of, read)
