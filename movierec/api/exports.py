"""`/api/v1/exports/`: everything a user owns, to take away."""

from __future__ import annotations

import tempfile
from typing import IO

from aiohttp import web

from movierec import auth
from movierec.api.call import Call
from movierec.api.endpoint import Access, FileContent, Group
from movierec.api.schemas import jobs as schemas
from movierec.errors import StorageFull
from movierec.exchange.exports import FORMATS, ExportFormat, write_export

group = Group("/api/v1/exports", tag="exports")


@group.get(
    "/",
    access=Access.USER,
    answers={200: FileContent(tuple(sorted({format.content_type for format in FORMATS.values()})))},
    errors=(StorageFull,),
    throttle="exports",
)
async def export(call: Call, query: schemas.ExportQuery) -> web.Response:
    """Everything the caller owns, as of one moment.

    `json`: JSON Lines without loss; imported elsewhere and exported again it is the same to the byte. `csv`:
    a zip of one table a kind, where a cell that spreadsheets would compute begins with an apostrophe.
    `letterboxd`: a zip of what Letterboxd imports. `zip`: all of these. Not contained are the account itself
    (name, address, password, sessions) and recommendations, which are made of the rest.
    """
    format = FORMATS[query.format]
    file = await call.services.threads.read_long(_written, call, format)
    await call.write(
        auth.record_event, "exported", call.user_id, call.now, address=call.address, detail=format.name
    )
    return web.Response(
        body=file,
        content_type=format.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{format.file_name}"',
            "Cache-Control": "no-store",
        },
    )


def _written(call: Call, format: ExportFormat) -> IO[bytes]:
    """The export as a nameless file: no transaction waits for whoever downloads slowly, and an error is an
    error instead of half a file.
    """
    file = tempfile.TemporaryFile(dir=call.services.settings.paths.state)  # noqa: SIM115 (closed when sent)
    try:
        write_export(call.user_id, format, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
