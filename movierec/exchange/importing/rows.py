"""The rows of an import that name a film, some thirty bytes each in memory; what they say is in the spool."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np

from movierec.errors import UnreadableImport
from movierec.exchange.importing.spool import Spool
from movierec.exchange.matching import Match
from movierec.exchange.records import FilmName, Record

# More rows has nobody's own history; what one import holds in memory stays within bounds.
MOST_ROWS = 500_000

NO_FILM = 0


class Rows:
    """Rows by number, in the order they were read."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._places, self._films, self._by_title = array("Q"), array("q"), bytearray()
        self._claims = _Claims()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, record: Record, match: Match) -> None:
        """Raises UnreadableImport beyond MOST_ROWS."""
        if len(self) >= MOST_ROWS:
            raise UnreadableImport(f"There are more than {MOST_ROWS:,} rows: no single person's history.")
        self._places.append(self._spool.add(record))
        self._films.append(NO_FILM)
        self._by_title.append(False)
        self.set_match(len(self) - 1, record.film, match)

    def set_match(self, number: int, name: FilmName, match: Match) -> None:
        self._claims.note(name, match)
        self._films[number] = match.movie_id or NO_FILM
        self._by_title[number] = match.by_title

    def record(self, number: int) -> Record:
        return self._spool.at(self._places[number])

    def doubt_contested(self) -> None:
        """Take the film from rows that have it by title where other rows could mean it too."""
        for number, film in enumerate(self._films):
            if self._by_title[number] and self._claims.are_several(film):
                self._films[number] = NO_FILM

    def without_film(self) -> Iterator[int]:
        return (number for number, film in enumerate(self._films) if film == NO_FILM)

    def with_film(self) -> Iterator[tuple[int, int]]:
        """Film and number of the rows that have one, ordered by film, then by number."""
        films = np.array(self._films, dtype=np.int64)
        for number in np.argsort(films, kind="stable"):
            if films[number] != NO_FILM:
                yield int(films[number]), int(number)


class _Claims:
    """Which names of the import could mean a film: where it is two, none of them is sure of it.

    A service that has both 'Saw (2003)' and 'Saw (2004)' knows them for two films; the catalogue may have one.
    """

    def __init__(self) -> None:
        self._first: dict[int, tuple[int | None, str]] = {}
        self._several: set[int] = set()

    def note(self, name: FilmName, match: Match) -> None:
        if match.by_title and match.movie_id is not None:
            self._claim(match.movie_id, name)
        elif not match.movie_id and match.candidates and match.candidates[0].score >= 88:
            self._claim(match.candidates[0].movie_id, name)

    def _claim(self, movie_id: int, name: FilmName) -> None:
        year, uri = self._first.setdefault(movie_id, (name.year, name.uri))
        # A file without addresses says nothing against one with them.
        if year != name.year or (uri and name.uri and uri != name.uri):
            self._several.add(movie_id)
        elif name.uri and not uri:
            self._first[movie_id] = (year, name.uri)

    def are_several(self, movie_id: int) -> bool:
        return movie_id in self._several
