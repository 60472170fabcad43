"""Parsing of responses: the JSON, or the exception that the daemon raised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from movierec import errors
from movierec.client.transport import DownloadStream, HttpReply
from movierec.errors import FieldError, MovierecError, ServerUnreachable

# Exception class by HTTP status, for codes that this version does not know.
_BY_STATUS: dict[int, type[MovierecError]] = {
    400: errors.MalformedRequest,
    401: errors.NotAuthenticated,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    409: errors.Conflict,
    413: errors.BodyTooLarge,
    422: errors.ValidationFailed,
    429: errors.Throttled,
    503: errors.Busy,
    507: errors.StorageFull,
}


class ProblemResponse(Exception):
    """HTTP status and request id of a problem response, the `__cause__` of the error it stands for."""

    def __init__(self, status: int, request_id: str) -> None:
        self.status = status
        self.request_id = request_id
        super().__init__(f"HTTP {status}, request {request_id}")


def parse_reply(server: str, reply: HttpReply) -> Any:
    """Return the JSON of a response, or the download. Raises the error of a problem response."""
    if reply.pieces is not None:
        size = reply.headers.get("Content-Length", "")
        return DownloadStream(int(size) if size.isascii() and size.isdigit() else None, reply.pieces)
    try:
        document = json.loads(reply.body) if reply.body else None
    except ValueError:
        document = reply.body
    if 200 <= reply.status < 300 and not isinstance(document, bytes):
        return document
    if reply.status < 400 or not isinstance(document, dict) or "code" not in document:
        kind = reply.headers.get_content_type()
        raise ServerUnreachable(
            f"The server at {server} is not a movierec daemon (HTTP {reply.status}, {kind}). Check MOVIEREC_SERVER."
        )
    request_id = str(document.get("request_id") or reply.headers.get("X-Request-ID", ""))
    raise _error(reply, document) from ProblemResponse(reply.status, request_id)


def _error(reply: HttpReply, document: Mapping[str, object]) -> MovierecError:
    fallback = _BY_STATUS.get(reply.status, errors.InternalError)
    kind = errors.by_code().get(str(document["code"]), fallback)
    items = document.get("errors")
    fields = [
        FieldError(str(item.get("field", "")), str(item.get("message", "")))
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
    ]
    wait = reply.headers.get("Retry-After", "")
    detail = document.get("detail")
    return kind(
        detail if isinstance(detail, str) else None,
        errors=fields,
        retry_after_seconds=int(wait) if wait.isascii() and wait.isdigit() else None,
    )
