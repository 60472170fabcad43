"""Imports, what they ask about films, and the answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from movierec.api.schemas.base import Id, Input, Output, PageQuery, Timestamp
from movierec.api.schemas.movies import ListedMovie


class ImportQuery(Input):
    """Without `format` it is recognised by the content. `scale`: what the best rating is, where the file does not
    say. `on_conflict`: what is here stays, what comes replaces it, or the newer one wins.

    `filename` tells files apart whose columns are the same (Letterboxd's watched, watchlist and likes).
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
    """A row that was not simply taken: ambiguous and unmatched ones are asked about, others passed over."""

    file: str
    line: int
    outcome: Literal["ambiguous", "unmatched", "skipped", "rejected"]
    message: str


class ReviewQuery(PageQuery):
    """Which questions: those with candidates, those without, or both."""

    state: Literal["ambiguous", "unmatched"] | None = None


class FilmCandidate(Output):
    """A film that may be meant; `score` of 100 says how well the name fits."""

    score: int
    movie_detail: ListedMovie


class FilmQuestion(Output):
    """A name in an imported file whose film is not certain; `rows` wait, the first of them at `file` and `line`.

    `film` is all that the file tells of it, `says` what the first rows say.
    """

    id: int
    state: Literal["ambiguous", "unmatched", "answered", "left_out"]
    title: str
    year: int | None
    why: str
    film: dict[str, Any]
    file: str
    line: int
    rows: int
    says: list[dict[str, Any]]
    candidates: list[FilmCandidate]


class Resolve(Input):
    """The film that is meant, or `leave_out`: none of them, now and in later imports."""

    movie: Id | None = None
    leave_out: bool = False

    @model_validator(mode="after")
    def _one(self) -> Resolve:
        if (self.movie is None) != self.leave_out:
            raise ValueError("send either movie or leave_out")
        return self


class Resolved(Output):
    """What the answer changed: rows of ratings, favorites, watchlist and history."""

    question: FilmQuestion
    added: int
    changed: int
    unchanged: int


class LeftAlone(Output):
    movie: int
    title: str


class UndoneImport(Output):
    """`left` names the first movies that were changed again since, and stay as they are."""

    job: int
    reverted: int
    left_count: int
    left: list[LeftAlone]
    undone_at: Timestamp
