"""The format of the shipped file: encode movies to bytes and decode them.

XZ over JSON lines: the source, the names of all people, then one line for each field of all movies.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

STARTER_FILE = Path(__file__).with_name("films.xz")
SOURCE = {
    "source": "Wikidata, by way of the movies.db of bokeh-sampledata",
    "licence": "CC0-1.0",
    "rebuild": "python -m movierec.movies.starter.build WHEEL_OR_DB",
}
WORDS = ("genres", "languages", "countries")  # few different values: written out
PEOPLE = ("directors", "writers", "cast")  # many different names: written as numbers


class StarterMovie(NamedTuple):
    """A movie of the shipped file."""

    imdb_id: str
    title: str
    year: int
    released: date | None  # None where the source has only the year
    runtime_minutes: int | None
    certificate: str | None  # of the MPA: G, PG, PG-13, R, NC-17, X
    genres: tuple[str, ...]
    languages: tuple[str, ...]  # ISO 639-1, the original language first
    countries: tuple[str, ...]
    directors: tuple[str, ...]
    writers: tuple[str, ...]
    cast: tuple[str, ...]  # the best known first, at most 20
    meter: int | None  # 0-100: percentage of the critics who liked it
    critics_average: float | None  # 0-10: mean of the critics' marks
    reviews: int | None  # number of critics
    box_office: int | None  # US dollars, worldwide where known
    oscars: int  # number of categories won, as far as recorded


def read(path: Path = STARTER_FILE) -> Iterator[StarterMovie]:
    """Yield every movie of the file, in the order of the IMDb ids."""
    return decode(path.read_bytes())


def encode(movies: Iterable[StarterMovie]) -> bytes:
    """Encode movies; equal movies give equal bytes, whatever their order.

    Grouped by field instead of by movie, similar values are adjacent, which makes the file a third smaller.
    """
    movies = sorted(movies, key=lambda movie: movie.imdb_id)
    # Names compress best in alphabetical order.
    people = sorted({name for movie in movies for name in (*movie.directors, *movie.writers, *movie.cast)})
    number = {name: position for position, name in enumerate(people)}
    lines: list[object] = [SOURCE | {"films": len(movies)}, people]
    for field in StarterMovie._fields:
        values = [getattr(movie, field) for movie in movies]
        if field in WORDS:
            values = ["|".join(words) for words in values]
        elif field in PEOPLE:
            values = [[number[name] for name in names] for names in values]
        elif field == "released":
            values = [value.isoformat() if value else None for value in values]
        lines.append([field, values])
    text = "\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines)
    return lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)


def decode(packed: bytes) -> Iterator[StarterMovie]:
    """Decode what `encode` returned."""
    _source, people, *columns = map(json.loads, lzma.decompress(packed).split(b"\n"))
    values: dict[str, list[Any]] = dict(columns)
    for field in WORDS:
        words = {text: tuple(text.split("|")) if text else () for text in set(values[field])}
        values[field] = [words[text] for text in values[field]]
    for field in PEOPLE:
        values[field] = [tuple([people[number] for number in numbers]) for numbers in values[field]]
    values["released"] = [date.fromisoformat(text) if text else None for text in values["released"]]
    return map(StarterMovie._make, zip(*(values[field] for field in StarterMovie._fields), strict=True))
