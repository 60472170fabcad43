"""The catalogue that ships with the package: 17,000 movies, readable without any database.

SOURCE.md beside this module names the source of the facts and says how to rebuild the file.
"""

from movierec.movies.starter.layout import StarterMovie, read
from movierec.movies.starter.votes import EstimatedVotes, estimate_votes

__all__ = ["EstimatedVotes", "StarterMovie", "estimate_votes", "read"]
