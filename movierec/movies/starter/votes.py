"""What stands in for votes and popularity until TMDb or ratings say better."""

from __future__ import annotations

from typing import NamedTuple

# Reviews that only one film in a hundred of its time reaches: critics write far more about a film of 2010
# than was kept about one of 1960, and without this scale every list would begin with the latest year.
ERA_CEILING = ((1970, 105.0), (1980, 140.0), (1995, 160.0), (2001, 240.0), (2014, 310.0))
# The critics' mean mark from the share who liked it: least squares over the shipped films that have both.
AVERAGE_OF_NOBODY, AVERAGE_PER_PERCENT = 3.16, 0.0468


class EstimatedVotes(NamedTuple):
    vote_average: float  # 0-10, one decimal
    vote_count: int
    popularity: float  # 0-100 and a little over, three decimals


def estimate_votes(
    meter: int | None, reviews: int | None, year: int | None = None, average: float | None = None
) -> EstimatedVotes:
    """Votes and popularity as the critics would have cast them.

    `vote_average` is the critics' mean mark where known, else the line above; 0 without either.
    `vote_count` is the number of reviews. `popularity` is that number in percent of what the most
    reviewed films of the same years got, half of it weighed by `meter`, so that a classic stands
    beside a recent success and a much-panned film below a much-loved one.
    """
    count = max(reviews or 0, 0)
    if average is None:
        average = 0.0 if meter is None else AVERAGE_OF_NOBODY + AVERAGE_PER_PERCENT * meter
    liked = 0.5 if meter is None else meter / 100
    popularity = 100 * count / _era_ceiling(year) * (0.5 + 0.5 * liked)
    return EstimatedVotes(round(min(max(average, 0.0), 10.0), 1), count, round(popularity, 3))


def _era_ceiling(year: int | None) -> float:
    """Between two years of the table, on the line between them; without a year, the latest."""
    before_year, before = ERA_CEILING[0]
    for this_year, this in ERA_CEILING:
        if year is not None and year <= this_year:
            share = (year - before_year) / max(this_year - before_year, 1)
            return before + (this - before) * max(share, 0.0)
        before_year, before = this_year, this
    return before
