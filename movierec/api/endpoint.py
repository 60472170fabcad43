"""Declaration of an endpoint, used for routing, authentication, validation, answers and documentation.

    @group.put("/movie/{movie_id}/", access=Access.USER, answers={200: schemas.Rating})
    def rate(call: Call, movie_id: int, body: schemas.SetRating) -> schemas.Rating:
        "Rate a movie."

A synchronous handler runs in a database thread (reader for GET, writer otherwise), an `async` one on the
event loop. `body` and `query` are validated by their annotations; other parameters come from the path. The
docstring of the handler is the summary (first line) and description in the OpenAPI document.
"""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, NamedTuple, Required, TypeAlias, TypedDict, TypeVar, Unpack

from pydantic import BaseModel

from movierec.errors import MovierecError

Handler: TypeAlias = Callable[..., object]
Document = TypeVar("Document")
HandlerT = TypeVar("HandlerT", bound=Handler)

# A number with more digits than any id of the database does not match the route: 404.
_PATH_PATTERNS = {int: "[1-9][0-9]{0,18}", str: "[^/]+"}

# Lifetime in the caches of browsers and proxies of what everybody may see.
CATALOGUE_CACHE_SECONDS = 60


class Access(Enum):
    """Callers of an endpoint: everybody, signed-in users (own data only), staff."""

    PUBLIC = "public"
    USER = "user"
    STAFF = "staff"


@dataclass(frozen=True)
class JsonResponse(Generic[Document]):
    """An answer with another status than the first one declared, or with headers."""

    status: int
    document: Document
    headers: Mapping[str, str] = field(default_factory=dict)


class FileContent(NamedTuple):
    """Declared in place of a schema: the answer is a file of one of these content types."""

    content_types: tuple[str, ...]


# Fields that a resource answers with and a client may not set. Clients that send a whole object back send them, too.
READ_ONLY_FIELDS = frozenset({"id", "movie_detail", "created_at", "updated_at"})

# The schema of an answer: a TypedDict of `schemas/`, a file, or no body.
AnswerSchema: TypeAlias = type[object] | FileContent | None


@dataclass(frozen=True)
class DeferredWrite(Generic[Document]):
    """Result of a synchronous GET that must write after all: `finish` runs in the writer thread."""

    finish: Callable[[], Document]


@dataclass(frozen=True)
class Endpoint:
    """A declared endpoint; see `Group` for how to declare one."""

    method: str
    path: str
    handler: Handler
    tag: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    path_types: Mapping[str, type]
    access: Access
    answers: Mapping[int, AnswerSchema]
    errors: tuple[type[MovierecError], ...] = ()
    # The handler reads the body itself, as a stream: an upload.
    streams: bool = False
    cache_seconds: int = 0
    # Name of the rate limit that a call is counted against before anything else.
    throttle: str | None = None
    # Refuse personal tokens: a leaked one must not change sessions, tokens, the password or the account.
    session_only: bool = False

    @property
    def route(self) -> str:
        """Path in the syntax of aiohttp's router: `{name:pattern}`."""
        return self._path_with("{{{0}:{1}}}")

    def matches(self, path: str) -> bool:
        """Return True if a concrete path, without its trailing slash, belongs to this endpoint."""
        return re.fullmatch(self._path_with("{1}").rstrip("/"), path) is not None

    def _path_with(self, form: str) -> str:
        return re.sub(
            r"\{(\w+)\}", lambda m: form.format(m[1], _PATH_PATTERNS[self.path_types[m[1]]]), self.path
        )

    @property
    def summary(self) -> str:
        """First line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]

    @property
    def description(self) -> str:
        """The handler's docstring after its first line."""
        return inspect.cleandoc(self.handler.__doc__ or "").partition("\n")[2].strip()

    @functools.cached_property
    def ignored_fields(self) -> frozenset[str]:
        """Fields of a body that are ignored: in PUT and PATCH, read-only fields of the answer."""
        if self.method not in ("PUT", "PATCH") or self.body is None:
            return frozenset()
        answered = {
            name for answer in self.answers.values() for name in getattr(answer, "__annotations__", ())
        }
        return (READ_ONLY_FIELDS & answered) - self.body.model_fields.keys()

    @property
    def is_async(self) -> bool:
        """True if the handler runs on the event loop."""
        return inspect.iscoroutinefunction(self.handler)


class Declaration(TypedDict, total=False):
    """Arguments of the decorators of `Group`. `access` and `answers` are required."""

    access: Required[Access]
    answers: Required[Mapping[int, AnswerSchema]]
    errors: tuple[type[MovierecError], ...]
    streams: bool
    cache_seconds: int
    throttle: str | None
    session_only: bool


class Group:
    """Endpoints under one URL prefix, declared with decorators."""

    def __init__(self, prefix: str, tag: str) -> None:
        self.prefix = prefix
        self.tag = tag
        self.endpoints: list[Endpoint] = []

    def get(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[HandlerT], HandlerT]:
        return self._declare("GET", path, **declaration)

    def post(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[HandlerT], HandlerT]:
        return self._declare("POST", path, **declaration)

    def put(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[HandlerT], HandlerT]:
        return self._declare("PUT", path, **declaration)

    def patch(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[HandlerT], HandlerT]:
        return self._declare("PATCH", path, **declaration)

    def delete(self, path: str, **declaration: Unpack[Declaration]) -> Callable[[HandlerT], HandlerT]:
        return self._declare("DELETE", path, **declaration)

    def _declare(
        self, method: str, path: str, **declaration: Unpack[Declaration]
    ) -> Callable[[HandlerT], HandlerT]:
        def declare(handler: HandlerT) -> HandlerT:
            hints = typing.get_type_hints(handler)
            names = re.findall(r"\{(\w+)\}", path)
            endpoint = Endpoint(
                method=method,
                path=self.prefix + path,
                handler=handler,
                tag=self.tag,
                body=hints.get("body"),
                query=hints.get("query"),
                path_types={name: hints[name] for name in names},
                **declaration,
            )
            self.endpoints.append(endpoint)
            return handler

        return declare
