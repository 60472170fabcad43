"""The ratings of one person as movielens.org exports them. Its datasets of many people are in `movielens`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from movierec.exchange.formats.format import Format, Part, ReadingOptions
from movierec.exchange.movielens.titles import parse_title
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import Fields
from movierec.exchange.readers.lines import BadRow
from movierec.exchange.readers.records import FilmName, Rated, Record, Row
from movierec.exchange.readers.source_files import File
from movierec.exchange.readers.values import imdb_id_of, number_of, steps_of, title_of

COLUMNS = {"movie_id", "imdb_id", "tmdb_id", "rating", "title"}


def role_of(file: File) -> str | None:
    return "ratings" if set(file.columns) >= COLUMNS else None


def read(parts: Sequence[Part], options: ReadingOptions) -> Iterator[Row]:
    """It does not say when a film was rated."""
    scale = options.scale or 5
    for _, file in parts:
        yield from csv_tables.read(file.name, file.chunks(), _reader(file.name, scale))


def _reader(name: str, scale: int) -> csv_tables.RecordOf:
    def record(line: int, row: Fields) -> Record:
        return Record(name, line, _film(row), rated=Rated(steps_of(row["rating"].strip(), scale)))

    return record


def _film(row: Fields) -> FilmName:
    told = parse_title(title_of(row["title"]))
    movielens_id = number_of(row["movie_id"], "the MovieLens id")
    if movielens_id is None:
        raise BadRow("there is no MovieLens id")
    return FilmName(
        told.title,
        told.year,
        told.original,
        imdb_id=_imdb_id(row["imdb_id"].strip()),
        tmdb_id=number_of(row["tmdb_id"], "the TMDb id"),
        movielens_id=movielens_id,
    )


def _imdb_id(text: str) -> str | None:
    """With or without what IMDb writes in front of the digits."""
    return imdb_id_of(f"tt{text.zfill(7)}" if text.isascii() and text.isdigit() else text)


FORMAT = Format("movielens-ratings", "MovieLens ratings of one person", role_of, read)
