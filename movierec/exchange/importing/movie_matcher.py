"""Matching of imported rows to movies of the catalogue: by ids, else by title and year.

Uncertain matches are queued for review, never guessed. A title alone is not enough: it matches only with its year,
only if no other movie of the catalogue is close, and among movies of the same title only the best known one. Any
other could be a movie that the catalogue lacks.
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
NO_MATCH = MovieMatch(None, why="no movie of the catalogue has this title")


LONGEST_KEY_BYTES = 1_000


def reference_key(reference: MovieReference) -> str:
    """Return the key under which decisions are stored: the strongest id, else title and year."""
    for field in ID_FIELDS:
        if (value := getattr(reference, field)) is not None:
            return f"{field.removesuffix('_id')}:{value}"
    key = f"title:{reference.title.casefold()}:{reference.year or ''}"
    # The key is part of an index, whose entries PostgreSQL limits.
    if len(key.encode()) > LONGEST_KEY_BYTES:
        return f"digest:{hashlib.sha256(key.encode()).hexdigest()}"
    return key


class MovieMatcher:
    """Index of the catalogue in memory, about 600 bytes per movie."""

    def __init__(
        self,
        movies: Iterable[IndexedMovie],
        titles: Iterable[tuple[int, str]],
        aliases: Iterable[tuple[str, str | int, int]] = (),
        decisions: Mapping[str, list[ReviewDecision]] | None = None,
    ) -> None:
        self._movies: dict[int, IndexedMovie] = {}
        self._by_id: dict[str, dict[object, int]] = {field: {} for field in ID_FIELDS}
        self._titles: defaultdict[str, list[int]] = defaultdict(list)
        self._parts: defaultdict[str, list[int]] = defaultdict(list)
        self._by_length: defaultdict[int, list[str]] = defaultdict(list)
        self._decisions = decisions or {}
        self.match = lru_cache(CACHED_MATCHES)(self._match)
        self.add(movies, titles)
        for field, value, movie_id in aliases:
            self._by_id[field].setdefault(value, movie_id)

    def add(self, movies: Iterable[IndexedMovie], titles: Iterable[tuple[int, str]]) -> None:
        """Add movies that were stored later."""
        for movie in movies:
            self._movies[movie.id] = movie
            for field, ids in self._by_id.items():
                if (value := getattr(movie, field)) is not None:
                    ids[value] = movie.id
            for part in title_forms(movie.title).parts if ":" in movie.title or " - " in movie.title else ():
                self._parts[part].append(movie.id)
        for movie_id, compact in titles:
            if compact not in self._titles:
                self._by_length[len(compact)].append(compact)
            self._titles[compact].append(movie_id)
        self.match.cache_clear()

    @property
    def highest_id(self) -> int:
        return max(self._movies, default=0)

    def movie(self, movie_id: int) -> IndexedMovie:
        return self._movies[movie_id]

    def _match(self, reference: MovieReference) -> MovieMatch:
        decided = self._by_decision(reference)
        if decided is not None:
            return decided
        return self._by_ids(reference) or self._by_title(reference)

    def _by_decision(self, reference: MovieReference) -> MovieMatch | None:
        """Return the earlier decision, unless it was about another movie of the same key."""
        movie_ids = {
            decision.movie_id
            for decision in self._decisions.get(reference_key(reference), ())
            if not (decision.uri and reference.uri and decision.uri != reference.uri)
        }
        if len(movie_ids) != 1:
            return None
        movie_id = movie_ids.pop()
        if movie_id is None:
            return SKIPPED_BY_USER
        return MovieMatch(movie_id) if movie_id in self._movies else None

    def _by_ids(self, reference: MovieReference) -> MovieMatch | None:
        """Match by ids; None if the catalogue has none of them."""
        ids = {field: getattr(reference, field) for field in ID_FIELDS}
        movie_ids = {self._by_id[field][value] for field, value in ids.items() if value in self._by_id[field]}
        if not movie_ids:
            return None
        candidates = tuple(MatchCandidate(movie_id, 100) for movie_id in sorted(movie_ids))
        if len(movie_ids) > 1:
            return MovieMatch(None, candidates, "its ids belong to different movies")
        movie = self._movies[candidates[0].movie_id]
        if self._conflicts(reference, movie) and not (
            reference.title and self._has_same_title(reference, movie) and reference.year == movie.year
        ):
            return MovieMatch(None, candidates, "one of its ids belongs to this movie, another does not")
        return MovieMatch(movie.id)

    def _by_title(self, reference: MovieReference) -> MovieMatch:
        keys = tuple(_keys(reference))
        if not keys:
            return NO_MATCH
        same_title = {movie_id for key in keys for movie_id in self._titles.get(key, ())}
        candidates = self._candidates(reference, keys, same_title)
        best = candidates[0] if candidates else None
        if best is None:
            return NO_MATCH
        why = self._doubt(reference, best, same_title)
        if not why:
            return MovieMatch(best.movie_id, candidates, by_title=True)
        return MovieMatch(None, candidates, why)

    def _doubt(self, reference: MovieReference, best: MatchCandidate, same_title: set[int]) -> str:
        """Return the reason why the best candidate is uncertain; empty if it is certain."""
        movie = self._movies[best.movie_id]
        if movie.id not in same_title:
            return "only movies with similar titles are known"
        if reference.year is None or movie.year is None:
            return "without a year, the title may mean several movies"
        if movie.year != reference.year:
            return f"a movie with this title is known, but of {movie.year}"
        if self._conflicts(reference, movie):
            return "a movie with this title is known, but under another id"
        if reference.own_id is not None and movie.own_id is None:
            return "a movie with this title is known, but the imported one has a movierec id of its own"
        close = [
            other
            for other in same_title
            if other != movie.id and self._years_apart(reference, other) in (0, 1, None)
        ]
        if close:
            return "several movies have this title in these years"
        if not self._has_same_title(reference, movie):
            return "a movie with this title is known, but with another article"
        if any(self._movies[other].popularity > movie.popularity for other in same_title):
            return "of several movies with this title, this is not the best known"
        return ""

    def _conflicts(self, reference: MovieReference, movie: IndexedMovie) -> bool:
        """Like `has_conflicting_ids`, but ignore ids of movies that were merged into this one."""
        own: dict[str, Any] = {
            field: None
            for field in ID_FIELDS
            if self._by_id[field].get(getattr(reference, field)) == movie.id
        }
        return has_conflicting_ids(replace(reference, **own), movie)

    def _has_same_title(self, reference: MovieReference, movie: IndexedMovie) -> bool:
        """Compare full titles, articles included."""
        titles = {title_forms(title).full for title in (movie.title, movie.original_title) if title}
        return any(title_forms(title).full in titles for title in _titles(reference))

    def _candidates(
        self, reference: MovieReference, keys: tuple[str, ...], same_title: set[int]
    ) -> tuple[MatchCandidate, ...]:
        """Score movies by similarity of title and distance of years; the best first."""
        similarities = dict.fromkeys(same_title, 100.0)
        for key in keys:
            for movie_id in self._parts.get(key, ()):
                similarities.setdefault(movie_id, 90.0)
            # Without a year, too many titles are similar.
            for title, similarity in self._similar(key) if reference.year and not same_title else ():
                for movie_id in self._titles[title]:
                    similarities.setdefault(movie_id, 100 * similarity)
        scores = (
            (similarity - penalty, self._movies[movie_id].popularity, movie_id)
            for movie_id, similarity in similarities.items()
            if (penalty := self._penalty(reference, movie_id)) is not None
        )
        best = heapq.nlargest(MAXIMUM_CANDIDATES, scores)
        return tuple(MatchCandidate(movie_id, round(score)) for score, _, movie_id in best)

    def _similar(self, key: str) -> Iterator[tuple[str, float]]:
        """Yield similar titles and their similarity; only titles of similar length can be."""
        shortest, longest = int(len(key) * MINIMUM_SIMILARITY), int(len(key) / MINIMUM_SIMILARITY) + 1
        for length in range(max(shortest, 4), longest + 1):
            titles = self._by_length.get(length)
            if titles:
                best = process.extract(
                    key,
                    titles,
                    scorer=Indel.normalized_similarity,
                    score_cutoff=MINIMUM_SIMILARITY,
                    limit=3,
                    processor=None,
                )
                yield from ((title, similarity) for title, similarity, _ in best)

    def _years_apart(self, reference: MovieReference, movie_id: int) -> int | None:
        year = self._movies[movie_id].year
        return None if year is None or reference.year is None else abs(year - reference.year)

    def _penalty(self, reference: MovieReference, movie_id: int) -> int | None:
        """Return the points off for the distance of years; None: too far, another movie."""
        apart = self._years_apart(reference, movie_id)
        if apart is None:
            return UNKNOWN_YEAR_PENALTY
        return YEAR_PENALTIES[apart] if apart <= MAXIMUM_YEARS_APART else None


def has_conflicting_ids(reference: MovieReference, movie: IndexedMovie) -> bool:
    """Return True if both have an id of the same service and the ids differ."""
    pairs = ((getattr(reference, field), getattr(movie, field)) for field in ID_FIELDS)
    return any(one is not None and other is not None and one != other for one, other in pairs)


@lru_cache(4096)
def _titles(reference: MovieReference) -> tuple[str, ...]:
    """Return all titles of a reference, also split at parentheses."""
    titles = [title for title in (reference.title, reference.original_title) if title]
    parsed = [parse_title(title) for title in titles if "(" in title]
    more = [title for parts in parsed for title in (parts.title, parts.original) if title]
    return tuple(dict.fromkeys([*titles, *more]))


def _keys(reference: MovieReference) -> Iterable[str]:
    return dict.fromkeys(compact for title in _titles(reference) if (compact := title_forms(title).compact))
