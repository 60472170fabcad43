"""Index of the rows of an import, about thirty bytes each in memory; their content is in the spool."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

import numpy as np

from movierec.errors import UnreadableImport
from movierec.exchange.importing.movie_matcher import MovieMatch
from movierec.exchange.importing.spool import RecordSpool
from movierec.exchange.readers.records import ImportRecord, MovieReference, ParsedRow

# No single user's history has more rows; bounds the memory of an import.
MAXIMUM_ROWS = 500_000

# Rows of one movie, or of one review, are in memory together. Nobody has that many rows about one movie.
MAXIMUM_GROUP_ROWS = 1_000
MAXIMUM_GROUP_BYTES = 4 << 20
TOO_MANY_ROWS = f"there are more than {MAXIMUM_GROUP_ROWS:,} rows of this film, or too long ones"

NO_MOVIE, OVERSIZED_GROUP = 0, -1


def limit_rows(rows: Iterable[ParsedRow]) -> Iterator[ParsedRow]:
    """Yield the rows, valid and broken. Raises UnreadableImport beyond MAXIMUM_ROWS."""
    for count, row in enumerate(rows):
        if count >= MAXIMUM_ROWS:
            raise UnreadableImport(f"There are more than {MAXIMUM_ROWS:,} rows: no single person's history.")
        yield row


class RowIndex:
    """Rows by number in reading order, with the movie matched to each."""

    def __init__(self, spool: RecordSpool) -> None:
        self._spool = spool
        self._places, self._films, self._by_title = array("Q"), array("q"), bytearray()
        self._claims = _Claims()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, record: ImportRecord, match: MovieMatch) -> None:
        self._places.append(self._spool.add(record))
        self._films.append(NO_MOVIE)
        self._by_title.append(False)
        self.set_match(len(self) - 1, record.film, match)

    def set_match(self, number: int, name: MovieReference, match: MovieMatch) -> None:
        self._claims.note(name, match)
        self._films[number] = match.movie_id or NO_MOVIE
        self._by_title[number] = match.by_title

    def record(self, number: int) -> ImportRecord:
        return self._spool.at(self._places[number])

    def doubt_contested(self) -> None:
        """Unmatch rows matched by title if rows with another reference could mean the same movie."""
        for number, film in enumerate(self._films):
            if self._by_title[number] and self._claims.are_several(film):
                self._films[number] = NO_MOVIE

    def pass_over_crowds(self) -> Iterator[int]:
        """Drop rows of a movie beyond the group limit; yields their numbers."""
        together = GroupLimit()
        for film, number in self.with_film():
            if not together.take(film, self.size(number)):
                self._films[number] = OVERSIZED_GROUP
                yield number

    def size(self, number: int) -> int:
        """Return the bytes of a record in the spool."""
        following = self._places[number + 1] if number + 1 < len(self) else self._spool.end
        return following - self._places[number]

    def without_film(self) -> Iterator[int]:
        return (number for number, film in enumerate(self._films) if film == NO_MOVIE)

    def with_film(self) -> Iterator[tuple[int, int]]:
        """Yield movie and number of the matched rows, sorted by movie, then by number."""
        films = np.array(self._films, dtype=np.int64)
        for number in np.argsort(films, kind="stable"):
            if films[number] > NO_MOVIE:
                yield int(films[number]), int(number)


class GroupLimit:
    """Counter of rows and bytes per group; the rows of one group are in memory at once."""

    def __init__(self) -> None:
        self._rows: Counter[Hashable] = Counter()
        self._bytes: Counter[Hashable] = Counter()

    def take(self, key: Hashable, size: int) -> bool:
        """Count a row of `size` bytes if the group has room; returns False otherwise."""
        if not self.has_room(key, size):
            return False
        self.add(key, 1, size)
        return True

    def has_room(self, key: Hashable, size: int) -> bool:
        """Return True if a row fits; the first row of a group always fits."""
        count = self._rows[key]
        return not count or (count < MAXIMUM_GROUP_ROWS and self._bytes[key] + size <= MAXIMUM_GROUP_BYTES)

    def add(self, key: Hashable, count: int, size: int) -> None:
        self._rows[key] += count
        self._bytes[key] += size


class _Claims:
    """References that could mean the same movie: if two different ones do, neither is certain.

    A service with both 'Saw (2003)' and 'Saw (2004)' knows two movies; the catalogue may have only one of them.
    """

    def __init__(self) -> None:
        self._first: dict[int, tuple[int | None, str]] = {}
        self._several: set[int] = set()

    def note(self, name: MovieReference, match: MovieMatch) -> None:
        if match.by_title and match.movie_id is not None:
            self._claim(match.movie_id, name)
        elif not match.movie_id and match.candidates and match.candidates[0].score >= 88:
            self._claim(match.candidates[0].movie_id, name)

    def _claim(self, movie_id: int, name: MovieReference) -> None:
        year, uri = self._first.setdefault(movie_id, (name.year, name.uri))
        # A reference without URI does not contradict one with a URI.
        if year != name.year or (uri and name.uri and uri != name.uri):
            self._several.add(movie_id)
        elif name.uri and not uri:
            self._first[movie_id] = (year, name.uri)

    def are_several(self, movie_id: int) -> bool:
        return movie_id in self._several
