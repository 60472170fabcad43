"""What users keep: ratings, favorites, watchlist, history; and taking changes of them back."""

from movierec.library import models  # they say what becomes of rows when films are merged
from movierec.library.apply_changes import ApplyResult, apply, preview
from movierec.library.changes import (
    FAVORITES,
    FEEDBACK,
    HISTORY,
    MAXIMUM_TAGS,
    RATINGS,
    WATCHLIST,
    LibraryChange,
    LibraryTable,
    RowKey,
    RowValues,
    favorite_change,
    rating_change,
    removal_change,
    stars_to_steps,
    viewing_change,
    watchlist_change,
    without_none,
)
from movierec.library.favorites import ORDERINGS as FAVORITE_ORDERINGS
from movierec.library.favorites import (
    FavoriteMovie,
    add_favorite,
    favorite,
    favorites,
    is_favorite,
    remove_favorite,
    update_favorite,
)
from movierec.library.history import ORDERINGS as HISTORY_ORDERINGS
from movierec.library.history import SeenMovie, add_to_history, history, remove_from_history, seen_movie_ids
from movierec.library.inverse_changes import undo_entry
from movierec.library.journal import RowChange
from movierec.library.movie_state import MovieState, movie_state
from movierec.library.queries import LibraryFilter
from movierec.library.ratings import ORDERINGS as RATING_ORDERINGS
from movierec.library.ratings import (
    RatedMovie,
    delete_rating,
    delete_rating_of_movie,
    rate,
    rating,
    rating_of_movie,
    ratings,
    update_rating,
)
from movierec.library.statistics import Counts, Opinion, RatedGroup, Statistics, YearSeen, statistics
from movierec.library.trending import count_movies_without_details, most_rated, movies_without_details
from movierec.library.undo import (
    JournalEntry,
    UndoResult,
    delete_expired_entries,
    entry_of_job,
    journal_entries,
    undo,
    undo_step,
)
from movierec.library.watchlist import ORDERINGS as WATCHLIST_ORDERINGS
from movierec.library.watchlist import WatchlistMovie, add_to_watchlist, remove_from_watchlist, watchlist

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
    "ApplyResult",
    "Counts",
    "FavoriteMovie",
    "JournalEntry",
    "LibraryChange",
    "LibraryFilter",
    "LibraryTable",
    "MovieState",
    "Opinion",
    "RatedGroup",
    "RatedMovie",
    "RowChange",
    "RowKey",
    "RowValues",
    "SeenMovie",
    "Statistics",
    "UndoResult",
    "WatchlistMovie",
    "YearSeen",
    "add_favorite",
    "add_to_history",
    "add_to_watchlist",
    "apply",
    "count_movies_without_details",
    "delete_expired_entries",
    "delete_rating",
    "delete_rating_of_movie",
    "entry_of_job",
    "favorite",
    "favorite_change",
    "favorites",
    "history",
    "is_favorite",
    "journal_entries",
    "models",
    "most_rated",
    "movie_state",
    "movies_without_details",
    "preview",
    "rate",
    "rating",
    "rating_change",
    "rating_of_movie",
    "ratings",
    "removal_change",
    "remove_favorite",
    "remove_from_history",
    "remove_from_watchlist",
    "seen_movie_ids",
    "stars_to_steps",
    "statistics",
    "undo",
    "undo_entry",
    "undo_step",
    "update_favorite",
    "update_rating",
    "viewing_change",
    "watchlist",
    "watchlist_change",
    "without_none",
]
