"""Statistics of a user's ratings and viewings: by stars, genre, decade, director and year, and against critics.

A viewing is an entry of the history. A rated movie without one counts as one viewing, in the year of the rating.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from movierec import db

MAXIMUM_BEST = 5
MAXIMUM_DISAGREEMENTS = 10
# The correlation of two movies is always perfect.
MINIMUM_FOR_CORRELATION = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """Totals. `minutes` sums the viewings of movies whose runtime is known."""

    ratings: int
    reviews: int
    favorites: int
    watchlist: int
    films: int
    viewings: int
    rewatches: int
    minutes: int


@dataclass(frozen=True, slots=True)
class RatedGroup:
    """Rated movies that share a genre, decade or director, and their mean rating in stars."""

    name: str
    count: int
    mean: float


@dataclass(frozen=True, slots=True)
class YearSeen:
    """Totals of one year; `year` None collects viewings without a date."""

    year: int | None
    films: int
    viewings: int
    rewatches: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Opinion:
    """A rated movie; `critics_score` is the percentage of critics who liked it."""

    movie_id: int
    title: str
    year: int | None
    stars: float
    critics_score: int | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Ratings against critics' scores. `correlation` is Pearson's r, None for few movies or without variance."""

    films: int
    mean_stars: float | None
    mean_score: float | None
    correlation: float | None
    disagreements: list[Opinion]


@dataclass(frozen=True, slots=True)
class Statistics:
    """All statistics. `histogram` counts ratings of 0.5, 1.0 … 5.0; `months` the viewings of a year by month."""

    counts: Counts
    mean: float | None
    histogram: list[int]
    genres: list[RatedGroup]
    decades: list[RatedGroup]
    directors: list[RatedGroup]
    years: list[YearSeen]
    months: list[int] | None
    best: list[Opinion]
    critics: Agreement


def statistics(user_id: int, *, year: int | None = None, top: int = 10) -> Statistics:
    """Compute the statistics of all movies, or of those seen in a year, with the `top` directors by rated movies."""
    return _Scope(user_id, year).statistics(top)


class _RatingGroup(NamedTuple):
    """Number of rated movies with the same decade, rating and critics' score."""

    decade: int | None
    steps: float
    score: int | None
    movies: int
    reviews: int


