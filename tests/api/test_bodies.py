"""JSON bodies: cost bounded before parsing, large ones parsed off the event loop, nested defaults kept by PATCH."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

import movierec.api
from movierec import db
from movierec.api import call
from movierec.api.app import ENDPOINTS
from movierec.api.encoding import check_cost, decode_json
from movierec.api.endpoint import Access
from movierec.api.limits import (
    INLINE_BODY_BYTES,
    MAXIMUM_JSON_DEPTH,
    MAXIMUM_JSON_VALUES,
    MAXIMUM_PROBLEMS,
)
from movierec.errors import MalformedRequest, ValidationFailed
from tests.running import RunningDaemon

WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.body is not None]
MIB = 1_048_576


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    return module_daemon


def is_refused(body: bytes) -> bool:
    try:
        check_cost(body)
    except ValidationFailed:
        return True
    return False


def value_count(document: Any) -> int:
    """Count the values of a document: itself and, of lists and objects, what they contain."""
    if isinstance(document, dict):
        return 1 + sum(map(value_count, document.values()))
    return 1 + sum(map(value_count, document)) if isinstance(document, list) else 1


def depth(document: Any) -> int:
    if isinstance(document, dict):
        document = list(document.values())
    return 1 + max(map(depth, document), default=0) if isinstance(document, list) else 0


TEXTS = st.text(st.sampled_from('a\\",[]{}: \n\té'), max_size=6)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS, st.sampled_from([None, 1]), st.booleans(), st.integers(-1, 1))
@example([[], {}, [[]], {"a": []}, [{}]], None, True, 0)
@example(['\\"', "\\\\", '\\\\"', "[],{}"], None, True, 0)
def test_values_and_depth_are_counted_without_parsing(
    document: Any, indent: int | None, ascii_only: bool, difference: int
) -> None:
    body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    patch = pytest.MonkeyPatch()
    with patch.context() as limits:
        limits.setattr("movierec.api.encoding.MAXIMUM_JSON_DEPTH", 100)
        limits.setattr("movierec.api.encoding.MAXIMUM_JSON_VALUES", value_count(document) + difference)
        assert is_refused(body) == (difference < 0)
        limits.setattr("movierec.api.encoding.MAXIMUM_JSON_VALUES", 100)
        limits.setattr("movierec.api.encoding.MAXIMUM_JSON_DEPTH", max(0, depth(document) + difference))
        assert is_refused(body) == (difference < 0 < depth(document))


@given(st.binary(max_size=40) | st.text(st.sampled_from('\\"[]{},:1 '), max_size=40).map(str.encode))
def test_what_is_not_json_is_left_to_the_parser(body: bytes) -> None:
    assert not is_refused(body) or body.count(b"[") + body.count(b"{") > MAXIMUM_JSON_DEPTH


def nested(levels: int) -> bytes:
    return b"[" * levels + b"1" + b"]" * levels


def test_limits_of_a_body() -> None:
    decode_json(nested(MAXIMUM_JSON_DEPTH))
    decode_json(json.dumps([[]] * (MAXIMUM_JSON_VALUES - 1)).encode())
    decode_json(json.dumps({f'"{number}"': "" for number in range(MAXIMUM_JSON_VALUES - 1)}).encode())
    for body in (
        nested(MAXIMUM_JSON_DEPTH + 1),
        json.dumps([[]] * MAXIMUM_JSON_VALUES).encode(),
        json.dumps(dict.fromkeys(map(str, range(MAXIMUM_JSON_VALUES)))).encode(),
    ):
        with pytest.raises(ValidationFailed):
            decode_json(body)


def _costly_bodies() -> dict[str, bytes]:
    many = MIB - 100
    return {
        "nested lists": b"[" * (many // 2) + b"]" * (many // 2),
        "lists after each other": b"[" + b"[]," * (many // 3) + b"1]",
        "objects in objects": b'{"":' * (many // 5) + b"1" + b"}" * (many // 5),
        "95,000 keys": json.dumps(
            {f"k{number}": 1 for number in range(95_000)}, separators=(",", ":")
        ).encode(),
        "numbers": b"[" + b"1," * (many // 2) + b"1]",
        "texts": b"[" + b'"",' * (many // 3) + b"1]",
        "escaped texts": b'["\\\\' + b'","\\\\' * (many // 5) + b'"]',
        "cut short": b"[" + b"[1," * (many // 3),
        "quotation marks": b'"' * many,
    }


COSTLY_BODIES = _costly_bodies()


@pytest.mark.parametrize("what", COSTLY_BODIES)
def test_costly_bodies_are_refused_before_parsing(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object, **__: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr("movierec.api.encoding.json.loads", parse)
    with pytest.raises(ValidationFailed):
        decode_json(COSTLY_BODIES[what])


def test_large_text_of_escapes_is_no_costly_body() -> None:
    for escape in ('\\"', "\\\\", "\\n", "\\u00e9"):
        decode_json(b'{"a": "' + escape.encode() * (MIB // 8) + b'"}')
    for body in (b'{"a": "' + b'\\"' * (MIB // 2), b'{"a": "' + b"\\" * MIB, b"1" + b"]" * MIB):
        with pytest.raises(MalformedRequest):
            decode_json(body)


def test_costly_bodies_are_refused_by_every_endpoint(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    headers = {"Content-Type": "application/json"}
    for endpoint, what in zip(WITH_BODY, itertools.cycle(COSTLY_BODIES), strict=False):
        db.execute("DELETE FROM throttle")
        path, body = re.sub(r"\{\w+\}", "999999999", endpoint.path), COSTLY_BODIES[what]
        reply = daemon.request(endpoint.method, path, token=admin.access, body=body, headers=headers)
        assert reply.status == 422, f"{endpoint.method} {path} with {what}: {reply.body[:300]!r}"
        assert len(reply.json()["errors"]) == 1


def _unknown_fields(model: type[BaseModel], count: int) -> list[dict[str, Any]]:
    """Documents with unknown fields: in the object itself, and in the objects of each of its lists."""
    unknown = {f"unknown{number}": 1 for number in range(count)}
    lists = [name for name, field in model.model_fields.items() if "list[" in str(field.annotation)]
    return [unknown, *({name: [dict(list(unknown.items())[:30])] * (count // 30)} for name in lists)]


def test_at_most_a_hundred_problems_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in WITH_BODY:
        assert endpoint.body is not None
        for document in _unknown_fields(endpoint.body, 10_000):
            problem = call.parse_body(endpoint, json.dumps(document).encode())
            assert isinstance(problem, ValidationFailed)
            assert len(problem.errors) <= MAXIMUM_PROBLEMS, endpoint.path
        built: list[object] = []
        monkeypatch.setattr(call, "_field_error", lambda error, built=built: built.append(error) or error)
        many = {f"unknown{number}": 1 for number in range(MAXIMUM_PROBLEMS + 1)}
        problem = call.parse_body(endpoint, json.dumps(many).encode())
        assert isinstance(problem, ValidationFailed)
        assert [error.field for error in problem.errors] == ["body"]
        assert not built
        monkeypatch.undo()
        del many["unknown0"]
        problem = call.parse_body(endpoint, json.dumps(many).encode())
        assert isinstance(problem, ValidationFailed)
        assert {error.message for error in problem.errors} >= {"Unknown field."}
        assert len(problem.errors) == MAXIMUM_PROBLEMS


def test_unknown_fields_of_all_nested_objects_are_counted_together() -> None:
    [endpoint] = [each for each in WITH_BODY if (each.method, each.path) == ("PATCH", "/api/v1/movies/{id}/")]
    member = {"name": "Ann", **dict.fromkeys(map(str, range(30)), 1)}
    for count, fields in ((3, 90), (4, 1)):
        problem = call.parse_body(endpoint, json.dumps({"cast": [member] * count}).encode())
        assert isinstance(problem, ValidationFailed)
        assert len(problem.errors) == fields


@pytest.fixture
def parsing_threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the threads that parsed and validated a body, in order."""
    names: list[str] = []

    def recorded(work: Callable[..., Any]) -> Callable[..., Any]:
        def record(*arguments: Any, **options: Any) -> Any:
            names.append(threading.current_thread().name)
            return work(*arguments, **options)

        return record

    monkeypatch.setattr(call, "decode_json", recorded(call.decode_json))
    validators = {endpoint.body: endpoint.body.model_validate for endpoint in WITH_BODY if endpoint.body}
    for model, validate in validators.items():
        monkeypatch.setattr(model, "model_validate", recorded(validate))
    return names


