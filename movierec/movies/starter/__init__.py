"""The catalogue that ships with the package: 17,000 films, readable without any database.

Where the facts come from and how to rebuild the file: SOURCE.md beside this module.
"""

from movierec.movies.starter.layout import StarterFilm, read
from movierec.movies.starter.votes import StandIn, stand_in

__all__ = ["StandIn", "StarterFilm", "read", "stand_in"]
