"""`/api/v1/imports/review/`: review queue of imported titles without a certain match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from movierec import library, movies
from movierec.api.call import Call
from movierec.api.endpoint import Access, Group
from movierec.api.movies import listed_movie_json
from movierec.api.pages import page_json
from movierec.api.schemas import Page
from movierec.api.schemas import imports as schemas
from movierec.errors import Conflict, NotFound
from movierec.exchange import importing
from movierec.exchange.importing import ReviewItem

group = Group("/api/v1/imports/review", tag="imports")

# Maximum number of candidates from a search, if the import had none.
MAXIMUM_SEARCH_CANDIDATES = 8


@group.get("/", access=Access.USER, answers={200: Page[schemas.FilmQuestion]})
def list_questions(call: Call, query: schemas.ReviewQuery) -> Page[schemas.FilmQuestion]:
    """Return the open questions of imports, those with candidates first."""
    states = importing.OPEN_STATES if query.state is None else (query.state,)
    count, page = importing.review_queue(call.user_id, states, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, _questions_json(page))


@group.get("/{id}/", access=Access.USER, answers={200: schemas.FilmQuestion})
def get_question(call: Call, id: int) -> schemas.FilmQuestion:
    """Return a question. If the import had no candidates, they come from a search now."""
    item = importing.review_item(call.user_id, id)
    if not item.candidates and item.title:
        item = item._replace(
            candidates=importing.search_candidates(item.title, limit=MAXIMUM_SEARCH_CANDIDATES)
        )
    return _questions_json([item])[0]


@group.post(
    "/{id}/resolve/", access=Access.USER, answers={200: schemas.Resolved}, errors=(Conflict, NotFound)
)
def resolve_question(call: Call, id: int, body: schemas.Resolve) -> schemas.Resolved:
    """Answer a question: the waiting rows are imported as one change that can be undone.

    The answer also applies to later imports.
    """

    def answer(movie_id: int | None) -> library.ApplyResult:
        return importing.resolve_review(call.user_id, id, movie_id, now=call.now)

    result = answer(None) if body.movie is None else movies.with_current_id(body.movie, answer)
    return {
        "question": _questions_json([importing.review_item(call.user_id, id)])[0],
        "added": result.added,
        "changed": result.changed,
        "unchanged": result.same,
    }


@group.delete("/{id}/", access=Access.USER, answers={204: None})
def delete_question(call: Call, id: int) -> None:
    """Delete a question or its answer. The next import asks again. Imported rows are kept."""
    importing.forget_decision(call.user_id, id)


def _questions_json(items: Sequence[ReviewItem]) -> list[schemas.FilmQuestion]:
    ids = {candidate.movie_id for item in items for candidate in item.candidates}
    summaries = {movie.id: listed_movie_json(movie) for movie in movies.summaries(sorted(ids))}
    return [
        {
            "id": item.id,
            "state": cast(schemas.QuestionState, item.state),
            "title": item.title,
            "year": item.year,
            "why": item.why,
            "film": item.film,
            "file": item.file,
            "line": item.line,
            "rows": item.rows,
            "says": item.says,
            "candidates": [
                {"score": candidate.score, "movie_detail": summaries[candidate.movie_id]}
                for candidate in item.candidates
                # A movie may have been deleted since.
                if candidate.movie_id in summaries
            ],
        }
        for item in items
    ]
