"""HTTP itself: encodings, expectations, methods, hosts, conditional requests, bodies that break, clients that go."""

from __future__ import annotations

import gzip
import json
import logging
import re
import socket
import zlib
from urllib.parse import urlsplit

import pytest

from movierec import db, errors
from movierec.api.app import ENDPOINTS
from movierec.daemon.logs import DRIVERS, JsonFormatter
from tests.running import RunningDaemon
from tests.waiting import wait_until

LOGIN = b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
ASSET = "/api/docs/swagger-ui.css"

# Paths without an endpoint of their own.
OTHER_PATHS = [
    ("GET", "/"),
    ("GET", "/api/docs/"),
    ("GET", ASSET),
    ("GET", "/api/schema/"),
    ("GET", "/account/"),
    ("POST", "/nothing/"),
    ("PATCH", "/api/v1/auth/login/"),
    ("OPTIONS", "/api/v1/movies/"),
]


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    """One daemon for the file: nothing here depends on what it stores."""
    return module_daemon


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that the daemon logs at the lowest level."""
    caplog.set_level(logging.DEBUG)
    for driver in DRIVERS:
        caplog.set_level(logging.INFO, driver)
    return caplog


def lines(logged: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines of the log as the daemon writes them, and each message and traceback unredacted."""
    formatter = JsonFormatter()
    plain = logging.Formatter()
    return [text for record in logged.records for text in (formatter.format(record), plain.format(record))]


def connect(daemon: RunningDaemon) -> socket.socket:
    parts = urlsplit(daemon.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=120)


def answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer: status, headers by name in lower case, body."""
    stream = connection.makefile("rb")
    status = int(stream.readline().split()[1])
    headers: dict[str, str] = {}
    while line := stream.readline().strip().decode():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, stream.read(int(headers.get("content-length", 0)))


def exchange(daemon: RunningDaemon, *parts: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send parts one after the other and read one answer."""
    with connect(daemon) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        return answer(connection)


def check_problem(reply: tuple[int, dict[str, str], bytes], status: int, code: str) -> None:
    """Check a problem document with a request id that names no version of anything."""
    assert reply[0] == status, reply
    headers, document = reply[1], json.loads(reply[2])
    assert headers["content-type"] == "application/problem+json"
    assert headers["server"] == "movierec"
    assert headers["x-request-id"] == document["request_id"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert (document["status"], document["code"]) == (status, code)
    assert "aiohttp" not in str(headers) + str(document)


# Encodings


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "x-gzip", "GZIP", "identity, gzip"])
def test_encoded_bodies_are_refused_everywhere_alike(daemon: RunningDaemon, encoding: str) -> None:
    compress = zlib.compress if encoding == "deflate" else gzip.compress
    paths = [(each.method, re.sub(r"\{\w+\}", "1", each.path)) for each in ENDPOINTS]
    for method, path in paths + OTHER_PATHS:
        for body in (compress(b"{}"), b"not encoded at all", b""):
            headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
            reply = daemon.request(method, path, body=body, headers=headers)
            assert reply.status == 415, f"{method} {path}: {reply.status}"
            assert reply.headers["Content-Type"] == "application/problem+json"
            assert reply.json()["code"] == "unsupported_media_type"
            assert "Content-Encoding" in reply.json()["detail"]


def test_second_header_with_an_encoding_is_refused(daemon: RunningDaemon) -> None:
    head = LOGIN + b"Content-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    check_problem(exchange(daemon, head), 415, "unsupported_media_type")


@pytest.mark.parametrize("encoding", ["identity", "Identity", "", "identity,identity"])
def test_identity_is_not_an_encoding(daemon: RunningDaemon, encoding: str) -> None:
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    reply = daemon.request("POST", "/api/v1/auth/token/verify/", body=b"{}", headers=headers)
    assert reply.status == 422


def test_encoded_bodies_are_refused_before_they_are_read(daemon: RunningDaemon) -> None:
    head = LOGIN + b"Content-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n"
    check_problem(exchange(daemon, head), 415, "unsupported_media_type")