class _Scope:
    """Ratings and viewings in scope, as the common table expressions `rated` and `seen` of every query."""

    def __init__(self, user_id: int, year: int | None) -> None:
        year_of, month_of = _YEAR_AND_MONTH[db.is_postgres()]
        self._user_id = user_id
        self._year = None if year is None else f"{year:04}"
        self._tables = (
            "WITH every AS (SELECT movie_id, SUBSTR(watched_at, 1, 4) AS year, SUBSTR(watched_at, 6, 2) AS month, "
            "CASE WHEN rewatch THEN 1 ELSE 0 END AS again FROM history WHERE user_id = ? UNION ALL "
            f"SELECT movie_id, {year_of}, {month_of}, 0 FROM ratings WHERE user_id = ? "
            "AND movie_id NOT IN (SELECT movie_id FROM history WHERE user_id = ?)), "
            "seen AS (SELECT * FROM every WHERE CAST(? AS TEXT) IS NULL OR year = ?), "
            "rated AS (SELECT * FROM ratings WHERE user_id = ? "
            "AND (CAST(? AS TEXT) IS NULL OR movie_id IN (SELECT movie_id FROM seen))) "
        )
        self._values = (*[user_id] * 3, *[self._year] * 2, user_id, self._year)

    def statistics(self, top: int) -> Statistics:
        # Histogram, mean, decades and agreement are computed from these counts instead of by queries of their own.
        groups = [
            _RatingGroup._make(row)
            for row in self._rows(
                "SELECT movies.year / 10 * 10, steps, critics_score, COUNT(*), "
                "SUM(CASE WHEN review <> '' THEN 1 ELSE 0 END) FROM rated JOIN movies ON movies.id = movie_id "
                "GROUP BY 1, steps, critics_score"
            )
        ]
        histogram = [sum(group.movies for group in groups if group.steps == step) for step in range(1, 11)]
        years = self._years()
        return Statistics(
            counts=self._counts(sum(histogram), sum(group.reviews for group in groups), years),
            mean=_mean((step, count) for step, count in enumerate(histogram, 1)),
            histogram=histogram,
            genres=self._groups("genres", "genre_id", "movie_genres", limit=1000),
            decades=_decades(groups),
            directors=self._groups("people", "person_id", "credits", "role = 'director'", limit=top),
            years=years,
            months=None if self._year is None else self._months(),
            best=self._opinions("steps DESC, rated.updated_at DESC, rated.id DESC", MAXIMUM_BEST),
            critics=self._agreement(groups),
        )

    def _rows(self, sql: str, *values: object) -> list[db.Row]:
        return db.rows(self._tables + sql, *self._values, *values)

    def _counts(self, ratings: int, reviews: int, years: Sequence[YearSeen]) -> Counts:
        [(favorites,)] = self._rows(
            "SELECT COUNT(*) FROM favorites WHERE user_id = ? "
            "AND (CAST(? AS TEXT) IS NULL OR movie_id IN (SELECT movie_id FROM seen))",
            self._user_id,
            self._year,
        )
        watchlist = db.value("SELECT COUNT(*) FROM watchlist WHERE user_id = ?", self._user_id)
        films, viewings, rewatches, minutes = (
            sum(getattr(year, name) for year in years)
            for name in ("films", "viewings", "rewatches", "minutes")
        )
        if self._year is None:  # a movie may have been seen in several years
            films = db.value(
                "SELECT COUNT(*) FROM (SELECT movie_id FROM history WHERE user_id = ? "
                "UNION SELECT movie_id FROM ratings WHERE user_id = ?) AS films",
                self._user_id,
                self._user_id,
            )
        return Counts(ratings, reviews, favorites, watchlist, films, viewings, rewatches, minutes)

    def _groups(
        self, table: str, key: str, joined: str, condition: str = "TRUE", *, limit: int
    ) -> list[RatedGroup]:
        """Group rated movies by a column of `joined`, largest group first."""
        rows = self._rows(
            f"SELECT name, films, mean FROM (SELECT {key}, COUNT(*) AS films, AVG(steps) AS mean FROM rated "
            f"JOIN {joined} ON {joined}.movie_id = rated.movie_id AND {condition} "
            f"GROUP BY {key} ORDER BY 2 DESC, 3 DESC, 1 LIMIT ?) AS groups JOIN {table} ON {table}.id = {key} "
            f"ORDER BY films DESC, mean DESC, {key}",
            limit,
        )
        return [RatedGroup(name, count, round(steps / 2, 2)) for name, count, steps in rows]

    def _years(self) -> list[YearSeen]:
        rows = self._rows(
            "SELECT seen.year, COUNT(DISTINCT movie_id), COUNT(*), SUM(again), COALESCE(SUM(runtime), 0) "
            "FROM seen JOIN movies ON movies.id = movie_id GROUP BY seen.year ORDER BY seen.year DESC"
        )
        return [YearSeen(int(year) if year else None, *numbers) for year, *numbers in rows]

    def _months(self) -> list[int]:
        counts: dict[str, int] = dict(self._rows("SELECT month, COUNT(*) FROM seen GROUP BY month"))
        return [counts.get(f"{month:02}", 0) for month in range(1, 13)]

    def _opinions(self, order: str, limit: int, condition: str = "TRUE") -> list[Opinion]:
        rows = self._rows(
            "SELECT movies.id, title, movies.year, steps, critics_score FROM rated "
            f"JOIN movies ON movies.id = movie_id WHERE {condition} ORDER BY {order} LIMIT ?",
            limit,
        )
        return [
            Opinion(movie_id, title, year, steps / 2, score) for movie_id, title, year, steps, score in rows
        ]

    def _agreement(self, groups: Sequence[_RatingGroup]) -> Agreement:
        pairs = [(group.steps, group.score, group.movies) for group in groups if group.score is not None]
        films = sum(count for *_, count in pairs)
        score = sum(score * count for _, score, count in pairs) / films if films else None
        return Agreement(
            films=films,
            mean_stars=_mean((steps, count) for steps, _, count in pairs),
            mean_score=None if score is None else round(score, 1),
            correlation=_correlation(pairs) if films >= MINIMUM_FOR_CORRELATION else None,
            disagreements=self._opinions(
                "ABS(steps * 10 - critics_score) DESC, movies.id",
                MAXIMUM_DISAGREEMENTS,
                "critics_score IS NOT NULL",
            ),
        )


# Year and month in UTC of a time in seconds since the epoch: on SQLite, on PostgreSQL.
_YEAR_AND_MONTH = (
    tuple(f"STRFTIME('{part}', created_at, 'unixepoch')" for part in ("%Y", "%m")),
    tuple(f"TO_CHAR(TO_TIMESTAMP(created_at) AT TIME ZONE 'UTC', '{part}')" for part in ("YYYY", "MM")),
)


def _decades(groups: Sequence[_RatingGroup]) -> list[RatedGroup]:
    ratings: dict[int, list[tuple[float, int]]] = {}
    for group in groups:
        if group.decade is not None:
            ratings.setdefault(group.decade, []).append((group.steps, group.movies))
    return [
        RatedGroup(str(decade), sum(count for _, count in counts), _mean(counts) or 0)
        for decade, counts in sorted(ratings.items())
    ]


def _mean(counts: Iterable[tuple[float, int]]) -> float | None:
    """Return the mean in stars of pairs (steps, count)."""
    count, total = 0, 0.0
    for steps, number in counts:
        count, total = count + number, total + steps * number
    return round(total / 2 / count, 2) if count else None


def _correlation(pairs: Sequence[tuple[float, int, int]]) -> float | None:
    """Return Pearson's r of triples (x, y, count)."""
    count = sum(n for *_, n in pairs)
    mean_x = sum(x * n for x, _, n in pairs) / count
    mean_y = sum(y * n for _, y, n in pairs) / count
    spread_x = math.sqrt(sum((x - mean_x) ** 2 * n for x, _, n in pairs))
    spread_y = math.sqrt(sum((y - mean_y) ** 2 * n for _, y, n in pairs))
    if not spread_x or not spread_y:
        return None
    together: float = sum((x - mean_x) * (y - mean_y) * n for x, y, n in pairs)
    return round(together / (spread_x * spread_y), 3)
