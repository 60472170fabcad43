"""Problem documents (RFC 9457), and the HTTP status of every error."""

from __future__ import annotations

from aiohttp import web

from movierec import errors
from movierec.api.encoding import encode_json
from movierec.api.schemas import Problem
from movierec.errors import MovierecError

HTTP_STATUS: dict[type[MovierecError], int] = {
    errors.MalformedRequest: 400,
    errors.NotAuthenticated: 401,
    errors.InvalidCredentials: 401,
    errors.TokenInvalid: 401,
    errors.TokenExpired: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.MailDisabled: 409,
    errors.TmdbDisabled: 409,
    errors.ModelNotTrained: 409,
    errors.NothingToTrainOn: 409,
    errors.PreconditionFailed: 412,
    errors.BodyTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.RangeNotSatisfiable: 416,
    errors.ExpectationFailed: 417,
    errors.MisdirectedRequest: 421,
    errors.ValidationFailed: 422,
    errors.UnreadableImport: 422,
    errors.Throttled: 429,
    errors.InternalError: 500,
    errors.MethodNotImplemented: 501,
    errors.UpstreamUnavailable: 502,
    errors.Busy: 503,
    errors.DatabaseUnavailable: 503,
    errors.StorageFull: 507,
}

_BY_STATUS: dict[int, type[MovierecError]] = {
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.BodyTooLarge,
    415: errors.UnsupportedMediaType,
    417: errors.ExpectationFailed,
}


def problem_response(error: MovierecError, path: str, request_id: str) -> web.Response:
    """Return the problem document of an error."""
    status = HTTP_STATUS[type(error)]
    document: Problem = {
        "type": f"urn:movierec:problem:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": status,
        "detail": error.detail,
        "instance": path,
        "request_id": request_id,
        "code": error.code,
        "errors": [{"field": item.field, "message": item.message} for item in error.errors],
    }
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.length}"
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return web.Response(
        body=encode_json(document), status=status, headers=headers, content_type="application/problem+json"
    )


def from_http_exception(error: web.HTTPException) -> MovierecError:
    """Translate an error of aiohttp (no such route, wrong method, body too large) into one of movierec."""
    if error.status >= 500:
        return errors.InternalError()
    return _BY_STATUS.get(error.status, errors.MalformedRequest)()