def test_encoded_bodies_are_not_decoded_to_be_discarded(
    daemon: RunningDaemon, logged: pytest.LogCaptureFixture
) -> None:
    """The connection serves the next request although the body was not gzip."""
    with connect(daemon) as connection:
        connection.sendall(LOGIN + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n")
        check_problem(answer(connection), 415, "unsupported_media_type")
        connection.sendall(b"junkGET /health/live/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer(connection)[0] == 200
    assert not any("Traceback" in line for line in lines(logged))


# What the parser refuses

REFUSED = [
    b"GARBAGE?SECRET\r\n\r\n",
    b"SECRET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET http://[bad/?q=SECRET HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /\xff?password=SECRET HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /health/?password=SECRET HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"GET /health/?password=SECRET HTTP/1.1\r\n\r\n",
    b"GET /health/?SECRET HTTP/1.1\r\nHost: localhost\r\nHost: SECRET\r\n\r\n",
    b"GET /health/?SECRET HTTP/1.1\r\nHost: localhost\r\nAuthorization: SECRET\x00\r\n\r\n",
    b"GET /health/?SECRET HTTP/1.1\r\nHost: localhost\r\nSECRET SECRET\r\n\r\n",
    b"GET /health/?" + b"SECRET" * 2_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /health/?SECRET HTTP/1.1\r\nHost: localhost\r\nContent-Length: SECRET\r\n\r\n",
    CHUNKED + b"SECRET\r\n{}\r\n0\r\n\r\n",
    CHUNKED + b"2\r\n{}SECRET",
]


@pytest.mark.parametrize("sent", REFUSED, ids=range(len(REFUSED)))
def test_nothing_of_what_the_parser_refuses_is_logged(
    daemon: RunningDaemon, logged: pytest.LogCaptureFixture, sent: bytes
) -> None:
    reply = exchange(daemon, sent)
    unknown_method = sent.startswith(b"SECRET")
    check_problem(reply, *((501, "method_not_implemented") if unknown_method else (400, "malformed_request")))
    assert not [line for line in lines(logged) if "SECRET" in line or "Traceback" in line]
    assert reply[1]["x-request-id"] in "".join(lines(logged)), "the request id leads to no line"


@pytest.mark.parametrize(
    "parts",
    [
        (CHUNKED + b"2\r\n{}\r\n", b"SECRET\r\n"),
        (CHUNKED + b"2\r\n{}\r\n", b"2\r\n{}SECRET"),
        (CHUNKED, b"-1\r\n\r\n"),
        (CHUNKED.replace(b"application/json", b"text/plain"), b"SECRET\r\n"),
    ],
    ids=range(4),
)
def test_bad_chunks_after_the_headers_get_a_problem_at_once(
    daemon: RunningDaemon, logged: pytest.LogCaptureFixture, parts: tuple[bytes, bytes]
) -> None:
    with connect(daemon) as connection:
        connection.sendall(parts[0])
        wait_until(lambda: daemon.request("GET", "/health/live/").status == 200)
        connection.sendall(parts[1])
        reply = answer(connection)
        if b"text/plain" in parts[0]:
            check_problem(reply, 415, "unsupported_media_type")
        else:
            check_problem(reply, 400, "malformed_request")
            assert reply[1]["connection"] == "close"
            assert connection.recv(1) == b"", "a second answer"
    assert not [line for line in lines(logged) if "SECRET" in line or "Traceback" in line]


# Expectations and methods


@pytest.mark.parametrize("path", ["/health/", "/nothing/", ASSET, "/api/v1/auth/login/"])
def test_unknown_expectations_fail_with_a_problem(
    daemon: RunningDaemon, logged: pytest.LogCaptureFixture, path: str
) -> None:
    sent = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nExpect: junk\r\n\r\n".encode()
    check_problem(exchange(daemon, sent), 417, "expectation_failed")
    assert [record for record in logged.records if getattr(record, "status", None) == 417]


def test_100_continue_is_met(daemon: RunningDaemon) -> None:
    with connect(daemon) as connection:
        connection.sendall(LOGIN + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        check_problem(answer(connection), 422, "validation_failed")


def test_options_names_the_methods_of_every_path(daemon: RunningDaemon) -> None:
    methods: dict[str, set[str]] = {}
    for endpoint in ENDPOINTS:
        path = re.sub(r"\{\w+\}", "1", endpoint.path)
        methods.setdefault(path, {"OPTIONS"}).add(endpoint.method)
        if endpoint.method == "GET":
            methods[path].add("HEAD")
    for path, expected in methods.items():
        for form in (path, path.rstrip("/")):
            reply = daemon.request("OPTIONS", form)
            assert (reply.status, reply.body) == (204, b""), form
            assert expected <= set(reply.headers["Allow"].split(", ")), form
            assert reply.headers["Cache-Control"] == "no-store"
            assert reply.headers["X-Request-ID"]
    assert daemon.request("OPTIONS", "/api/docs/").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert daemon.request("OPTIONS", "/nothing/").status == 404
    assert daemon.request("OPTIONS", "/health/", headers={"Host": "evil.example"}).status == 421
    status, headers, _ = exchange(daemon, b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (status, "DELETE" in headers["allow"]) == (204, True)


@pytest.mark.parametrize("method", ["TRACE", "QUERY", "PROPFIND", "LINK", "PURGE"])
def test_methods_that_no_endpoint_has_are_not_allowed(daemon: RunningDaemon, method: str) -> None:
    reply = exchange(daemon, f"{method} /health/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    check_problem(reply, 405, "method_not_allowed")
    assert reply[1]["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["FOO", "get", "G-E.T", "'x'", "CONNECT"])
def test_unknown_methods_are_not_implemented(daemon: RunningDaemon, method: str) -> None:
    target = "localhost:80" if method == "CONNECT" else "/health/"
    reply = exchange(daemon, f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    check_problem(reply, 501, "method_not_implemented")


# Conditional requests and ranges

CACHED = ["/api/v1/movies/", "/api/v1/movies/genres/", "/api/docs/", ASSET, "/api/docs/start.js"]


@pytest.mark.parametrize("path", [*CACHED, "/api/schema/?format=json", "/account/page.js"])
def test_public_answers_are_not_sent_to_who_has_them(daemon: RunningDaemon, path: str) -> None:
    tag = daemon.request("GET", path).headers["ETag"]
    for value in ("*", tag, f"W/{tag}", f'"other", {tag}', f'{tag},"other"'):
        reply = daemon.request("GET", path, headers={"If-None-Match": value})
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", tag), value
    for value in ('"other"', tag.strip('"'), '"*"', f'"{tag[1:5]}"', ""):
        assert daemon.request("GET", path, headers={"If-None-Match": value}).status == 200, value


def test_failed_preconditions_are_problems(daemon: RunningDaemon) -> None:
    tag = daemon.request("GET", ASSET).headers["ETag"]
    for value in ('"other"', f"W/{tag}", "junk", ""):
        sent = f"GET {ASSET} HTTP/1.1\r\nHost: localhost\r\nIf-Match: {value}\r\n\r\n".encode()
        check_problem(exchange(daemon, sent), 412, "precondition_failed")
    for value in ("*", tag, f'"other", {tag}'):
        assert daemon.request("GET", ASSET, headers={"If-Match": value}).status == 200


def test_ranges_of_files(daemon: RunningDaemon) -> None:
    whole = daemon.request("GET", ASSET)
    size = len(whole.body)
    for value, part in {
        "bytes=0-9": slice(0, 10),
        "bytes=5-": slice(5, size),
        "bytes=-7": slice(size - 7, size),
        f"bytes=-{size + 5}": slice(0, size),
        f"bytes=3-{size + 5}": slice(3, size),
    }.items():
        reply = daemon.request("GET", ASSET, headers={"Range": value})
        assert (reply.status, reply.body) == (206, whole.body[part]), value
        assert reply.headers["Content-Range"] == f"bytes {part.start}-{part.stop - 1}/{size}"
    for value in ("bytes=", "bytes=-", "bytes=9-2", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b", "bytes=٣-"):
        reply = daemon.request("GET", ASSET, headers={"Range": value.encode().decode("latin-1")})
        assert (reply.status, len(reply.body)) == (200, size), value
    other = daemon.request("GET", ASSET, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (other.status, len(other.body)) == (200, size)
    for value in (f"bytes={size}-", "bytes=999999999-", "bytes=-0"):
        sent = f"GET {ASSET} HTTP/1.1\r\nHost: localhost\r\nRange: {value}\r\n\r\n".encode()
        reply = exchange(daemon, sent)
        check_problem(reply, 416, "range_not_satisfiable")
        assert reply[1]["content-range"] == f"bytes */{size}"


def test_clients_make_every_error_of_its_code() -> None:
    for code, kind in errors.by_code().items():
        error = kind("detail", errors=[errors.FieldError("a", "b")], retry_after_seconds=1)
        assert (error.code, error.detail, len(error.errors)) == (code, "detail", 1)


# Hosts

HOSTS = [
    "",
    "[[localhost]]",
    "]localhost[",
    "localhost:",
    "localhost:99999",
    "localhost:8000:8000",
    "localhost:-1",
    "localhost:٣",
    "user@localhost",
    "localhost/path",
    "localhost?x",
    "localhost#x",
    "localhost\\evil",
    "localhost, evil",
    "local host",
    'localhost"><b>',
    "[localhost",
    "[::1",
    "::1",
    "%6cocalhost",
    "http://localhost",
]


@pytest.mark.parametrize("host", HOSTS)
def test_odd_hosts_never_reach_links(daemon: RunningDaemon, host: str) -> None:
    sent = f"GET /api/v1/movies/?page_size=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    check_problem(exchange(daemon, sent), 400, "malformed_request")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:65535", "[::1]", "[::1]:8000"])
def test_known_hosts_are_those_of_links(daemon: RunningDaemon, host: str) -> None:
    page = daemon.get("/api/v1/movies/?page_size=1", headers={"Host": host})
    assert page["next"] == f"http://{host}/api/v1/movies/?page_size=1&page=2"


# Clients that go


def test_clients_that_go_are_not_errors(daemon: RunningDaemon, logged: pytest.LogCaptureFixture) -> None:
    token = daemon.register().access.encode()
    upload = b"POST /api/v1/imports/?format=csv HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token
    cut = [
        LOGIN + b'Content-Length: 100\r\n\r\n{"email": ',
        CHUNKED + b"5\r\n{",
        upload + b"\r\nContent-Length: 100\r\n\r\nTitle",
        upload + b"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nTitle\r\n",
    ]
    before = _counted(daemon)
    for sent in cut * 2:
        gone = _counted(daemon).get("499", 0)
        with connect(daemon) as connection:
            connection.sendall(sent)
            daemon.request("GET", "/health/live/")
        wait_until(lambda gone=gone: _counted(daemon).get("499", 0) > gone, what=sent.decode())
    for sent in (
        b"GET /api/v1/movies/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5,
        b"GET /api/schema/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        upload.replace(b"POST", b"GET").replace(b"imports/?format=csv", b"exports/") + b"\r\n\r\n",
    ):
        with connect(daemon) as connection:
            connection.sendall(sent)
    wait_until(lambda: sum("/exports/" in str(vars(record)) for record in logged.records))
    assert not {status for status in _counted(daemon) if status.startswith("5") and status not in before}
    assert not [record for record in logged.records if record.levelno >= logging.WARNING]
    assert not [line for line in lines(logged) if "Traceback" in line]
    assert db.value("SELECT COUNT(*) FROM jobs") == 0


def _counted(daemon: RunningDaemon) -> dict[str, float]:
    """Return the number of requests by status, from the metrics."""
    counts: dict[str, float] = {}
    for status, count in re.findall(
        r'^request_seconds_count\{.*status="(\d+)"\} ([\d.]+)$',
        daemon.request("GET", "/metrics").body.decode(),
        re.MULTILINE,
    ):
        counts[status] = counts.get(status, 0) + float(count)
    return counts
