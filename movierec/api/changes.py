"""`/api/v1/changes/`: the journal of changes to ratings, favorites, watchlist and history, and undo."""

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
    """Return the changes that can be undone or redone, newest first."""
    count, found = library.journal_entries(call.user_id, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, list(map(change_json, found)))


@group.post("/undo/", access=Access.USER, answers={200: schemas.Undone}, errors=(NotFound, Conflict))
async def undo(call: Call, body: schemas.Undo) -> dict[str, Any]:
    """Undo a change exactly; without `change`, the last one that is in effect.

    Movies changed again since are kept and named in `left`. Undoing an undo applies the change again.
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
    """Undo a journal entry in steps, so that other writers do not wait: an import may have changed 100,000 rows."""
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
