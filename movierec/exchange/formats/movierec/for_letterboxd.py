"""What was exported for Letterboxd, taken back: ratings, words, days, tags, without the times of their entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from movierec.exchange.formats.movierec.text import rows
from movierec.exchange.readers.lines import BadRow
from movierec.exchange.readers.records import Favored, FilmName, Rated, Record, Refusal, Row, Wanted, Watched
from movierec.exchange.readers.source_files import File
from movierec.exchange.readers.values import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    exactly,
    imdb_id_of,
    kept_tags,
    moment_of,
    number_of,
    steps_of,
    year_of,
)


def read(name: str, file: File) -> Iterator[Row]:
    for line, cells in rows(file):
        try:
            yield _READERS[name](file.name, line, cells)
        except BadRow as error:
            yield Refusal(file.name, line, str(error))


def _film(cells: dict[str, str]) -> FilmName:
    return FilmName(
        exactly(cells["title"], "the title", most=LONGEST_TITLE, least=1),
        year_of(cells["year"]),
        imdb_id=imdb_id_of(cells["imdbid"]),
        tmdb_id=number_of(cells["tmdbid"], "the TMDb id"),
    )


def _diary(file: str, line: int, cells: dict[str, str]) -> Record:
    """Without a day and a rating the film was seen, and no more is known."""
    rated = Rated(steps_of(cells["rating"], 5), _words(cells)) if cells["rating"] else None
    day = cells["watcheddate"]
    tags = kept_tags(cells["tags"].split(", "))
    seen = (
        ()
        if rated and not day
        else (Watched(_day(day), "", cells["rewatch"] == "true", tags, None, not day),)
    )
    return Record(file, line, _film(cells), rated=rated, watched=seen)


def _words(cells: dict[str, str]) -> str:
    return exactly(cells["review"], "the review", most=LONGEST_TEXT)


def _day(text: str) -> str:
    return moment_of(text) if text else ""


def _wanted(file: str, line: int, cells: dict[str, str]) -> Record:
    return Record(file, line, _film(cells), wanted=Wanted(_words(cells)))


def _favored(file: str, line: int, cells: dict[str, str]) -> Record:
    return Record(file, line, _film(cells), favored=Favored(_words(cells)))


_READERS: dict[str, Callable[[str, int, dict[str, str]], Record]] = {
    "films": _diary,
    "watchlist": _wanted,
    "favorites": _favored,
}
