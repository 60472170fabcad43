"""Imports, their review questions, and the answers to them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from movierec.api.schemas.base import Id, Input, Output, PageQuery, Timestamp
from movierec.api.schemas.movies import ListedMovie

QuestionState = Literal["ambiguous", "unmatched", "answered", "left_out"]
ProblemOutcome = Literal["ambiguous", "unmatched", "skipped", "rejected"]


class ImportQuery(Input):
    """Without `format` the format is detected from the content. `scale` is the highest rating of the file's scale,
    for files that do not state it. `on_conflict`: keep the stored value, overwrite it, or let the newer one win.

    `filename` distinguishes files with the same columns (Letterboxd's watched, watchlist and likes).
    """

    format: (
        Literal["movielens", "movierec", "letterboxd", "imdb", "trakt", "tmdb", "movielens-ratings", "csv"]
        | None
    ) = None
    dry_run: bool = False
    on_conflict: Literal["keep", "overwrite", "newest"] = "newest"
    scale: Annotated[
        Literal[5, 10, 100] | None,
        BeforeValidator(lambda text: int(text) if text in ("5", "10", "100") else text),
    ] = None
    filename: Annotated[str, Field(max_length=255)] = ""


class ImportProblem(Output):
    """A row that was not imported: ambiguous and unmatched rows await review, others are skipped or rejected."""

    file: str
    line: int
    outcome: ProblemOutcome
    message: str


class ReviewQuery(PageQuery):
    """Filter of the questions: with candidates (ambiguous), without (unmatched), or both."""

    state: Literal["ambiguous", "unmatched"] | None = None


class FilmCandidate(Output):
    """A candidate movie. `score` is the similarity of the titles, at most 100."""

    score: int
    movie_detail: ListedMovie


class FilmQuestion(Output):
    """An imported title without a certain match. `rows` rows wait for it, the first one at `file` and `line`.

    `film` holds what the file states about the movie, `says` what the first rows contain.
    """

    id: int
    state: QuestionState
    title: str
    year: int | None
    why: str
    film: dict[str, object]
    file: str
    line: int
    rows: int
    says: list[dict[str, object]]
    candidates: list[FilmCandidate]


class Resolve(Input):
    """The matching movie, or `leave_out` for none, now and in later imports."""

    movie: Id | None = None
    leave_out: bool = False

    @model_validator(mode="after")
    def _check_one_answer(self) -> Resolve:
        if (self.movie is None) != self.leave_out:
            raise ValueError("send either movie or leave_out")
        return self


class Resolved(Output):
    """Number of ratings, favorites, watchlist and history entries that the answer changed."""

    question: FilmQuestion
    added: int
    changed: int
    unchanged: int


class LeftAlone(Output):
    movie: int
    title: str


class UndoneImport(Output):
    """Result of undoing an import. `left` names the first movies that were changed again since and are kept."""

    job: int
    reverted: int
    left_count: int
    left: list[LeftAlone]
    undone_at: Timestamp