def test_large_bodies_are_parsed_and_validated_off_the_event_loop(
    daemon: RunningDaemon, parsing_threads: list[str]
) -> None:
    admin = daemon.admin()
    for endpoint in WITH_BODY:
        path = re.sub(r"\{\w+\}", "999999999", endpoint.path)
        for size in (INLINE_BODY_BYTES, INLINE_BODY_BYTES + 1):
            db.execute("DELETE FROM throttle")
            parsing_threads.clear()
            body = b'{"unknown": 1' + b" " * (size - 14) + b"}"
            assert len(body) == size
            reply = daemon.request(
                endpoint.method,
                path,
                token=admin.access,
                body=body,
                headers={"Content-Type": "application/json"},
            )
            assert reply.status == 422, reply.body
            assert len(parsing_threads) == 2, f"{endpoint.method} {path}"
            assert all(name.startswith("parsing") for name in parsing_threads) == (size > INLINE_BODY_BYTES)


def test_access_is_checked_before_the_problems_of_a_body(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    for document in ({"unknown": 1}, {"unknown": "x" * INLINE_BODY_BYTES}):
        for endpoint in WITH_BODY:
            if endpoint.access is not Access.PUBLIC:
                path = re.sub(r"\{\w+\}", "999999999", endpoint.path)
                staff = endpoint.access is Access.STAFF
                daemon.call(endpoint.method, path, document, status=401)
                daemon.call(endpoint.method, path, document, token=ann, status=403 if staff else 422)


# PATCH: fields that were not sent


def test_patch_keeps_the_defaults_of_nested_objects(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    movie = daemon.post(
        "/api/v1/movies/", {"title": "Dune", "tagline": "It begins."}, token=admin, status=201
    )
    path = f"/api/v1/movies/{movie['id']}/"
    changed = daemon.patch(path, {"cast": [{"name": "A"}, {"name": "B", "character": "C"}]}, token=admin)
    assert changed["cast"] == [{"name": "A", "character": ""}, {"name": "B", "character": "C"}]
    assert changed["tagline"] == "It begins."
    assert daemon.patch(path, {"tagline": ""}, token=admin)["cast"] == changed["cast"]
    assert daemon.patch(path, {"cast": []}, token=admin)["cast"] == []


def _least(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    """Return the smallest valid value of a JSON schema: of an object only the required fields, of a list one item."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("anyOf", ()):
        return _least(choice, definitions)
    if schema.get("type") == "object":
        required = {name: schema["properties"][name] for name in schema.get("required", ())}
        return {name: _least(definition, definitions) for name, definition in required.items()}
    if schema.get("type") == "array":
        return [_least(schema["items"], definitions)]
    if "enum" in schema:
        return schema["enum"][0]
    texts = {r"^tt\d{7,10}$": "tt9990001", r"^[a-z]{2,3}$": "fr", r"^([a-z]{2})?$": "fr"}
    text = texts.get(schema.get("pattern", ""), "http://example.org")
    values = {"string": text, "boolean": True, "null": None}
    return values.get(schema["type"], schema.get("minimum", 0.5))


PATCHES = [
    ("/api/v1/movies/{id}/", "movie"),
    ("/api/v1/auth/profiles/my_profile/", None),
    ("/api/v1/auth/profiles/{id}/", "profile"),
    ("/api/v1/auth/me/", None),
    ("/api/v1/auth/{id}/", "user"),
    ("/api/v1/favorites/{id}/", "favorite"),
    ("/api/v1/favorites/ratings/{id}/", "rating"),
]


def test_every_patch_takes_each_field_alone_in_its_shortest_form(daemon: RunningDaemon) -> None:
    """Whatever an object in a list leaves out has its default."""
    endpoints = {endpoint.path: endpoint for endpoint in WITH_BODY if endpoint.method == "PATCH"}
    assert sorted(endpoints) == sorted(path for path, _ in PATCHES)
    admin = daemon.admin()
    ids = {
        "movie": daemon.post("/api/v1/movies/", {"title": "Patched"}, token=admin, status=201)["id"],
        "user": admin.id,
        "profile": daemon.get("/api/v1/auth/profiles/my_profile/", token=admin)["id"],
    }
    ids["favorite"] = daemon.post("/api/v1/favorites/", {"movie": ids["movie"]}, token=admin, status=201)[
        "id"
    ]
    rating = {"movie": ids["movie"], "rating": 3}
    ids["rating"] = daemon.post("/api/v1/favorites/ratings/", rating, token=admin, status=201)["id"]
    for path, name in PATCHES:
        model = endpoints[path].body
        assert model is not None
        schema = model.model_json_schema()
        for field, definition in schema["properties"].items():
            value = _least(definition, schema.get("$defs", {}))
            if field == "movie":
                value = ids["movie"]
            if (field, value) in (("title", "http://example.org"), ("username", "http://example.org")):
                value = "patched"
            if field == "release_date":
                value = "2021-09-03"
            if field in ("favorite_genres", "genres"):
                value = ["Drama"]
            daemon.patch(path.format(id=ids[name] if name else None), {field: value}, token=admin)


def test_no_handler_loses_nested_defaults() -> None:
    folder = Path(movierec.api.__file__).parent
    for file in folder.rglob("*.py"):
        assert "exclude_unset" not in file.read_text(), f"{file.name}: use Input.sent_fields"
