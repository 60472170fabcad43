"""Invalid input to every endpoint: a problem document with the right status, never a 500."""

from __future__ import annotations

import json
import re
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from movierec import db
from movierec.api.app import ENDPOINTS
from movierec.api.endpoint import Access, Endpoint
from tests.running import Account, RunningDaemon

WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.body is not None]
WITH_PATH = [endpoint for endpoint in ENDPOINTS if int in endpoint.path_types.values()]

# (body, status): bodies that every endpoint refuses.
BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "cut short": (b'{"a": ', 400),
    "NaN": (b'{"a": NaN}', 400),
    "Infinity": (b'{"a": -Infinity}', 400),
    "not UTF-8": (b'{"a": "\xff"}', 400),
    "a byte order mark": (b"\xef\xbb\xbf{}", 400),
    "two documents": (b"{} {}", 400),
    "single quotes": (b"{'a': 1}", 400),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "a text": (b'"x"', 422),
    "a number": (b"1", 422),
    "an unknown field": (b'{"no_such_field": 1}', 422),
    "a key twice": (b'{"a": 1, "a": 2}', 422),
    "a lone surrogate": (b'{"a": "\\ud800"}', 422),
    "NUL": (b'{"a": "\\u0000"}', 422),
    "a number beyond 64 bits": (b'{"a": 99999999999999999999}', 422),
    "a number of a million digits": (b'{"a": ' + b"9" * 900_000 + b"}", 422),
    "a float beyond range": (b'{"a": 1e999}', 422),
    "too deep": (b"[" * 100 + b"]" * 100, 422),
    "far too deep": (b"[" * 400_000 + b"]" * 400_000, 422),
}

# Values of wrong types; each is sent in each field of each body.
VALUES: list[Any] = [None, True, -1, 0, 3.3, 2**62, "", "x" * 20_000, [], {}, [None], {"a": 1}, "\u202e", "5"]


def path_of(endpoint: Endpoint, number: str = "999999999") -> str:
    return re.sub(r"\{\w+\}", number, endpoint.path)


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    """One daemon for the file: every test has its own users."""
    return module_daemon


@pytest.fixture
def admin(daemon: RunningDaemon) -> Account:
    return daemon.admin()


def test_malformed_bodies_are_refused(daemon: RunningDaemon, admin: Account) -> None:
    headers = {"Content-Type": "application/json"}
    for endpoint in WITH_BODY:
        for what, (body, status) in BODIES.items():
            db.execute("DELETE FROM throttle")
            reply = daemon.request(
                endpoint.method, path_of(endpoint), token=admin.access, body=body, headers=headers
            )
            assert reply.status == status, (
                f"{endpoint.method} {endpoint.path} with {what}: {reply.body[:300]!r}"
            )
            assert reply.headers["Content-Type"] == "application/problem+json"


def test_values_of_the_wrong_type_in_every_field(daemon: RunningDaemon, admin: Account) -> None:
    for endpoint in WITH_BODY:
        assert endpoint.body is not None
        for name in endpoint.body.model_fields:
            for value in VALUES:
                reply = daemon.request(endpoint.method, path_of(endpoint), {name: value}, token=admin.access)
                assert reply.status < 500, f"{endpoint.method} {endpoint.path} {name}={value!r}"[:300]


def test_invalid_values_of_every_query_parameter(daemon: RunningDaemon, admin: Account) -> None:
    odd = [
        "",
        "-1",
        "0",
        "x",
        "1e9",
        "99999999999999999999",
        "%00",
        "%ED%A0%80",
        "nan",
        "%C3%A9",
        "%27%20OR%201=1--",
        "1,2",
    ]
    for endpoint in ENDPOINTS:
        if endpoint.query is None or endpoint.streams:
            continue
        for name in endpoint.query.model_fields:
            for value in odd:
                path = f"{path_of(endpoint)}?{name}={value}"
                reply = daemon.request(endpoint.method, path, token=admin.access)
                assert reply.status < 500, f"{endpoint.method} {path}: {reply.body[:300]!r}"


def test_unknown_query_parameters_are_refused(daemon: RunningDaemon, admin: Account) -> None:
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET":
            continue
        reply = daemon.request("GET", f"{path_of(endpoint)}?no_such_parameter=1", token=admin.access)
        assert reply.status == 422, f"{endpoint.path}: {reply.status}"
        assert "no_such_parameter" in [item["field"] for item in reply.json()["errors"]]


