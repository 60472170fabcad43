"""`/api/v1/imports/`: files sent in, to be imported by a job; what came of imports, and taking them back."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from movierec import jobs, library
from movierec.api.call import Call
from movierec.api.changes import undo_entry
from movierec.api.encoding import timestamp
from movierec.api.endpoint import Access, Group, JsonResponse
from movierec.api.jobs import job_json
from movierec.api.pages import page_json
from movierec.api.schemas import Page, PageQuery
from movierec.api.schemas import imports as schemas
from movierec.api.schemas import jobs as job_schemas
from movierec.config import Settings
from movierec.errors import (
    BodyTooLarge,
    Conflict,
    MalformedRequest,
    NotFound,
    PermissionDenied,
    StorageFull,
    UnreadableImport,
    UnsupportedMediaType,
)
from movierec.exchange import importing, movielens
from movierec.jobs import IncomingUpload

group = Group("/api/v1/imports", tag="imports")

# What would be written to disk in one piece.
PIECE_BYTES = 1 << 20
# What browsers send of a form, where the file is only a part of the body.
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@group.post(
    "/",
    access=Access.USER,
    answers={202: job_schemas.Job},
    errors=(
        PermissionDenied,
        Conflict,
        BodyTooLarge,
        MalformedRequest,
        UnsupportedMediaType,
        UnreadableImport,
        StorageFull,
    ),
    streams=True,
    throttle="imports",
)
async def begin(call: Call, query: schemas.ImportQuery) -> JsonResponse:
    """Import a file; the body is the file itself, of any size, or a zip archive of several.

    Ratings, favorites, watchlist and history of one person, from movierec, Letterboxd, IMDb, Trakt, TMDb,
    movielens.org or a CSV file with named columns. Films are matched by ids, or by title and year; what is
    not certain is asked (`/api/v1/imports/review/`). All of a file is applied or nothing, and the same file
    again changes nothing. The job's report counts the rows of each file as accepted (new, changed),
    unchanged (same, kept), ambiguous, unmatched, skipped and rejected, and lists the first changes and
    problems.

    `movielens` (staff only): a zip archive of a MovieLens dataset. Films are joined to the catalogue by
    their outside ids, missing ones created, ratings kept as community ratings, which models are trained on.
    The dataset that was imported before is replaced.
    """
    assert call.caller is not None
    if query.format == "movielens" and not call.caller.is_staff:
        raise PermissionDenied("Community ratings are imported by staff only.")
    kind = "import_movielens" if query.format == "movielens" else jobs.IMPORT
    await call.read(jobs.check_none_active, call.user_id, kind)
    upload = await _received(call)
    try:
        await asyncio.to_thread(_check, upload.path, query, call.services.settings)
        name = await asyncio.to_thread(upload.complete)
        parameters = {"upload": name, **({} if query.format == "movielens" else _options(query))}
        made = await call.write(jobs.enqueue, call.user_id, kind, parameters, call.now)
    except BaseException:
        await asyncio.to_thread(upload.discard)
        raise
    call.services.worker.wake()
    return JsonResponse(202, job_json(made))


def _options(query: schemas.ImportQuery) -> dict[str, Any]:
    """As they go through the queue to `importing.Options`."""
    given = query.model_dump()
    return {"name": given.pop("filename"), **given}


def _check(path: Path, query: schemas.ImportQuery, settings: Settings) -> None:
    """Raise UnreadableImport at once for what nobody can read."""
    limit = settings.imports.uncompressed_limit_bytes
    if query.format == "movielens":
        movielens.check_source(path, limit)
    else:
        importing.check_source(path, limit, importing.ImportOptions(**_options(query)))


@group.get("/", access=Access.USER, answers={200: Page[job_schemas.Job]})
def own(call: Call, query: PageQuery) -> dict[str, Any]:
    """The own imports, newest first."""
    count, found = jobs.jobs(call.user_id, kind=jobs.IMPORT, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, [job_json(job) for job in found])


@group.get("/{id}/problems/", access=Access.USER, answers={200: Page[schemas.ImportProblem]})
def problems(call: Call, id: int, query: PageQuery) -> dict[str, Any]:
    """All rows of an import that were not simply taken, with file, line and reason."""
    jobs.job(id, call.user_id)
    count, found = importing.list_problems(call.user_id, id, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, [problem._asdict() for problem in found])


@group.post("/{id}/undo/", access=Access.USER, answers={200: schemas.UndoneImport}, errors=(Conflict,))
async def undo(call: Call, id: int) -> dict[str, Any]:
    """Take an import back exactly, what came of answers about it included; its open questions are forgotten.

    Movies changed again since are left as they are, and named. Undoing the undo brings it again.
    """
    act = await call.read(_act_of, call.user_id, id)
    taken_back = []
    # Newest first: each leads back to what was there before it.
    for act_id in await call.read(importing.entries_of_reviews, call.user_id, id):
        with contextlib.suppress(NotFound, Conflict):
            taken_back.append(await undo_entry(call, act_id))
    if act is not None:
        try:
            taken_back.append(await undo_entry(call, act.id))
        except Conflict:
            if not taken_back:
                raise
    # Last: whatever stops it before, it can be taken up again.
    await call.write(importing.delete_reviews, call.user_id, id)
    return {
        "job": id,
        "reverted": sum(done.reverted for done in taken_back),
        "left_count": sum(done.left_count for done in taken_back),
        "left": [{"movie": movie, "title": title} for done in taken_back for movie, title in done.left],
        "undone_at": timestamp(call.now),
    }


def _act_of(user_id: int, job_id: int) -> library.JournalEntry | None:
    """What an import changed, None for nothing. Raises NotFound, or Conflict where it is under way."""
    act = library.entry_of_job(user_id, job_id)
    try:
        job = jobs.job(job_id, user_id)
    except NotFound:
        if act is None:
            raise
        return act  # it outlives the job
    if job.kind != jobs.IMPORT:
        raise NotFound()
    if job.is_active:
        raise Conflict("This import is under way. Cancel it: then all of it is taken back.")
    return act


async def _received(call: Call) -> IncomingUpload:
    """The body as a file. It may take any time as long as it keeps coming."""
    request, limit = call.request, call.services.settings.imports.upload_limit_bytes
    if request.content_type in FORMS:
        raise UnsupportedMediaType("Send the file itself as the body, not a form.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        # It would be unpacked on the way, past every limit.
        raise UnsupportedMediaType("Send the file as it is, without Content-Encoding.")
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    upload = await asyncio.to_thread(IncomingUpload, call.services.settings, call.user_id)
    try:
        received = 0
        while piece := await _piece(call):
            received += len(piece)
            if received > limit:
                raise _too_large(limit)
            await asyncio.to_thread(upload.write, piece)
    except BaseException:
        await asyncio.to_thread(upload.discard)
        raise
    return upload


async def _piece(call: Call) -> bytes:
    """The next megabyte of the body, less at its end. Raises MalformedRequest when nothing comes."""
    parts: list[bytes] = []
    size = 0
    while size < PIECE_BYTES:
        try:
            async with asyncio.timeout(call.services.settings.server.body_timeout_seconds):
                part = await call.request.content.readany()
        except TimeoutError as error:
            raise MalformedRequest("The file stopped arriving.") from error
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The file is larger than the {limit:,} bytes that imports.upload_limit_bytes allows."
    )
