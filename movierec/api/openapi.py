"""OpenAPI 3.1 document, generated from the declarations that also route and validate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import TypeAlias, get_args, get_origin

from apispec import APISpec
from pydantic import BaseModel, TypeAdapter
from typing_extensions import is_typeddict

from movierec import __version__
from movierec.api.endpoint import Access, Endpoint, FileContent
from movierec.api.problems import HTTP_STATUS
from movierec.api.schemas import Problem
from movierec.errors import (
    BodyTooLarge,
    MalformedRequest,
    MovierecError,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Throttled,
    UnsupportedMediaType,
    ValidationFailed,
)
from movierec.tmdb import ATTRIBUTION

DESCRIPTION = f"""Movie search, ratings and recommendations on your own machine.

Sign in with `POST /api/v1/auth/login/` and send the access token as `Authorization: Bearer TOKEN`.
Scripts send a personal token (`POST /api/v1/auth/tokens/`) in the same way; the scope `read` allows GET only.
Calls beyond a rate limit are answered with 429 and `Retry-After` in seconds.
Every error is an RFC 9457 problem document with a stable `code`.
The movies shipped with movierec come from Wikidata (CC0). {ATTRIBUTION}"""

JsonObject: TypeAlias = dict[str, object]

_REFERENCE = "#/components/schemas/{model}"


def openapi_document(endpoints: Iterable[Endpoint]) -> JsonObject:
    """Return the document as plain data."""
    spec = APISpec(
        title="movierec",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": DESCRIPTION, "license": {"name": "MIT", "identifier": "MIT"}},
        servers=[{"url": "/"}],
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    schemas = _Schemas(spec)
    operations: dict[str, JsonObject] = {}
    for endpoint in endpoints:
        operations.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    for path, methods in operations.items():
        spec.path(path=path, operations=methods)
    return spec.to_dict()


class _Schemas:
    """Components of the document: the JSON schema of each model, added once."""

    def __init__(self, spec: APISpec) -> None:
        self._spec = spec

    def reference(self, model: type[object]) -> JsonObject:
        """Add the components of a model and return a reference to it, or the schema itself of any other type."""
        schema = TypeAdapter(model).json_schema(ref_template=_REFERENCE, mode="validation")
        for name, definition in schema.pop("$defs", {}).items():
            self._add(name, definition)
        if (component := _component_name(model)) is None:
            return schema
        self._add(component, {**schema, "title": component})
        return {"$ref": _REFERENCE.format(model=component)}

    def _add(self, name: str, schema: JsonObject) -> None:
        existing = self._spec.components.schemas.get(name)
        if existing is None:
            self._spec.components.schema(name, schema)
        elif existing != schema:
            raise ValueError(f"Two different schemas are named {name}.")


def _component_name(model: type[object]) -> str | None:
    """Return the name of a model's component: `PageOfMovie` for `Page[Movie]`, None for any other type."""
    origin = get_origin(model)
    if origin is not None and is_typeddict(origin):
        return f"{origin.__name__}Of{get_args(model)[0].__name__}"
    is_model = isinstance(model, type) and (is_typeddict(model) or issubclass(model, BaseModel))
    return model.__name__ if is_model else None


def _operation(endpoint: Endpoint, schemas: _Schemas) -> JsonObject:
    operation: JsonObject = {
        "operationId": operation_id(endpoint),
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint, schemas)],
        "responses": _responses(endpoint, schemas),
        "x-access": endpoint.access.value,
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.access is not Access.PUBLIC:
        operation["security"] = [{"bearer": []}]
    if endpoint.body is not None:
        content = {"application/json": {"schema": schemas.reference(endpoint.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    elif endpoint.streams:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
    return operation


def operation_id(endpoint: Endpoint) -> str:
    """Return a stable, unique, readable id such as `get_movies_id`, made of method and path."""
    words = re.findall(r"\w+", endpoint.path.removeprefix("/api/v1"))
    return "_".join([endpoint.method.lower(), *words])


def _path_parameters(endpoint: Endpoint) -> list[JsonObject]:
    kinds: dict[type, JsonObject] = {int: {"type": "integer", "minimum": 1}, str: {"type": "string"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds[kind]}
        for name, kind in endpoint.path_types.items()
    ]


def _query_parameters(endpoint: Endpoint, schemas: _Schemas) -> list[JsonObject]:
    if endpoint.query is None:
        return []
    schema = TypeAdapter(endpoint.query).json_schema(ref_template=_REFERENCE)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            **({"description": definition.pop("description")} if "description" in definition else {}),
            "schema": definition,
        }
        for name, definition in schema.get("properties", {}).items()
    ]


def _responses(endpoint: Endpoint, schemas: _Schemas) -> JsonObject:
    responses: JsonObject = {}
    for status, model in endpoint.answers.items():
        content: JsonObject | None = None
        if isinstance(model, FileContent):
            binary = {"schema": {"type": "string", "format": "binary"}}
            content = dict.fromkeys(model.content_types, binary)
        elif model is not None:
            content = {"application/json": {"schema": schemas.reference(model)}}
        description = {"description": HTTPStatus(status).phrase}
        responses[str(status)] = {**description, "content": content} if content else description
    problem = {"application/problem+json": {"schema": schemas.reference(Problem)}}
    codes: dict[int, list[str]] = {}
    for error in declared_errors(endpoint):
        codes.setdefault(HTTP_STATUS[error], []).append(error.code)
    for status, names in sorted(codes.items()):
        phrase = f"{HTTPStatus(status).phrase}: {', '.join(dict.fromkeys(names))}"
        responses[str(status)] = {"description": phrase, "content": problem}
    responses["default"] = {"description": "Any other failure", "content": problem}
    return responses


def declared_errors(endpoint: Endpoint) -> list[type[MovierecError]]:
    """Return the error classes that the declaration of an endpoint implies or lists."""
    classes: list[type[MovierecError]] = []
    if endpoint.access is not Access.PUBLIC:
        classes.append(NotAuthenticated)
    if endpoint.access is Access.STAFF or endpoint.session_only:
        classes.append(PermissionDenied)
    if endpoint.throttle is not None:
        classes.append(Throttled)
    if endpoint.path_types:
        classes.append(NotFound)
    if endpoint.body is not None:
        classes += [MalformedRequest, BodyTooLarge, UnsupportedMediaType]
    if endpoint.body is not None or endpoint.query is not None:
        classes.append(ValidationFailed)
    return [*classes, *(error for error in endpoint.errors if error not in classes)]
