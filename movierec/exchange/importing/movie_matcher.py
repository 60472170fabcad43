"""Matching of imported rows to movies of the catalogue: by ids, else by title and year. Uncertain matches are reviewed.

A title alone is not enough. It matches only with its year, only if no other movie of the catalogue is close, and
among movies of the same title only the best known one: any other could be a movie that the catalogue lacks.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Indel

from movierec.exchange.movielens.titles import parse_title
from movierec.exchange.readers.records import MovieReference
from movierec.movies import IndexedMovie, title_forms

# Minimum similarity of titles (0 to 1) and maximum distance of years for a candidate.
MINIMUM_SIMILARITY = 0.85
MAXIMUM_YEARS_APART = 3
MAXIMUM_CANDIDATES = 8
# Points off the score of 100 by the distance of years, and for an unknown year.
YEAR_PENALTIES = (0, 5, 12, 16)
UNKNOWN_YEAR_PENALTY = 10

# References that repeat: in a diary, in several files of one export.
CACHED_MATCHES = 20_000

ID_FIELDS = ("imdb_id", "tmdb_id", "movielens_id", "own_id")


class MatchCandidate(NamedTuple):
    """A movie that the row may refer to; `score` is at most 100."""

    movie_id: int
    score: int


class MovieMatch(NamedTuple):
    """A certain `movie_id`, or candidates to review, or neither."""

    movie_id: int | None
    candidates: tuple[MatchCandidate, ...] = ()
    why: str = ""
    by_title: bool = False


class ReviewDecision(NamedTuple):
    """A user's earlier decision about a reference; `movie_id` None: do not import it."""

    uri: str
    movie_id: int | None


SKIPPED_BY_USER = MovieMatch(None, why="you chose to leave it out")
NO_MATCH = MovieMatch(None, why="no film of the catalogue is called so")


LONGEST_KEY_BYTES = 1_000


def reference_key(name: MovieReference) -> str:
    """Return the key under which decisions are stored: the strongest id, else title and year."""
    for column in ID_FIELDS:
        if (told := getattr(name, column)) is not None:
            return f"{column.removesuffix('_id')}:{told}"
    told = f"title:{name.title.casefold()}:{name.year or ''}"
    # The key is part of an index, whose entries PostgreSQL limits.
    if len(told.encode()) > LONGEST_KEY_BYTES:
        return f"digest:{hashlib.sha256(told.encode()).hexdigest()}"
    return told


