"""`/api/v1/changes/`: the journal of changes to ratings, favorites, watchlist and history, and undo."""

from __future__ import annotations

from movierec import jobs, library
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
def list_changes(call: Call, query: PageQuery) -> Page[schemas.Change]:
    """Return the changes that can be undone or redone, newest first."""
    count, entries = library.journal_entries(call.user_id, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, list(map(change_json, entries)))


@group.post("/undo/", access=Access.USER, answers={200: schemas.Undone}, errors=(NotFound, Conflict))
async def undo_change(call: Call, body: schemas.Undo) -> schemas.Undone:
    """Undo a change exactly; without `change`, the last one that is in effect.

    Movies changed again since are kept and named in `left`. Undoing an undo applies the change again.
    """
    result = await undo_entry(call, body.change)
    return {
        "undone": change_json(result.entry),
        "by": change_json(result.by),
        "reverted": result.reverted,
        "left_count": result.left_count,
        "left": [{"movie": movie_id, "title": title} for movie_id, title in result.left],
    }


async def undo_entry(call: Call, entry_id: int | None) -> library.UndoResult:
    """Undo a journal entry in steps, so that other writers do not wait: an import may have changed 100,000 rows."""
    result: library.UndoResult | None = None
    while result is None or not result.is_finished:
        result = await call.write(
            library.undo_step,
            call.user_id,
            entry_id if result is None else result.entry.id,
            now=call.now,
            is_unfinished=jobs.is_unfinished,
            previous=result,
        )
    return result


def change_json(entry: JournalEntry) -> schemas.Change:
    """Encode a journal entry."""
    return {
        "id": entry.id,
        "what": entry.what,
        "rows": entry.size,
        "job": entry.job_id,
        "undoes": entry.undoes,
        "undone": entry.undone,
        "created_at": timestamp(entry.at),
    }