@pytest.mark.parametrize("number", ["0", "-1", "01", "1.5", "x", "9" * 19, "9" * 20, "%00", "1%2F", "٣"])
def test_invalid_ids_are_not_found(daemon: RunningDaemon, admin: Account, number: str) -> None:
    from urllib.parse import quote

    for endpoint in WITH_PATH:
        if endpoint.method != "GET":
            continue
        path = path_of(endpoint, quote(number, safe="%"))
        reply = daemon.request("GET", path, token=admin.access)
        assert reply.status == 404, f"{path}: {reply.status} {reply.body[:200]!r}"
        assert reply.json()["code"] == "not_found"


def test_only_json_is_accepted(daemon: RunningDaemon, admin: Account) -> None:
    for endpoint in WITH_BODY:
        for content_type in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin-1",
        ):
            reply = daemon.request(
                endpoint.method,
                path_of(endpoint),
                token=admin.access,
                body=b"{}",
                headers={"Content-Type": content_type},
            )
            assert reply.status == 415, f"{endpoint.method} {endpoint.path} {content_type}"


def test_body_over_the_limit_is_refused(daemon: RunningDaemon) -> None:
    body = json.dumps({"email": "x" * 1_100_000}).encode()
    reply = daemon.request(
        "POST", "/api/v1/auth/login/", body=body, headers={"Content-Type": "application/json"}
    )
    assert reply.status == 413


def test_access_is_enforced_as_declared(daemon: RunningDaemon) -> None:
    user = daemon.register()
    for endpoint in ENDPOINTS:
        sent: dict[str, Any] = {} if endpoint.body is None else {"document": {}}
        without = daemon.request(endpoint.method, path_of(endpoint), **sent)
        if endpoint.access is Access.PUBLIC:
            assert without.status != 401 or endpoint.path.startswith("/api/v1/auth/"), endpoint.path
            continue
        assert without.status == 401, f"{endpoint.method} {endpoint.path}"
        assert without.headers["WWW-Authenticate"] == "Bearer"
        if endpoint.access is Access.STAFF:
            reply = daemon.request(endpoint.method, path_of(endpoint), token=user.access, **sent)
            assert reply.status == 403, f"{endpoint.method} {endpoint.path}"


def test_unknown_path_and_wrong_method(daemon: RunningDaemon) -> None:
    assert daemon.get("/api/v1/nothing/", status=404)["code"] == "not_found"
    reply = daemon.request("DELETE", "/api/v1/auth/login/")
    assert reply.status == 405
    assert reply.headers["Allow"] == "OPTIONS, POST"
    assert reply.json()["code"] == "method_not_allowed"


def raw(daemon: RunningDaemon, sent: bytes) -> bytes:
    parts = urlsplit(daemon.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=120) as connection:
        connection.sendall(sent)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
            if b'"errors":[]}' in received:
                break
    return received


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /health/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\x00b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
)
def test_malformed_http_gets_a_problem_document(daemon: RunningDaemon, sent: bytes) -> None:
    received = raw(daemon, sent)
    assert b" 400 " in received.split(b"\r\n")[0]
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == "malformed_request"


def test_unknown_host_names_are_refused(daemon: RunningDaemon) -> None:
    problem = daemon.get("/health/", headers={"Host": "evil.example"}, status=421)
    assert problem["code"] == "misdirected_request"


def test_request_id_is_accepted_only_if_it_is_well_formed(daemon: RunningDaemon) -> None:
    assert (
        daemon.request("GET", "/health/", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"]
        == "abc-1"
    )
    assert (
        "<" not in daemon.request("GET", "/health/", headers={"X-Request-ID": "<b>"}).headers["X-Request-ID"]
    )


def test_paths_work_with_and_without_trailing_slash(daemon: RunningDaemon, admin: Account) -> None:
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET" or "{" in endpoint.path:
            continue
        for path in (endpoint.path, endpoint.path.rstrip("/")):
            status = daemon.request("GET", path, token=admin.access).status
            assert status in (200, 409, 422), f"{path}: {status}"
