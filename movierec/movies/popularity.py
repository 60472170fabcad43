"""One scale of popularity for all sources: 0 to 100 and a little over."""

from __future__ import annotations

import math

# Percentiles of the shipped movies, which define this scale, against the votes that as many movies have on TMDb:
# 10,000 votes correspond to the 97th, 1,000 to the 70th, 100 to the 25th.
PER_VOTE, POWER = 0.3, 0.6
# TMDb's own popularity measures the interest of one day: some tens for a classic, 200 for a current topic.
PER_INTEREST, MAXIMUM_INTEREST = 0.5, 100.0

# Percentiles of the same movies by reviews against votes: 24 reviews correspond to 500 votes, 390 to 37,000.
REVIEWS_PER_VOTE, REVIEWS_POWER = 0.45, 0.65


def equivalent_reviews(votes: float) -> float:
    """Convert votes on TMDb to the number of critics' reviews that says as much, to compare movies of both."""
    return REVIEWS_PER_VOTE * math.pow(votes, REVIEWS_POWER)


def popularity(votes: int, interest: float) -> float:
    """Compute the popularity from TMDb's `vote_count` and `popularity` (`interest`).

    max(PER_VOTE · votes^POWER, min(PER_INTEREST · interest, MAXIMUM_INTEREST)): votes last while interest
    passes, but a movie of this week has few votes yet. TMDb's number alone would put a hundred new movies
    before every classic, each with the value of the day on which it was fetched.
    """
    from_votes = PER_VOTE * math.pow(votes, POWER)
    return round(max(from_votes, min(PER_INTEREST * interest, MAXIMUM_INTEREST)), 3)
