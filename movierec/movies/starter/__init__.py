"""The catalogue that ships with the package: 17,000 films, readable without any database.

Where the facts come from and how to rebuild the file: SOURCE.md beside this module.
"""

from movierec.movies.starter.layout import StarterMovie, read
from movierec.movies.starter.votes import EstimatedVotes, estimate_votes

__all__ = ["EstimatedVotes", "StarterMovie", "estimate_votes", "read"]
