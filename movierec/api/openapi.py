"""OpenAPI 3.1 document, generated from the declarations that also route and validate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, get_origin

from apispec import APISpec
from pydantic import BaseModel, TypeAdapter

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

_REFERENCE = "#/components/schemas/{model}"


def openapi_document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
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
    operations: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        operations.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    for path, methods in operations.items():
        spec.path(path=path, operations=methods)
    return spec.to_dict()


class _Schemas:
    """Components of the document: the JSON schema of each model, added once."""

    def __init__(self, spec: APISpec) -> None:
        self._spec = spec

    def reference(self, model: Any) -> dict[str, Any]:
        schema = TypeAdapter(model).json_schema(ref_template=_REFERENCE, mode="validation")
        for name, definition in schema.pop("$defs", {}).items():
            self._add(name, definition)
        if get_origin(model) is None and isinstance(model, type) and issubclass(model, BaseModel):
            name = re.sub(r"\[(\w+)\]", r"Of\1", model.__name__)  # Page[Movie] is no name there
            self._add(name, {**schema, "title": name})
            return {"$ref": _REFERENCE.format(model=name)}
        return schema

    def _add(self, name: str, schema: dict[str, Any]) -> None:
        known = self._spec.components.schemas.get(name)
        if known is None:
            self._spec.components.schema(name, schema)
        elif known != schema:
            raise ValueError(f"Two different schemas are named {name}.")


def _operation(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
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


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    kinds: dict[type, dict[str, Any]] = {int: {"type": "integer", "minimum": 1}, str: {"type": "string"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds[kind]}
        for name, kind in endpoint.path_types.items()
    ]


def _query_parameters(endpoint: Endpoint, schemas: _Schemas) -> list[dict[str, Any]]:
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


def _responses(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in endpoint.answers.items():
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if isinstance(model, FileContent):
            binary = {"schema": {"type": "string", "format": "binary"}}
            responses[str(status)]["content"] = dict.fromkeys(model.content_types, binary)
        elif model is not None:
            content = {"application/json": {"schema": schemas.reference(model)}}
            responses[str(status)]["content"] = content
    problem = {"application/problem+json": {"schema": schemas.reference(Problem)}}
    codes: dict[int, list[str]] = {}
    for error in declared_errors(endpoint):
        codes.setdefault(HTTP_STATUS[error], []).append(error.code)
    for status, names in sorted(codes.items()):
        description = f"{HTTPStatus(status).phrase}: {', '.join(dict.fromkeys(names))}"
        responses[str(status)] = {"description": description, "content": problem}
    responses["default"] = {"description": "Any other failure", "content": problem}
    return responses


def declared_errors(endpoint: Endpoint) -> list[type[MovierecError]]:
    """Return the error classes that the declaration of an endpoint implies or lists."""
    found: list[type[MovierecError]] = []
    if endpoint.access is not Access.PUBLIC:
        found.append(NotAuthenticated)
    if endpoint.access is Access.STAFF or endpoint.session_only:
        found.append(PermissionDenied)
    if endpoint.throttle is not None:
        found.append(Throttled)
    if endpoint.path_types:
        found.append(NotFound)
    if endpoint.body is not None:
        found += [MalformedRequest, BodyTooLarge, UnsupportedMediaType]
    if endpoint.body is not None or endpoint.query is not None:
        found.append(ValidationFailed)
    return [*found, *(error for error in endpoint.errors if error not in found)]
