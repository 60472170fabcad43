"""Processing of one request: authenticate, throttle, read and validate, run the handler, encode the answer."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeAlias, TypeVar, cast

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from movierec import auth
from movierec.api.addresses import client_address, throttled_address
from movierec.api.conditional import entity_tag, is_cached_by_client
from movierec.api.encoding import check_text, decode_json, encode_json
from movierec.api.endpoint import Access, DeferredWrite, Endpoint, JsonResponse
from movierec.api.limits import INLINE_BODY_BYTES, MAXIMUM_PROBLEMS
from movierec.api.schemas.base import UnknownFields
from movierec.api.services import SERVICES, Services
from movierec.auth import Principal
from movierec.errors import (
    BodyTooLarge,
    FieldError,
    MalformedRequest,
    MovierecError,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    UnsupportedMediaType,
    ValidationFailed,
)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

Identify: TypeAlias = Callable[[], Principal]
Encoded: TypeAlias = tuple[JsonResponse[object], bytes | None]
# A body that is valid or not: the access of the caller is checked before its problems are told.
Body: TypeAlias = BaseModel | ValidationFailed | None


class Call:
    """Context of a request for its handler: the caller, the time, the services and the database threads."""

    def __init__(self, request: web.Request, endpoint: Endpoint) -> None:
        self.request = request
        self.endpoint = endpoint
        self.services: Services = request.app[SERVICES]
        self.now = int(self.services.clock())
        self.caller: Principal | None = None

    @property
    def user_id(self) -> int:
        """Id of the caller. Only for endpoints that require authentication."""
        assert self.caller is not None
        return self.caller.user_id

    @property
    def owner_filter(self) -> int | None:
        """Owner to filter by where staff see the rows of all users: the caller's id, None for staff."""
        assert self.caller is not None
        return None if self.caller.is_staff else self.user_id

    async def read(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a task that only reads the database in a reader thread."""
        return await self.services.threads.read(work, *args, **kwargs)

    async def write(
        self, work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Run a task that may write to the database in a writer thread."""
        return await self.services.threads.write(work, *args, **kwargs)

    async def throttle_address(self, action: str) -> None:
        """Count an attempt at `action` for the client address of the request. Raises Throttled."""
        address = throttled_address(self.request)
        if address is not None:
            settings = self.services.settings.throttle
            await self.write(auth.count_attempt, settings, action, auth.address_key(address), self.now)

    @property
    def client_address(self) -> str:
        """IP address of the client, also behind a trusted proxy."""
        return client_address(self.request)

    def absolute_url(self, path: str) -> str:
        """Return the absolute URL of a path of this daemon, as its users reach it."""
        public = self.services.settings.server.public_url.rstrip("/")
        return (public or f"{self.request.scheme}://{self.request.host}") + path


async def handle_request(request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
    """Process a request for `endpoint`."""
    call = Call(request, endpoint)
    identify = _identification(call)
    await _throttle(call, identify)
    body = None if endpoint.streams else await _read_body(call)
    response = await (_run_async if endpoint.is_async else _run_in_thread)(call, identify, body)
    await _note_token_use(call)
    return response


async def _run_async(call: Call, identify: Identify | None, body: Body) -> web.StreamResponse:
    """Run a handler on the event loop."""
    if identify is not None and call.caller is None:
        call.caller = await call.read(identify)
    result = await cast(Awaitable[object], call.endpoint.handler(call, **_arguments(call, body)))
    return result if isinstance(result, web.StreamResponse) else _response(call, *_encoded(call, result))


async def _run_in_thread(call: Call, identify: Identify | None, body: Body) -> web.StreamResponse:
    """Identify the caller, run the handler and encode its answer in one task of a database thread."""

    def work() -> DeferredWrite[object] | Encoded:
        if identify is not None and call.caller is None:
            call.caller = identify()
        result = call.endpoint.handler(call, **_arguments(call, body))
        return result if isinstance(result, DeferredWrite) else _encoded(call, result)

    run = call.read if call.endpoint.method == "GET" else call.write
    answer = await run(work)
    if isinstance(answer, DeferredWrite):
        finish = answer.finish
        answer = await call.write(lambda: _encoded(call, finish()))
    return _response(call, *answer)


def _identification(call: Call) -> Identify | None:
    """Return the function that authenticates the token in a database thread; None for an anonymous request.

    Raises NotAuthenticated if the endpoint requires a token, or if the header or the token is malformed.
    """
    header = call.request.headers.get("Authorization")
    if header is None:
        if call.endpoint.access is Access.PUBLIC:
            return None
        raise NotAuthenticated()
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("Send the header as Authorization: Bearer TOKEN.")
    if auth.is_personal_token(token):
        return functools.partial(auth.authenticate_personal, token, call.now)
    claims = auth.check_access_token(call.services.keys, token, call.now)
    return functools.partial(auth.authenticate, claims, call.now)


async def _throttle(call: Call, identify: Identify | None) -> None:
    """Count the call against the endpoint's rate limit, before its body is read. Raises Throttled.

    A limit per account needs the caller, who is then not authenticated again for the handler.
    """
    action = call.endpoint.throttle
    if action is None:
        return
    if auth.THROTTLE_RULES[action].per is auth.ThrottleScope.ADDRESS:
        await call.throttle_address(action)
    elif identify is not None:
        call.caller = await call.read(identify)
        await call.write(
            auth.count_attempt, call.services.settings.throttle, action, str(call.user_id), call.now
        )


async def _note_token_use(call: Call) -> None:
    """Store the time of the last use of a personal token. An error here does not fail the request."""
    if call.caller is not None and call.caller.last_use_is_outdated and call.caller.token_id is not None:
        with contextlib.suppress(MovierecError):
            await call.write(auth.record_token_use, call.caller.token_id, call.now)


async def _read_body(call: Call) -> Body:
    """Read and validate the body if the endpoint has one, with a size limit and a timeout.

    A large body is parsed and validated in a thread.
    """
    request, server = call.request, call.services.settings.server
    if call.endpoint.body is None:
        return None
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() not in (
        "utf-8",
        "utf8",
    ):
        raise UnsupportedMediaType()
    if (request.content_length or 0) > server.body_limit_bytes:
        raise BodyTooLarge()
    try:
        async with asyncio.timeout(server.body_timeout_seconds):
            raw = await request.read()
    except TimeoutError as error:
        raise MalformedRequest("The body did not arrive in time.") from error
    if len(raw) <= INLINE_BODY_BYTES:
        return parse_body(call.endpoint, raw)
    return await call.services.threads.parse(parse_body, call.endpoint, raw)


def parse_body(endpoint: Endpoint, raw: bytes) -> Body:
    """Parse and validate a body for `endpoint`. Raises MalformedRequest and ValidationFailed if its JSON is refused.

    Problems of its fields are returned.
    """
    assert endpoint.body is not None
    document = decode_json(raw)
    if isinstance(document, dict):
        document = {name: value for name, value in document.items() if name not in endpoint.ignored_fields}
    try:
        return _validated(endpoint.body, document, strict=True)
    except ValidationFailed as error:
        return error


def _arguments(call: Call, body: Body) -> dict[str, object]:
    """Check access and return path, query and body as the arguments of the handler."""
    endpoint = call.endpoint
    _check_access(call)
    arguments: dict[str, object] = {
        name: _path_value(call, name, kind) for name, kind in endpoint.path_types.items()
    }
    if endpoint.query is not None:
        arguments["query"] = _validated(endpoint.query, _query(call), strict=False)
    elif call.request.query:
        _refuse_unknown_query(call)
    if isinstance(body, ValidationFailed):
        raise body
    if body is not None:
        arguments["body"] = body
    return arguments


def _check_access(call: Call) -> None:
    """Check role and scopes of the caller. Raises PermissionDenied."""
    endpoint, caller = call.endpoint, call.caller
    if endpoint.access is Access.STAFF and not (caller and caller.is_staff):
        raise PermissionDenied("This needs a staff account.")
    if caller is None or caller.token_id is None:
        return
    needed = "read" if endpoint.method == "GET" else "write"
    if needed not in caller.scopes:
        raise PermissionDenied(f"This token has no scope to {needed}.")
    if endpoint.session_only:
        raise PermissionDenied("A personal token may not do this. Sign in.")


def _path_value(call: Call, name: str, kind: type) -> int | str:
    text = call.request.match_info[name]
    if kind is int:
        number = int(text)
        if number >= 2**63:
            raise NotFound()
        return number
    try:
        check_text(text, name)
    except ValidationFailed as error:
        raise NotFound() from error
    return text


def _query(call: Call) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, text in call.request.query.items():
        check_text(text, name)
        if name in values:
            raise ValidationFailed.of(name, "Given more than once.")
        values[name] = text
    return values


def _refuse_unknown_query(call: Call) -> None:
    raise ValidationFailed(
        errors=[FieldError(name, "Unknown parameter.") for name in dict.fromkeys(call.request.query)]
    )


def _validated(model: type[BaseModel], document: object, *, strict: bool) -> BaseModel:
    try:
        return model.model_validate(document, strict=strict, context=UnknownFields() if strict else None)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise ValidationFailed(
            errors=[_field_error(problem) for problem in problems[:MAXIMUM_PROBLEMS]]
        ) from error


def _field_error(problem: ErrorDetails) -> FieldError:
    name = ".".join(str(part) for part in problem["loc"]) or "body"
    if problem["type"] == "extra_forbidden":
        return FieldError(name, "Unknown field.")
    if problem["type"] == "missing":
        return FieldError(name, "This field is required.")
    return FieldError(name, problem["msg"].removeprefix("Value error, ") + ".")


def _encoded(call: Call, result: object) -> Encoded:
    """Return the answer and its encoded body. Other results are documents with the first declared status."""
    answer = (
        result
        if isinstance(result, JsonResponse)
        else JsonResponse(next(iter(call.endpoint.answers)), result)
    )
    return answer, None if answer.document is None else encode_json(answer.document)


def _response(call: Call, answer: JsonResponse[object], body: bytes | None) -> web.Response:
    headers = dict(answer.headers)
    endpoint = call.endpoint
    if call.caller is None and endpoint.cache_seconds and body is not None and answer.status == 200:
        headers["ETag"] = tag = entity_tag(body)
        headers["Cache-Control"] = f"public, max-age={endpoint.cache_seconds}"
        headers["Vary"] = "Authorization"
        if is_cached_by_client(call.request, tag):
            return web.Response(status=304, headers=headers)
    else:
        headers["Cache-Control"] = "no-store"
    return web.Response(
        body=body,
        status=answer.status,
        headers=headers,
        content_type="application/json" if body is not None else None,
    )
