"""The types of the client's responses, compared with the schemas of the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from movierec.api.app import ENDPOINTS
from movierec.api.openapi import openapi_document
from movierec.client import json_types

SCHEMAS: Mapping[str, Any] = openapi_document(ENDPOINTS)["components"]["schemas"]
# A type of its own for each schema; pages are generic, and titles are a part of several schemas.
TYPES = {
    name.removesuffix("Json"): value
    for name, value in vars(json_types).items()
    if is_typeddict(value) and name not in ("PageJson", "TitledJson")
}


def schema_type(schema: Mapping[str, Any]) -> str:
    """Return the type of a JSON schema in the notation of `type_text`."""
    if "$ref" in schema:
        return f"{schema['$ref'].rpartition('/')[2]}Json"
    if "anyOf" in schema:
        return " | ".join(sorted({schema_type(part) for part in schema["anyOf"]}))
    if schema.get("type") == "array":
        return f"list[{schema_type(schema['items'])}]"
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        return f"dict[str, {schema_type(values) if isinstance(values, dict) and values else 'Any'}]"
    names = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
    return names[schema.get("type", "string")]


def type_text(kind: Any) -> str:
    """Return a type in the notation of annotations, with the members of unions sorted."""
    arguments = get_args(kind)
    if not arguments:
        return {type(None): "None", Any: "Any"}.get(kind) or str(kind.__name__)
    texts = [type_text(argument) for argument in arguments]
    if get_origin(kind) in (list, dict):
        return f"{get_origin(kind).__name__}[{', '.join(texts)}]"
    return " | ".join(sorted(texts))


@pytest.mark.parametrize("name", TYPES)
def test_type_is_that_of_the_schema(name: str) -> None:
    schema, kind = SCHEMAS[name], TYPES[name]
    assert {field: type_text(hint) for field, hint in get_type_hints(kind).items()} == {
        field: schema_type(part) for field, part in schema["properties"].items()
    }
    hints = get_type_hints(kind, include_extras=True).items()
    required = {field for field, hint in hints if get_origin(hint) is not NotRequired}
    assert required == set(schema.get("required", ()))


def references(part: Any) -> Iterator[str]:
    """Yield the names of the schemas that a part of the document refers to."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_every_schema_of_a_response_has_a_type() -> None:
    names = {
        name
        for operations in openapi_document(ENDPOINTS)["paths"].values()
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for name in references(response)
    }
    names = {re.sub(r"^PageOf", "", name) for name in names} - {"Nothing", "Live"}
    assert names <= TYPES.keys()
