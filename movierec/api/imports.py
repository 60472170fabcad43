"""`/api/v1/imports/`: files sent in, to be imported by a job."""

from __future__ import annotations

import asyncio

from movierec import jobs
from movierec.api.call import Call
from movierec.api.endpoint import Access, Answer, Group
from movierec.api.jobs import job_json
from movierec.api.schemas import jobs as schemas
from movierec.errors import (
    BodyTooLarge,
    Conflict,
    MalformedRequest,
    PermissionDenied,
    UnreadableImport,
    UnsupportedMediaType,
)
from movierec.exchange import movielens
from movierec.jobs import Upload

group = Group("/api/v1/imports", tag="imports")

# What would be written to disk in one piece.
PIECE_BYTES = 1 << 20
# What browsers send of a form, where the file is only a part of the body.
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@group.post(
    "/",
    access=Access.USER,
    answers={202: schemas.Job},
    errors=(
        PermissionDenied,
        Conflict,
        BodyTooLarge,
        MalformedRequest,
        UnsupportedMediaType,
        UnreadableImport,
    ),
    streams=True,
    throttle="imports",
)
async def begin(call: Call, query: schemas.ImportQuery) -> Answer:
    """Import a file; the body is the file itself.

    `movielens` (staff only): a zip archive of a MovieLens dataset. Films are joined to the catalogue by
    their outside ids, missing ones created, ratings kept as community ratings, which models are trained on.
    The dataset that was imported before is replaced. The job's report counts the rows of each file as
    accepted, duplicates and rejected, and lists the first problems by file and line.
    """
    assert call.caller is not None
    if not call.caller.is_staff:
        raise PermissionDenied("Community ratings are imported by staff only.")
    kind = f"import_{query.format}"
    await call.read(jobs.check_free, call.user_id, kind)
    upload = await _received(call)
    try:
        limit = call.services.settings.imports.uncompressed_limit_bytes
        await asyncio.to_thread(movielens.check_source, upload.path, limit)
        name = await asyncio.to_thread(upload.complete)
        made = await call.write(jobs.enqueue, call.user_id, kind, {"upload": name}, call.now)
    except BaseException:
        await asyncio.to_thread(upload.discard)
        raise
    call.services.worker.wake()
    return Answer(202, job_json(made))


async def _received(call: Call) -> Upload:
    """The body as a file. It may take any time as long as it keeps coming."""
    request, limit = call.request, call.services.settings.imports.upload_limit_bytes
    if request.content_type in FORMS:
        raise UnsupportedMediaType("Send the file itself as the body, not a form.")
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    upload = await asyncio.to_thread(Upload, call.services.settings)
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
