"""What Letterboxd exports: a zip of CSV files, or one of them.

Several of its files have the same columns, and of these the name alone tells what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from movierec.errors import UnreadableImport
from movierec.exchange.formats.format import Format, Part, ReadingOptions
from movierec.exchange.readers import csv_tables
from movierec.exchange.readers.csv_tables import Fields
from movierec.exchange.readers.lines import BadRow, NotKept
from movierec.exchange.readers.records import Favored, FilmName, Rated, Record, Row, Wanted, Watched
from movierec.exchange.readers.source_files import File
from movierec.exchange.readers.values import (
    address_of,
    day_of,
    steps_of,
    tags_of,
    text_of,
    time_of,
    title_of,
    year_of,
)

FILM = ("date", "name", "year", "letterboxd uri")
DIARY = (*FILM, "rating", "rewatch", "tags", "watched date")
# With the columns of FILM and no other.
NAMED = {"watched.csv": "watched", "watchlist.csv": "watchlist", "films.csv": "likes"}
LIST_BEGINS = b"Letterboxd list export"
# What was deleted, or belongs to what was.
LEFT_OUT = ("deleted", "orphaned")


def role_of(file: File) -> str | None:
    """Which of its files it is, by the columns."""
    if file.head.lstrip().startswith(LIST_BEGINS):
        return "list"
    columns = file.columns
    if not set(FILM) <= set(columns):
        return None
    if any(folder in LEFT_OUT for folder in file.name.split("/")[:-1]):
        return "left out"
    if "review" in columns:
        return "reviews"
    if "watched date" in columns:
        return "diary"
    return "ratings" if "rating" in columns else NAMED.get(file.base_name, "unclear")


def read(parts: Sequence[Part], options: ReadingOptions) -> Iterator[Row]:
    """Ratings come from ratings.csv where there is one: the diary knows former ones too."""
    if unclear := next((part.file for part in parts if part.role == "unclear"), None):
        raise UnreadableImport(
            f"{unclear.name} may be Letterboxd's watched.csv, watchlist.csv or likes/films.csv, whose columns "
            "are the same. Send it under its own name."
        )
    reader = _Reader(options.scale or 5, has_ratings=any(part.role == "ratings" for part in parts))
    for role, file in parts:
        if role in reader.readers:
            headers = 4 if role == "list" else 1
            yield from csv_tables.read(file.name, file.chunks(), reader.of(role, file.name), headers=headers)


class _Reader:
    def __init__(self, scale: int, *, has_ratings: bool) -> None:
        self._scale, self._has_ratings = scale, has_ratings
        self.readers: dict[str, Callable[[str, int, Fields], Record]] = {
            "ratings": self._rating,
            "watched": self._watched,
            "diary": self._viewing,
            "reviews": self._viewing,
            "watchlist": self._wanted,
            "likes": self._liked,
            "list": self._listed,
        }

    def of(self, role: str, name: str) -> csv_tables.RecordOf:
        read_row = self.readers[role]
        return lambda line, row: read_row(name, line, row)

    def _rating(self, name: str, line: int, row: Fields) -> Record:
        steps = steps_of(row["rating"].strip(), self._scale)
        at = time_of(row["date"])
        return Record(name, line, _film(row), rated=Rated(steps, None, at, at))

    def _watched(self, name: str, line: int, row: Fields) -> Record:
        """Without a day: the date is when the film was marked."""
        return Record(
            name, line, _film(row), watched=(Watched(created_at=time_of(row["date"]), sometime=True),)
        )

    def _viewing(self, name: str, line: int, row: Fields) -> Record:
        """A diary entry, or a review with or without one. Its address is of the entry, not of the film."""
        at = time_of(row["date"])
        review = text_of(row.get("review", ""), "review") or None
        steps = None
        if row.get("rating", "").strip() and not self._has_ratings:
            steps = steps_of(row["rating"].strip(), self._scale)
        seen = day_of(row.get("watched date", ""))
        entry = address_of(row["letterboxd uri"])
        rewatch = row.get("rewatch", "").strip().lower() == "yes"
        return Record(
            name,
            line,
            _film(row, of_film=False),
            rated=Rated(steps, review, at, at) if review or steps else None,
            watched=(Watched(seen, entry, rewatch, tags_of(row.get("tags", "")), at),) if seen else (),
        )

    def _wanted(self, name: str, line: int, row: Fields) -> Record:
        return Record(name, line, _film(row), wanted=Wanted(None, time_of(row["date"])))

    def _liked(self, name: str, line: int, row: Fields) -> Record:
        return Record(name, line, _film(row), favored=Favored(None, time_of(row["date"])))

    def _listed(self, name: str, line: int, row: Fields) -> Record:
        raise NotKept("an entry of a list: movierec keeps no lists")


def _film(row: Fields, *, of_film: bool = True) -> FilmName:
    title = title_of(row["name"])
    if not title:
        raise BadRow("there is no title")
    return FilmName(title, year_of(row["year"]), uri=address_of(row["letterboxd uri"]) if of_film else "")


FORMAT = Format("letterboxd", "Letterboxd export", role_of, read)
