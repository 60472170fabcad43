"""`/api/v1/changes/`: what a user did to ratings, favorites, watchlist and history; and taking it back."""

from __future__ import annotations

from typing import Any

from movierec import library
from movierec.api.call import Call
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group
from movierec.api.pages import page_json
from movierec.api.schemas import Page, PageQuery
from movierec.api.schemas import library as schemas
from movierec.errors import Conflict, NotFound
from movierec.library import JournalEntry

group = Group("/api/v1/changes", tag="changes")


@group.get("/", access=Access.USER, answers={200: Page[schemas.Change]})
def changes(call: Call, query: PageQuery) -> dict[str, Any]:
    """The own changes that can be undone, or brought again, newest first."""
    count, found = library.journal_entries(call.user_id, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, list(map(change_json, found)))


@group.post("/undo/", access=Access.USER, answers={200: schemas.Undone}, errors=(NotFound, Conflict))
async def undo(call: Call, body: schemas.Undo) -> dict[str, Any]:
    """Take a change back, exactly; without `change`, the last one that is in effect.

    Movies changed again since are left as they are, and named. To undo what undid a change brings it again.
    """
    done = await undo_entry(call, body.change)
    return {
        "undone": change_json(done.act),
        "by": change_json(done.by),
        "reverted": done.reverted,
        "left_count": done.left_count,
        "left": [{"movie": movie_id, "title": title} for movie_id, title in done.left],
    }


async def undo_entry(call: Call, act_id: int | None) -> library.UndoResult:
    """In steps: an import may have changed a hundred thousand rows, and others want to write too."""
    done = await call.write(library.undo_step, call.user_id, act_id, now=call.now)
    while not done.is_finished:
        done = await call.write(library.undo_step, call.user_id, done.act.id, now=call.now, so_far=done)
    return done


def change_json(act: JournalEntry) -> dict[str, Any]:
    return {
        "id": act.id,
        "what": act.what,
        "rows": act.size,
        "job": act.job_id,
        "undoes": act.undoes,
        "undone": act.undone,
        "created_at": timestamp(act.at),
    }
