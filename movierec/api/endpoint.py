"""One declaration per endpoint: it routes, authenticates, validates, answers and documents.

    @group.put("/movie/{movie_id}/", access=Access.USER, answers={200: schemas.Rating})
    def rate(call: Call, movie_id: int, body: schemas.RateMovie) -> dict[str, Any]:
        "Rate a movie."

A plain function runs in a database thread (reader for GET, writer otherwise), an `async` one on the
event loop. `body` and `query` are validated as their annotations say; other parameters come from the path.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from pydantic import BaseModel

from movierec.errors import MovierecError

Handler = Callable[..., Any]

# An id that no database could hold is no id: it is not found.
_PATH_PATTERNS = {int: "[1-9][0-9]{0,18}", str: "[^/]+"}


class Access(Enum):
    """Who may call: anybody, a signed-in user (own data only), staff."""

    PUBLIC = "public"
    USER = "user"
    STAFF = "staff"


@dataclass(frozen=True)
class JsonResponse:
    """An answer that is not a plain 200."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class FileContent(NamedTuple):
    """In place of a schema: an answer that is a file of one of these types."""

    content_types: tuple[str, ...]


@dataclass(frozen=True)
class DeferredWrite:
    """What a plain GET returns when something must be written after all: the rest runs in the writer."""

    finish: Callable[[], Any]


@dataclass(frozen=True)
class Endpoint:
    """A declared endpoint; see `Group` for how to declare one."""

    method: str
    path: str
    access: Access
    handler: Handler
    tag: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    path_types: Mapping[str, type]
    answers: Mapping[int, Any]
    errors: tuple[type[MovierecError], ...]
    # The handler reads the body itself, as it comes: an upload.
    streams: bool
    cache_seconds: int
    # The limit that a call counts against before anything else, by the name of its setting.
    throttle: str | None
    # Not for personal tokens: what would let a leaked one outlive its owner's attention.
    session_only: bool

    @property
    def route(self) -> str:
        """The path as aiohttp's router wants it: `{name:pattern}`."""
        return self._path_with("{{{0}:{1}}}")

    def matches(self, path: str) -> bool:
        """Whether this is the endpoint of a concrete path, written without its trailing slash."""
        return re.fullmatch(self._path_with("{1}").rstrip("/"), path) is not None

    def _path_with(self, form: str) -> str:
        return re.sub(
            r"\{(\w+)\}", lambda m: form.format(m[1], _PATH_PATTERNS[self.path_types[m[1]]]), self.path
        )

    @property
    def summary(self) -> str:
        return (self.handler.__doc__ or "").strip().partition("\n")[0]

    @property
    def description(self) -> str:
        return inspect.cleandoc(self.handler.__doc__ or "").partition("\n")[2].strip()

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.handler)


class Group:
    """The endpoints under one prefix, declared by decorators."""

    def __init__(self, prefix: str, tag: str) -> None:
        self.prefix = prefix
        self.tag = tag
        self.endpoints: list[Endpoint] = []

    def get(self, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        return self._declare("GET", path, **declaration)

    def post(self, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        return self._declare("POST", path, **declaration)

    def put(self, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        return self._declare("PUT", path, **declaration)

    def patch(self, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        return self._declare("PATCH", path, **declaration)

    def delete(self, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        return self._declare("DELETE", path, **declaration)

    def _declare(
        self,
        method: str,
        path: str,
        *,
        access: Access,
        answers: Mapping[int, Any],
        errors: tuple[type[MovierecError], ...] = (),
        streams: bool = False,
        cache_seconds: int = 0,
        throttle: str | None = None,
        session_only: bool = False,
    ) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            hints = typing.get_type_hints(handler)
            names = re.findall(r"\{(\w+)\}", path)
            self.endpoints.append(
                Endpoint(
                    method=method,
                    path=self.prefix + path,
                    access=access,
                    handler=handler,
                    tag=self.tag,
                    body=hints.get("body"),
                    query=hints.get("query"),
                    path_types={name: hints[name] for name in names},
                    answers=answers,
                    errors=errors,
                    streams=streams,
                    cache_seconds=cache_seconds,
                    throttle=throttle,
                    session_only=session_only,
                )
            )
            return handler

        return declare
