"""What users keep: ratings and favorites."""

from movierec.library.activity import most_rated
from movierec.library.favorites import ORDERINGS as FAVORITE_ORDERINGS
from movierec.library.favorites import (
    FavoriteMovie,
    add_favorite,
    annotate_favorite,
    favorite,
    favorites,
    is_favorite,
    remove_favorite,
)
from movierec.library.ratings import ORDERINGS as RATING_ORDERINGS
from movierec.library.ratings import (
    RatedMovie,
    rate,
    rating,
    rating_of,
    ratings,
    revise,
    steps_of,
    unrate,
    unrate_movie,
)
from movierec.library.standing import Standing, standing

__all__ = [
    "FAVORITE_ORDERINGS",
    "RATING_ORDERINGS",
    "FavoriteMovie",
    "RatedMovie",
    "Standing",
    "add_favorite",
    "annotate_favorite",
    "favorite",
    "favorites",
    "is_favorite",
    "most_rated",
    "rate",
    "rating",
    "rating_of",
    "ratings",
    "remove_favorite",
    "revise",
    "standing",
    "steps_of",
    "unrate",
    "unrate_movie",
]
