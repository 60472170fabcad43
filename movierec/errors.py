"""Expected failures: one small class each, with the stable `code` that clients rely on.

Services raise them. `api/problems.py` maps each to an HTTP status, `cli/app.py` to an exit code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple


class FieldError(NamedTuple):
    """An error in one field of a request or one row of a file."""

    field: str
    message: str


class MovierecError(Exception):
    """An expected failure: `detail` says what happened and what to do next."""

    code: ClassVar[str] = "error"
    default_detail: ClassVar[str] = "Something went wrong."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Iterable[FieldError] = (),
        retry_after_seconds: int | None = None,
    ) -> None:
        self.detail = detail or self.default_detail
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.detail)


class MalformedRequest(MovierecError):
    code = "malformed_request"
    default_detail = "The request is not valid HTTP or its body is not valid JSON."


class ValidationFailed(MovierecError):
    """Well-formed but invalid input; `errors` names each field."""

    code = "validation_failed"
    default_detail = "The request has invalid fields."

    @classmethod
    def of(cls, field: str, message: str) -> ValidationFailed:
        """Return the error of a single field."""
        return cls(errors=[FieldError(field, message)])


class BodyTooLarge(MovierecError):
    code = "body_too_large"
    default_detail = "The request body is too large."


class UnsupportedMediaType(MovierecError):
    code = "unsupported_media_type"
    default_detail = "Send the body as application/json."


class NotAuthenticated(MovierecError):
    code = "not_authenticated"
    default_detail = "Sign in first: this needs an access token."


class InvalidCredentials(MovierecError):
    code = "invalid_credentials"
    default_detail = "The e-mail, user name or password is wrong."


class TokenInvalid(MovierecError):
    code = "token_invalid"
    default_detail = "The token is malformed, revoked or not for this use. Sign in again."


class TokenExpired(MovierecError):
    code = "token_expired"
    default_detail = "The token has expired. Refresh it or sign in again."


class PermissionDenied(MovierecError):
    code = "permission_denied"
    default_detail = "Your account may not do this."


class NotFound(MovierecError):
    code = "not_found"
    default_detail = "There is nothing here."


class MethodNotAllowed(MovierecError):
    code = "method_not_allowed"
    default_detail = "This address does not answer that method."


class Conflict(MovierecError):
    code = "conflict"
    default_detail = "This conflicts with what is already stored."


class PreconditionFailed(MovierecError):
    code = "precondition_failed"
    default_detail = "The content has changed since. Get it again."


class RangeNotSatisfiable(MovierecError):
    """A range that begins beyond the end of content of `length` bytes."""

    code = "range_not_satisfiable"
    default_detail = "The content has no such range."
    length = 0

    @classmethod
    def of(cls, length: int) -> RangeNotSatisfiable:
        """Return the error for content of this length."""
        error = cls()
        error.length = length
        return error


class ExpectationFailed(MovierecError):
    code = "expectation_failed"
    default_detail = "The only expectation that this daemon meets is 100-continue."


class MethodNotImplemented(MovierecError):
    code = "method_not_implemented"
    default_detail = "This daemon does not know that method."


class MisdirectedRequest(MovierecError):
    code = "misdirected_request"
    default_detail = "This daemon does not answer for that host name. Add it to server.allowed_hosts."


class Throttled(MovierecError):
    code = "throttled"
    default_detail = "Too many tries. Wait and try again."


class MailDisabled(MovierecError):
    """Links cannot be mailed because the daemon does not know its public address."""

    code = "mail_disabled"
    default_detail = "This daemon sends no links by mail: its administrator must set server.public_url first."


class ModelNotTrained(MovierecError):
    code = "model_not_trained"
    default_detail = "No model is trained yet. Import community ratings, then train one."


class NothingToTrainOn(MovierecError):
    code = "nothing_to_train_on"
    default_detail = "There are too few community ratings to train on. Import a MovieLens dataset first."


class UnreadableImport(MovierecError):
    """A file that cannot be imported at all; single invalid rows are reported by the import instead."""

    code = "unreadable_import"
    default_detail = "The file cannot be read as that format."


class UnreadableBackup(MovierecError):
    """Raised by `movierec-server restore` only."""

    code = "unreadable_backup"
    default_detail = "The file is not a complete backup of a movierec server. Nothing was changed."


class Busy(MovierecError):
    code = "busy"
    default_detail = "The daemon is busy. Try again shortly."


class DatabaseUnavailable(MovierecError):
    code = "database_unavailable"
    default_detail = "The database does not answer. Try again shortly."


class StorageFull(MovierecError):
    code = "storage_full"
    default_detail = "The disk of the daemon is full; nothing was changed. Free space and try again."


class UpstreamUnavailable(MovierecError):
    code = "upstream_unavailable"
    default_detail = "TMDb does not answer. Try again shortly."


class TmdbDisabled(MovierecError):
    """A request that only TMDb can answer, while no key is set."""

    code = "tmdb_off"
    default_detail = "This daemon has no key for TMDb: its administrator must set tmdb.api_key first."


class ConfigurationError(MovierecError):
    """Invalid configuration: the daemon does not start (exit code 78, EX_CONFIG)."""

    code = "configuration_error"
    default_detail = "The configuration is invalid."


class ServerUnreachable(MovierecError):
    """Raised by the client only: no daemon responds."""

    code = "server_unreachable"
    default_detail = "The daemon does not answer."


class InternalError(MovierecError):
    code = "internal_error"
    default_detail = "An unexpected error happened. It has been logged under this request id."


def by_code() -> dict[str, type[MovierecError]]:
    """Map each code to its class, so that a client can raise what the daemon raised."""
    return {cls.code: cls for cls in MovierecError.__subclasses__()}
