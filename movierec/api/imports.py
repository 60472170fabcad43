"""`/api/v1/imports/`: upload of files, which a job imports; results of imports, and undo."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any, cast

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

# Size of one write to disk.
PIECE_BYTES = 1 << 20
# Content types of HTML forms, where the file is only a part of the body.
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
async def start_import(call: Call, query: schemas.ImportQuery) -> JsonResponse[job_schemas.Job]:
    """Import a file. The body is the file itself or a zip archive of several files.

    Imports ratings, favorites, watchlist and history of one user from movierec, Letterboxd, IMDb, Trakt, TMDb,
    movielens.org or a CSV file with named columns. Movies are matched by ids, or by title and year; uncertain
    matches go to the review queue (`/api/v1/imports/review/`). A file is applied as a whole or not at all.
    Importing the same file again changes nothing. The report of the job counts the rows of each file as
    accepted (new, changed), unchanged (same, kept), ambiguous, unmatched, skipped and rejected, and lists the
    first changes and problems.

    `movielens` (staff only): a zip archive of a MovieLens dataset. Movies are linked to the catalogue by their
    external ids and created if they are missing. The ratings are stored as community ratings, on which models
    are trained. They replace the dataset imported before.
    """
    assert call.caller is not None
    if query.format == "movielens" and not call.caller.is_staff:
        raise PermissionDenied("Only staff may import community ratings.")
    kind = "import_movielens" if query.format == "movielens" else jobs.IMPORT
    await call.read(jobs.check_none_active, call.user_id, kind)
    upload = await _receive(call)
    try:
        await asyncio.to_thread(_check, upload.path, query, call.services.settings)
        name = await asyncio.to_thread(upload.complete)
        parameters = {"upload": name, **({} if query.format == "movielens" else _options(query))}
        job = await call.write(jobs.enqueue, call.user_id, kind, parameters, call.now)
    except BaseException:
        await asyncio.to_thread(upload.discard)
        raise
    call.services.worker.wake()
    return JsonResponse(202, job_json(job))


def _options(query: schemas.ImportQuery) -> dict[str, Any]:
    """Return the job parameters for `importing.ImportOptions`."""
    values = query.model_dump()
    return {"name": values.pop("filename"), **values}


def _check(path: Path, query: schemas.ImportQuery, settings: Settings) -> None:
    """Raise UnreadableImport for a file that no importer can read, before a job is queued."""
    limit = settings.imports.uncompressed_limit_bytes
    if query.format == "movielens":
        movielens.check_source(path, limit)
    else:
        importing.check_source(path, limit, importing.ImportOptions(**_options(query)))


@group.get("/", access=Access.USER, answers={200: Page[job_schemas.Job]})
def list_imports(call: Call, query: PageQuery) -> Page[job_schemas.Job]:
    """Return the imports, newest first."""
    count, page = jobs.jobs(call.user_id, kind=jobs.IMPORT, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, [job_json(job) for job in page])


@group.get("/{id}/problems/", access=Access.USER, answers={200: Page[schemas.ImportProblem]})
def list_problems(call: Call, id: int, query: PageQuery) -> Page[schemas.ImportProblem]:
    """Return the rows of an import that were not imported, with file, line and reason."""
    jobs.job(id, call.user_id)
    count, page = importing.list_problems(call.user_id, id, limit=query.page_size, offset=query.offset)
    return page_json(call, query, count, [_problem_json(problem) for problem in page])


def _problem_json(problem: importing.RowProblem) -> schemas.ImportProblem:
    return {
        "file": problem.file,
        "line": problem.line,
        "outcome": cast(schemas.ProblemOutcome, problem.outcome),
        "message": problem.message,
    }


@group.post("/{id}/undo/", access=Access.USER, answers={200: schemas.UndoneImport}, errors=(Conflict,))
async def undo_import(call: Call, id: int) -> schemas.UndoneImport:
    """Undo an import exactly, including the answers to its questions. Its open questions are deleted.

    Movies changed again since are kept and named in `left`. Undoing the undo applies the import again.
    """
    entry = await call.read(_entry_of, call.user_id, id)
    results = []
    # Newest first: each one restores the state before it.
    for entry_id in await call.read(importing.entries_of_reviews, call.user_id, id):
        with contextlib.suppress(NotFound, Conflict):
            results.append(await undo_entry(call, entry_id))
    if entry is not None:
        try:
            results.append(await undo_entry(call, entry.id))
        except Conflict:
            if not results:
                raise
    # Last, so that an interrupted undo can be repeated.
    await call.write(importing.delete_reviews, call.user_id, id)
    return {
        "job": id,
        "reverted": sum(result.reverted for result in results),
        "left_count": sum(result.left_count for result in results),
        "left": [{"movie": movie, "title": title} for result in results for movie, title in result.left],
        "undone_at": timestamp(call.now),
    }


def _entry_of(user_id: int, job_id: int) -> library.JournalEntry | None:
    """Return the journal entry of an import, None if it changed nothing.

    Raises NotFound, or Conflict while the import is running.
    """
    entry = library.entry_of_job(user_id, job_id)
    try:
        job = jobs.job(job_id, user_id)
    except NotFound:
        if entry is None:
            raise
        return entry  # the entry outlives the job
    if job.kind != jobs.IMPORT:
        raise NotFound()
    if job.is_active:
        raise Conflict("This import is still running. Cancel its job: that undoes all of it.")
    return entry


async def _receive(call: Call) -> IncomingUpload:
    """Receive the body as a file. The duration is not limited as long as data keeps arriving."""
    request, limit = call.request, call.services.settings.imports.upload_limit_bytes
    if request.content_type in FORMS:
        raise UnsupportedMediaType("Send the file itself as the body, not a form.")
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    upload = await asyncio.to_thread(IncomingUpload, call.services.settings, call.user_id)
    try:
        received = 0
        while piece := await _read_piece(call):
            received += len(piece)
            if received > limit:
                raise _too_large(limit)
            await asyncio.to_thread(upload.write, piece)
    except BaseException:
        await asyncio.to_thread(upload.discard)
        raise
    return upload


async def _read_piece(call: Call) -> bytes:
    """Read the next megabyte of the body, less at its end. Raises MalformedRequest on a timeout."""
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