class MovieMatcher:
    """Index of the catalogue in memory, about 600 bytes per movie."""

    def __init__(
        self,
        films: Iterable[IndexedMovie],
        titles: Iterable[tuple[int, str]],
        aliases: Iterable[tuple[str, str | int, int]] = (),
        choices: Mapping[str, list[ReviewDecision]] | None = None,
    ) -> None:
        self._films: dict[int, IndexedMovie] = {}
        self._by: dict[str, dict[object, int]] = {column: {} for column in ID_FIELDS}
        self._titles: defaultdict[str, list[int]] = defaultdict(list)
        self._parts: defaultdict[str, list[int]] = defaultdict(list)
        self._lengths: defaultdict[int, list[str]] = defaultdict(list)
        self._choices = choices or {}
        self.match = lru_cache(CACHED_MATCHES)(self._match)
        self.add(films, titles)
        for column, told, movie_id in aliases:
            self._by[column].setdefault(told, movie_id)

    def add(self, films: Iterable[IndexedMovie], titles: Iterable[tuple[int, str]]) -> None:
        """Add movies that were stored later."""
        for film in films:
            self._films[film.id] = film
            for column, known in self._by.items():
                if (told := getattr(film, column)) is not None:
                    known[told] = film.id
            for part in title_forms(film.title).parts if ":" in film.title or " - " in film.title else ():
                self._parts[part].append(film.id)
        for movie_id, compact in titles:
            if compact not in self._titles:
                self._lengths[len(compact)].append(compact)
            self._titles[compact].append(movie_id)
        self.match.cache_clear()

    @property
    def highest_id(self) -> int:
        return max(self._films, default=0)

    def film(self, movie_id: int) -> IndexedMovie:
        return self._films[movie_id]

    def _match(self, name: MovieReference) -> MovieMatch:
        chosen = self._chosen(name)
        if chosen is not None:
            return chosen
        return self._by_ids(name) or self._by_title(name)

    def _chosen(self, name: MovieReference) -> MovieMatch | None:
        """Return the earlier decision, unless it was about another movie of the same key."""
        found = {
            choice.movie_id
            for choice in self._choices.get(reference_key(name), ())
            if not (choice.uri and name.uri and choice.uri != name.uri)
        }
        if len(found) != 1:
            return None
        movie_id = found.pop()
        if movie_id is None:
            return SKIPPED_BY_USER
        return MovieMatch(movie_id) if movie_id in self._films else None

    def _by_ids(self, name: MovieReference) -> MovieMatch | None:
        """Match by ids; None if the catalogue has none of them."""
        told = {column: getattr(name, column) for column in ID_FIELDS}
        found = {self._by[column][value] for column, value in told.items() if value in self._by[column]}
        if not found:
            return None
        candidates = tuple(MatchCandidate(movie_id, 100) for movie_id in sorted(found))
        if len(found) > 1:
            return MovieMatch(None, candidates, "its ids are of different films")
        film = self._films[candidates[0].movie_id]
        if self._contradicts(name, film) and not (
            name.title and self._is_called(name, film) and name.year == film.year
        ):
            return MovieMatch(None, candidates, "one of its ids is of this film, another is not")
        return MovieMatch(film.id)

    def _by_title(self, name: MovieReference) -> MovieMatch:
        keys = tuple(_keys(name))
        if not keys:
            return NO_MATCH
        called = {movie_id for key in keys for movie_id in self._titles.get(key, ())}
        candidates = self._scored(name, keys, called)
        best = candidates[0] if candidates else None
        if best is None:
            return NO_MATCH
        why = self._doubt(name, best, called)
        if not why:
            return MovieMatch(best.movie_id, candidates, by_title=True)
        return MovieMatch(None, candidates, why)

    def _doubt(self, name: MovieReference, best: MatchCandidate, called: set[int]) -> str:
        """Return the reason why the best candidate is uncertain; empty if it is certain."""
        film = self._films[best.movie_id]
        if film.id not in called:
            return "only films with titles like it are known"
        if name.year is None or film.year is None:
            return "without a year, a title may be of several films"
        if film.year != name.year:
            return f"a film called so is known, but of {film.year}"
        if self._contradicts(name, film):
            return "a film called so is known, but under another id"
        if name.own_id is not None and film.own_id is None:
            return "a film called so is known, but this one has an id that only movierec gave it"
        near = [
            other for other in called if other != film.id and self._years_apart(name, other) in (0, 1, None)
        ]
        if near:
            return "several films are called so in these years"
        if not self._is_called(name, film):
            return "a film called so is known, but for an article"
        if any(self._films[other].popularity > film.popularity for other in called):
            return "of several films called so this is not the best known"
        return ""

    def _contradicts(self, name: MovieReference, film: IndexedMovie) -> bool:
        """Like `has_conflicting_ids`, but ignore ids of movies that were merged into this one."""
        own: dict[str, Any] = {
            column: None for column in ID_FIELDS if self._by[column].get(getattr(name, column)) == film.id
        }
        return has_conflicting_ids(replace(name, **own), film)

    def _is_called(self, name: MovieReference, film: IndexedMovie) -> bool:
        """Compare full titles, articles included."""
        known = {title_forms(title).full for title in (film.title, film.original_title) if title}
        return any(title_forms(title).full in known for title in _titles(name))

    def _scored(
        self, name: MovieReference, keys: tuple[str, ...], called: set[int]
    ) -> tuple[MatchCandidate, ...]:
        alike = dict.fromkeys(called, 100.0)
        for key in keys:
            for movie_id in self._parts.get(key, ()):
                alike.setdefault(movie_id, 90.0)
            # Without a year, too many titles are similar.
            for title, likeness in self._like(key) if name.year and not called else ():
                for movie_id in self._titles[title]:
                    alike.setdefault(movie_id, 100 * likeness)
        scored = (
            (likeness - penalty, self._films[movie_id].popularity, movie_id)
            for movie_id, likeness in alike.items()
            if (penalty := self._penalty(name, movie_id)) is not None
        )
        best = heapq.nlargest(MAXIMUM_CANDIDATES, scored)
        return tuple(MatchCandidate(movie_id, round(score)) for score, _, movie_id in best)

    def _like(self, key: str) -> Iterator[tuple[str, float]]:
        shortest, longest = int(len(key) * MINIMUM_SIMILARITY), int(len(key) / MINIMUM_SIMILARITY) + 1
        for length in range(max(shortest, 4), longest + 1):
            titles = self._lengths.get(length)
            if titles:
                found = process.extract(
                    key,
                    titles,
                    scorer=Indel.normalized_similarity,
                    score_cutoff=MINIMUM_SIMILARITY,
                    limit=3,
                    processor=None,
                )
                yield from ((title, likeness) for title, likeness, _ in found)

    def _years_apart(self, name: MovieReference, movie_id: int) -> int | None:
        year = self._films[movie_id].year
        return None if year is None or name.year is None else abs(year - name.year)

    def _penalty(self, name: MovieReference, movie_id: int) -> int | None:
        """Return the points off for the distance of years; None: too far, another movie."""
        apart = self._years_apart(name, movie_id)
        if apart is None:
            return UNKNOWN_YEAR_PENALTY
        return YEAR_PENALTIES[apart] if apart <= MAXIMUM_YEARS_APART else None


def has_conflicting_ids(name: MovieReference, film: IndexedMovie) -> bool:
    """Return True if both have an id of the same service and the ids differ."""
    pairs = ((getattr(name, column), getattr(film, column)) for column in ID_FIELDS)
    return any(told is not None and known is not None and told != known for told, known in pairs)


@lru_cache(4096)
def _titles(name: MovieReference) -> tuple[str, ...]:
    """Return all titles of a reference, also split at parentheses."""
    told = [title for title in (name.title, name.original_title) if title]
    parsed = [parse_title(title) for title in told if "(" in title]
    more = [title for one in parsed for title in (one.title, one.original) if title]
    return tuple(dict.fromkeys([*told, *more]))


def _keys(name: MovieReference) -> Iterable[str]:
    return dict.fromkeys(compact for title in _titles(name) if (compact := title_forms(title).compact))
