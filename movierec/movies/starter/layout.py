"""The shipped file: films to bytes and back.

XZ over JSON lines: the source, the names of all people, then one line for each field of all films.
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
WORDS = ("genres", "languages", "countries")  # few different ones: written out
PEOPLE = ("directors", "writers", "cast")  # many: written as numbers


class StarterMovie(NamedTuple):
    imdb_id: str
    title: str
    year: int
    released: date | None  # None where the source knows only the year
    runtime_minutes: int | None
    certificate: str | None  # of the MPA: G, PG, PG-13, R, NC-17, X
    genres: tuple[str, ...]
    languages: tuple[str, ...]  # ISO 639-1, the original language first
    countries: tuple[str, ...]
    directors: tuple[str, ...]
    writers: tuple[str, ...]
    cast: tuple[str, ...]  # the best known first, at most 20
    meter: int | None  # 0-100: how many of the critics liked it, in percent
    critics_average: float | None  # 0-10: mean of the critics' marks
    reviews: int | None  # how many critics
    box_office: int | None  # US dollars, worldwide where known
    oscars: int  # categories won, as far as recorded


def read(path: Path = STARTER_FILE) -> Iterator[StarterMovie]:
    """Every film of the file, in the order of the IMDb ids."""
    return decode(path.read_bytes())


def encode(films: Iterable[StarterMovie]) -> bytes:
    """Same films, same bytes. By field and not by film, like stands beside like: a third smaller."""
    films = sorted(films, key=lambda film: film.imdb_id)
    # In alphabetical order names pack best.
    people = sorted({name for film in films for name in (*film.directors, *film.writers, *film.cast)})
    number = {name: position for position, name in enumerate(people)}
    lines: list[object] = [SOURCE | {"films": len(films)}, people]
    for field in StarterMovie._fields:
        values = [getattr(film, field) for film in films]
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
    _source, people, *columns = map(json.loads, lzma.decompress(packed).split(b"\n"))
    values: dict[str, list[Any]] = dict(columns)
    for field in WORDS:
        words = {text: tuple(text.split("|")) if text else () for text in set(values[field])}
        values[field] = [words[text] for text in values[field]]
    for field in PEOPLE:
        values[field] = [tuple([people[number] for number in numbers]) for numbers in values[field]]
    values["released"] = [date.fromisoformat(text) if text else None for text in values["released"]]
    return map(StarterMovie._make, zip(*(values[field] for field in StarterMovie._fields), strict=True))
