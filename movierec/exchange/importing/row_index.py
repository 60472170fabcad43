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
TOO_MANY_ROWS = f"there are more than {MAXIMUM_GROUP_ROWS:,} rows of this movie, or too long ones"

# Values in place of a movie id: not matched; matched, but dropped by the group limit.
NO_MOVIE, OVERSIZED_GROUP = 0, -1

# Score from which the best candidate of an uncertain match counts as a claim to its movie.
CLAIMING_SCORE = 88


def limit_rows(rows: Iterable[ParsedRow]) -> Iterator[ParsedRow]:
    """Yield the rows, valid and broken. Raises UnreadableImport beyond MAXIMUM_ROWS."""
    for count, row in enumerate(rows):
        if count >= MAXIMUM_ROWS:
            raise UnreadableImport(
                f"There are more than {MAXIMUM_ROWS:,} rows: not the history of one person."
            )
        yield row


class RowIndex:
    """Rows by number in reading order, with the movie matched to each."""

    def __init__(self, spool: RecordSpool) -> None:
        self._spool = spool
        self._offsets, self._movie_ids, self._by_title = array("Q"), array("q"), bytearray()
        self._claims = _Claims()

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, record: ImportRecord, match: MovieMatch) -> None:
        self._offsets.append(self._spool.add(record))
        self._movie_ids.append(NO_MOVIE)
        self._by_title.append(False)
        self.set_match(len(self) - 1, record.movie, match)

    def set_match(self, number: int, movie: MovieReference, match: MovieMatch) -> None:
        self._claims.add(movie, match)
        self._movie_ids[number] = match.movie_id or NO_MOVIE
        self._by_title[number] = match.by_title

    def record(self, number: int) -> ImportRecord:
        return self._spool.at(self._offsets[number])

    def unmatch_contested(self) -> None:
        """Unmatch rows matched by title if rows with another reference could mean the same movie."""
        for number, movie_id in enumerate(self._movie_ids):
            if self._by_title[number] and self._claims.is_contested(movie_id):
                self._movie_ids[number] = NO_MOVIE

    def drop_oversized_groups(self) -> Iterator[int]:
        """Drop rows of a movie beyond the group limit; yields their numbers."""
        limit = GroupLimit()
        for movie_id, number in self.matched():
            if not limit.try_add(movie_id, self.size(number)):
                self._movie_ids[number] = OVERSIZED_GROUP
                yield number

    def size(self, number: int) -> int:
        """Return the bytes of a record in the spool."""
        end = self._offsets[number + 1] if number + 1 < len(self) else self._spool.end
        return end - self._offsets[number]

    def unmatched(self) -> Iterator[int]:
        """Yield the numbers of the rows without a movie."""
        return (number for number, movie_id in enumerate(self._movie_ids) if movie_id == NO_MOVIE)

    def matched(self) -> Iterator[tuple[int, int]]:
        """Yield movie and number of the matched rows, sorted by movie, then by number."""
        movie_ids = np.array(self._movie_ids, dtype=np.int64)
        for number in np.argsort(movie_ids, kind="stable"):
            if movie_ids[number] > NO_MOVIE:
                yield int(movie_ids[number]), int(number)


class GroupLimit:
    """Counter of rows and bytes per group; the rows of one group are in memory at once."""

    def __init__(self) -> None:
        self._rows: Counter[Hashable] = Counter()
        self._bytes: Counter[Hashable] = Counter()

    def try_add(self, key: Hashable, size: int) -> bool:
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
        self._contested: set[int] = set()

    def add(self, movie: MovieReference, match: MovieMatch) -> None:
        if match.by_title and match.movie_id is not None:
            self._claim(match.movie_id, movie)
        elif not match.movie_id and match.candidates and match.candidates[0].score >= CLAIMING_SCORE:
            self._claim(match.candidates[0].movie_id, movie)

    def _claim(self, movie_id: int, movie: MovieReference) -> None:
        year, uri = self._first.setdefault(movie_id, (movie.year, movie.uri))
        # A reference without URI does not contradict one with a URI.
        if year != movie.year or (uri and movie.uri and uri != movie.uri):
            self._contested.add(movie_id)
        elif movie.uri and not uri:
            self._first[movie_id] = (year, movie.uri)

    def is_contested(self, movie_id: int) -> bool:
        return movie_id in self._contested
