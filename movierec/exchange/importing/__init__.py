"""Import of one user's history: read, match, queue uncertain matches for review, apply."""

from movierec.exchange.importing.options import ConflictPolicy, ImportOptions
from movierec.exchange.importing.pipeline import MovieFetcher, check_source, import_history
from movierec.exchange.importing.problems import list_problems
from movierec.exchange.importing.report import RowProblem
from movierec.exchange.importing.review import (
    OPEN_STATES,
    ReviewItem,
    delete_reviews,
    entries_of_reviews,
    forget_decision,
    resolve_review,
    review_item,
    review_queue,
    search_candidates,
    undo_import,
)
from movierec.exchange.readers.records import MovieReference

__all__ = [
    "OPEN_STATES",
    "ConflictPolicy",
    "ImportOptions",
    "MovieFetcher",
    "MovieReference",
    "ReviewItem",
    "RowProblem",
    "check_source",
    "delete_reviews",
    "entries_of_reviews",
    "forget_decision",
    "import_history",
    "list_problems",
    "resolve_review",
    "review_item",
    "review_queue",
    "search_candidates",
    "undo_import",
]
