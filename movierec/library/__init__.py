"""What users keep: ratings, favorites, watchlist, history; and taking changes of them back."""

from movierec.library import models  # they say what becomes of rows when films are merged
from movierec.library.apply_changes import Applied, apply, foresee
from movierec.library.changes import (
    FAVORITES,
    FEEDBACK,
    HISTORY,
    MAXIMUM_TAGS,
    RATINGS,
    WATCHLIST,
    Change,
    Place,
    Row,
    Shelf,
    given,
    steps_of,
    to_favorite,
    to_history,
    to_rate,
    to_remove,
    to_watchlist,
)
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
from movierec.library.history import ORDERINGS as HISTORY_ORDERINGS
from movierec.library.history import SeenMovie, add_to_history, history, remove_from_history, seen_movies
from movierec.library.inverse_changes import take_back
from movierec.library.journal import Intent
from movierec.library.movie_state import Standing, standing
from movierec.library.queries import Narrowing
from movierec.library.ratings import ORDERINGS as RATING_ORDERINGS
from movierec.library.ratings import (
    RatedMovie,
    rate,
    rating,
    rating_of,
    ratings,
    revise,
    unrate,
    unrate_movie,
)
from movierec.library.statistics import Counts, Opinion, RatedGroup, Statistics, YearSeen, statistics
from movierec.library.trending import count_without_details, most_rated, without_details
from movierec.library.undo import Deed, Undone, act_of_job, acts, sweep_acts, undo, undo_step
from movierec.library.watchlist import ORDERINGS as WATCHLIST_ORDERINGS
from movierec.library.watchlist import MovieToSee, add_to_watchlist, remove_from_watchlist, watchlist

__all__ = [
    "FAVORITES",
    "FAVORITE_ORDERINGS",
    "FEEDBACK",
    "HISTORY",
    "HISTORY_ORDERINGS",
    "MAXIMUM_TAGS",
    "RATINGS",
    "RATING_ORDERINGS",
    "WATCHLIST",
    "WATCHLIST_ORDERINGS",
    "Applied",
    "Change",
    "Counts",
    "Deed",
    "FavoriteMovie",
    "Intent",
    "MovieToSee",
    "Narrowing",
    "Opinion",
    "Place",
    "RatedGroup",
    "RatedMovie",
    "Row",
    "SeenMovie",
    "Shelf",
    "Standing",
    "Statistics",
    "Undone",
    "YearSeen",
    "act_of_job",
    "acts",
    "add_favorite",
    "add_to_history",
    "add_to_watchlist",
    "annotate_favorite",
    "apply",
    "count_without_details",
    "favorite",
    "favorites",
    "foresee",
    "given",
    "history",
    "is_favorite",
    "models",
    "most_rated",
    "rate",
    "rating",
    "rating_of",
    "ratings",
    "remove_favorite",
    "remove_from_history",
    "remove_from_watchlist",
    "revise",
    "seen_movies",
    "standing",
    "statistics",
    "steps_of",
    "sweep_acts",
    "take_back",
    "to_favorite",
    "to_history",
    "to_rate",
    "to_remove",
    "to_watchlist",
    "undo",
    "undo_step",
    "unrate",
    "unrate_movie",
    "watchlist",
    "without_details",
]
