"""Estimates of votes and popularity from the critics', used until TMDb or ratings have real ones."""

from __future__ import annotations

from typing import NamedTuple

# Year, and the number of reviews that one movie in a hundred of that time exceeds: critics write far more about a
# movie of 2010 than was kept about one of 1960. Without this scale every list would begin with the latest year.
ERA_CEILING = ((1970, 105.0), (1980, 140.0), (1995, 160.0), (2001, 240.0), (2014, 310.0))
# The critics' mean mark, estimated from the share who liked the movie: a least-squares fit over the shipped movies
# that have both.
AVERAGE_OF_NOBODY, AVERAGE_PER_PERCENT = 3.16, 0.0468


class EstimatedVotes(NamedTuple):
    """Estimates on TMDb's scales."""

    vote_average: float  # 0-10, one decimal
    vote_count: int
    popularity: float  # 0-100 and a little over, three decimals


def estimate_votes(
    meter: int | None, reviews: int | None, year: int | None = None, average: float | None = None
) -> EstimatedVotes:
    """Estimate votes and popularity from the critics' reviews.

    `vote_average` is the critics' mean mark if known, else AVERAGE_OF_NOBODY + AVERAGE_PER_PERCENT · meter; 0
    without either. `vote_count` is the number of reviews. `popularity` is that number in percent of
    ERA_CEILING, times 0.5 + meter / 200: a classic ranks beside a recent success, and a much-panned movie below
    a much-loved one.
    """
    count = max(reviews or 0, 0)
    if average is None:
        average = 0.0 if meter is None else AVERAGE_OF_NOBODY + AVERAGE_PER_PERCENT * meter
    liked = 0.5 if meter is None else meter / 100
    popularity = 100 * count / _era_ceiling(year) * (0.5 + 0.5 * liked)
    return EstimatedVotes(round(min(max(average, 0.0), 10.0), 1), count, round(popularity, 3))


def _era_ceiling(year: int | None) -> float:
    """Interpolate ERA_CEILING linearly; the last value without a year."""
    previous_year, previous = ERA_CEILING[0]
    for next_year, ceiling in ERA_CEILING:
        if year is not None and year <= next_year:
            share = (year - previous_year) / max(next_year - previous_year, 1)
            return previous + (ceiling - previous) * max(share, 0.0)
        previous_year, previous = next_year, ceiling
    return previous
