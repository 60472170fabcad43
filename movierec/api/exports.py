"""`/api/v1/exports/`: download of all data of a user."""

from __future__ import annotations

import tempfile
from typing import IO

from aiohttp import web

from movierec import auth
from movierec.api.call import Call
from movierec.api.endpoint import Access, FileContent, Group
from movierec.api.schemas import jobs as schemas
from movierec.errors import StorageFull
from movierec.exchange.exports import FORMATS, ExportWriter, write_export

group = Group("/api/v1/exports", tag="exports")


@group.get(
    "/",
    access=Access.USER,
    answers={200: FileContent(tuple(sorted({format.content_type for format in FORMATS.values()})))},
    errors=(StorageFull,),
    throttle="exports",
)
async def export_data(call: Call, query: schemas.ExportQuery) -> web.Response:
    """Return all data of the caller as a consistent snapshot.

    `json`: lossless JSON Lines; an import elsewhere and another export yield the same bytes. `csv`: a zip with
    one table per kind; an apostrophe precedes cells that a spreadsheet would evaluate as a formula.
    `letterboxd`: a zip in the import format of Letterboxd. `zip`: all of these. The export does not contain the
    account (name, address, password, sessions) or recommendations, which are derived from the rest.
    """
    format = FORMATS[query.format]
    file = await call.services.threads.read_long(_write_export, call, format)
    await call.write(
        auth.record_event, "exported", call.user_id, call.now, address=call.client_address, detail=format.name
    )
    return web.Response(
        body=file,
        content_type=format.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{format.file_name}"',
            "Cache-Control": "no-store",
        },
    )


def _write_export(call: Call, format: ExportWriter) -> IO[bytes]:
    """Write the export to a temporary file. A slow download holds no transaction open, and an error is answered
    as an error instead of a truncated file.
    """
    file = tempfile.TemporaryFile(dir=call.services.settings.paths.state)  # noqa: SIM115 (closed when sent)
    try:
        write_export(call.user_id, format, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
