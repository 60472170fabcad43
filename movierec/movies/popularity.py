"""How well known a film is, on one scale whatever source tells it: 0 to 100 and a little over."""

from __future__ import annotations

import math

# Percentiles of the shipped films, whose scale this is, against the votes that as many films have on TMDb:
# 10,000 votes stand where the 97th does, 1,000 where the 70th, 100 where the 25th.
PER_VOTE, POWER = 0.3, 0.6
# TMDb's own popularity is the interest of one day: some tens for a classic, 200 for what is talked about.
PER_INTEREST, MOST_INTEREST = 0.5, 100.0


# The same films' percentiles of reviews against votes: 24 reviews stand where 500 votes do, 390 where 37,000 do.
REVIEWS_PER_VOTE, REVIEWS_POWER = 0.45, 0.65


def equivalent_reviews(votes: float) -> float:
    """How many reviews tell as much of a film as so many votes on TMDb: for who compares films of both."""
    return REVIEWS_PER_VOTE * math.pow(votes, REVIEWS_POWER)


def popularity(votes: int, interest: float) -> float:
    """From TMDb's `vote_count` and `popularity`.

    What people vote on stays; what they look at passes, but a film of this week has few votes yet. TMDb's
    number alone would put a hundred new films before every classic, each as it was on the day it was read.
    """
    known = PER_VOTE * math.pow(votes, POWER)
    return round(max(known, min(PER_INTEREST * interest, MOST_INTEREST)), 3)
