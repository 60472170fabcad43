"""The HTTP client: errors of the daemon, broken connections, retries, refreshing of tokens."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from movierec import errors
from movierec.client import (
    ApiClient,
    ProblemResponse,
    StoredTokens,
    UploadBody,
    endpoints,
    iterate_pages,
    transport,
)
from movierec.errors import MovierecError, NotAuthenticated, ServerUnreachable, TokenInvalid, ValidationFailed
from tests.cli.scripted import ScriptedServer, http_response, problem_response

OK = http_response(200, {"ok": True})


class Store:
    """Token store in memory that counts its calls."""

    def __init__(self, tokens: StoredTokens | None) -> None:
        self.tokens = tokens
        self.locks = 0

    def load(self) -> StoredTokens | None:
        return self.tokens

    def save(self, tokens: StoredTokens) -> None:
        self.tokens = tokens

    def delete(self) -> None:
        self.tokens = None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        self.locks += 1
        yield


def jwt(expires_in: float, name: str = "") -> str:
    """Return a text that the client accepts as an access token."""
    payload = json.dumps({"exp": time.time() + expires_in, "name": name}).encode()
    return f"h.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.s"


@pytest.mark.parametrize("code", sorted(errors.by_code()))
def test_error_of_the_daemon_is_raised_as_its_class(code: str) -> None:
    fields = [{"field": "rating", "message": "Too high."}]
    reply = problem_response(422, code, "No.", errors=fields, request_id="abc")
    with ScriptedServer(reply) as server, pytest.raises(MovierecError) as caught:
        ApiClient(server.url).health()
    assert type(caught.value) is errors.by_code()[code]
    assert caught.value.detail == "No."
    assert caught.value.errors == (errors.FieldError("rating", "Too high."),)
    refused = caught.value.__cause__
    assert isinstance(refused, ProblemResponse)
    assert (refused.status, refused.request_id) == (422, "abc")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, errors.NotFound),
        (409, errors.Conflict),
        (418, errors.InternalError),
        (500, errors.InternalError),
    ],
)
def test_unknown_code_falls_back_to_the_class_of_the_status(
    status: int, expected: type[MovierecError]
) -> None:
    with ScriptedServer(problem_response(status, "from_the_future")) as server, pytest.raises(expected):
        ApiClient(server.url).health()


def test_retry_after_is_kept() -> None:
    reply = http_response(429, {"code": "throttled"}, Retry_After="17")
    with ScriptedServer(reply) as server, pytest.raises(errors.Throttled) as caught:
        ApiClient(server.url).health()
    assert caught.value.retry_after_seconds == 17


STRANGERS = [
    http_response(200, b"<html>", kind="text/html"),
    http_response(404, b"<html>", kind="text/html"),
    http_response(502, b"", kind="text/html"),
    http_response(403, {"message": "not ours"}),
    http_response(404, ["a list"]),
    http_response(302, None, Location="http://127.0.0.1:1/"),  # never followed: the token is not for there
    b"SSH-2.0-OpenSSH_9.2\r\n",
]


@pytest.mark.parametrize("reply", STRANGERS)
def test_other_software_counts_as_unreachable(reply: bytes) -> None:
    with ScriptedServer(reply) as server:
        with pytest.raises(ServerUnreachable, match="MOVIEREC_SERVER"):
            ApiClient(server.url, token="secret").health()
        assert len(server.requests) == 1


def test_refused_connection_names_the_address_and_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ServerUnreachable, match=f"{url}.*movierec-server serve"):
        ApiClient(url).health()


def test_hanging_daemon_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ServerUnreachable, match="in time"):
            ApiClient(url).health()


def test_reads_are_retried_when_the_connection_breaks() -> None:
    with ScriptedServer(b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", OK) as server:
        assert ApiClient(server.url).health() == {"ok": True}
        assert len(server.requests) == 3


def test_retries_are_limited() -> None:
    with ScriptedServer() as server:
        with pytest.raises(ServerUnreachable):
            ApiClient(server.url).health()
        assert len(server.requests) == 3


WRITES: list[Callable[[ApiClient], Any]] = [
    lambda client: client.rate(1, 4.5),
    lambda client: client.give_feedback(1, "like"),
    # Would find nothing the second time and say so.
    lambda client: client.unrate_movie(1),
]


@pytest.mark.parametrize("write", WRITES)
def test_write_is_never_retried(write: Callable[[ApiClient], Any]) -> None:
    with ScriptedServer(b"", OK) as server:
        with pytest.raises(ServerUnreachable):
            write(ApiClient(server.url, token="t"))
        assert len(server.requests) == 1


def test_idempotent_write_is_retried() -> None:
    with ScriptedServer(b"", OK) as server:
        assert ApiClient(server.url, token="t").rate_movie(1, 4.5) == {"ok": True}


def test_connection_idle_for_long_is_not_reused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "REUSE_SECONDS", 0.0)
    with ScriptedServer(OK, OK) as server:
        client = ApiClient(server.url, token="t")
        client.rate(1, 4.5)
        assert client.rate(1, 4.5) == {"ok": True}


def test_upload_refused_half_way_raises_the_error_of_the_response() -> None:
    """The daemon responds with 403 without reading the body; the client must not stop at "broken pipe"."""
    refusal = problem_response(403, "permission_denied")
    with ScriptedServer(refusal, read_body=False) as server:
        upload = UploadBody(50_000_000, lambda: (bytes(100_000) for _ in range(500)))
        with pytest.raises((errors.PermissionDenied, ServerUnreachable)):
            ApiClient(server.url, token="t").import_movielens(upload)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with ScriptedServer(OK) as server:
        assert ApiClient(server.url).health() == {"ok": True}


def test_path_of_the_server_address_is_kept() -> None:
    with ScriptedServer(OK) as server:
        ApiClient(server.url + "/films").search("Se7en & more", year=1995, genre=None, adult=True)
        [request] = server.requests
    assert request.startswith("GET /films/api/v1/movies/search/?q=Se7en+%26+more&year=1995&adult=true HTTP")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused_before_a_request(number: float) -> None:
    with ScriptedServer() as server:
        with pytest.raises(ValidationFailed):
            ApiClient(server.url, token="t").rate_movie(1, number)
        assert not server.requests


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "ключ", "a b"])
def test_invalid_token_is_refused_before_a_request(token: str) -> None:
    with pytest.raises(TokenInvalid):
        ApiClient("http://127.0.0.1:1", token=token)


# Refreshing


def test_missing_tokens_are_refused_before_a_request() -> None:
    with ScriptedServer() as server:
        with pytest.raises(NotAuthenticated, match="movierec login"):
            ApiClient(server.url, Store(None)).me()
        assert not server.requests


def test_expired_token_is_refreshed_before_it_is_used() -> None:
    store, fresh = Store(StoredTokens(jwt(-1), "r1")), jwt(3600)
    with ScriptedServer(http_response(200, {"access": fresh, "refresh": "r2"}), OK) as server:
        assert ApiClient(server.url, store).me() == {"ok": True}
        assert '{"refresh": "r1"}' in server.requests[0]
        assert f"Bearer {fresh}" in server.requests[1]
    assert store.tokens == StoredTokens(fresh, "r2")
    assert store.locks == 1


@pytest.mark.parametrize("code", ["token_expired", "token_invalid"])
def test_refused_token_is_refreshed_and_the_request_retried(code: str) -> None:
    store = Store(StoredTokens(jwt(3600, "old"), "r1"))
    renewed = http_response(200, {"access": jwt(3600, "new"), "refresh": "r2"})
    with ScriptedServer(problem_response(401, code), renewed, OK) as server:
        assert ApiClient(server.url, store).rate(1, 4.5) == {"ok": True}
        assert '"rating": 4.5' in server.requests[2]


def test_token_refreshed_by_another_process_is_used() -> None:
    store = Store(StoredTokens(jwt(3600, "old"), "r1"))
    new = StoredTokens(jwt(3600, "new"), "r2")

    @contextlib.contextmanager
    def locked() -> Iterator[None]:
        store.tokens = new  # while this process waited for the lock
        yield

    store.locked = locked  # type: ignore[method-assign]
    with ScriptedServer(problem_response(401, "token_expired"), OK) as server:
        assert ApiClient(server.url, store).me() == {"ok": True}
        assert f"Bearer {new.access}" in server.requests[1]


def test_ended_session_is_deleted() -> None:
    store = Store(StoredTokens(jwt(3600), "r1"))
    script = (problem_response(401, "token_invalid"), problem_response(401, "token_invalid"))
    with ScriptedServer(*script) as server, pytest.raises(TokenInvalid, match="has ended"):
        ApiClient(server.url, store).me()
    assert store.tokens is None


def test_tokens_survive_an_unreachable_daemon() -> None:
    store = Store(StoredTokens(jwt(-1), "r1"))
    with ScriptedServer() as server, pytest.raises(ServerUnreachable):
        ApiClient(server.url, store).me()
    assert store.tokens is not None


def test_token_from_the_environment_is_never_refreshed() -> None:
    store = Store(StoredTokens(jwt(3600), "r1"))
    with ScriptedServer(problem_response(401, "token_expired")) as server:
        with pytest.raises(errors.TokenExpired):
            ApiClient(server.url, store, token="personal").me()
        assert len(server.requests) == 1
    assert store.locks == 0


def test_public_endpoint_is_requested_anonymously_when_the_session_ended() -> None:
    store = Store(StoredTokens(jwt(3600), "r1"))
    script = (problem_response(401, "token_invalid"), problem_response(401, "token_invalid"), OK)
    with ScriptedServer(*script) as server:
        assert ApiClient(server.url, store).movie(1) == {"ok": True}
        assert "Authorization" not in server.requests[2]


def test_refresh_is_retried_when_its_response_is_lost() -> None:
    store = Store(StoredTokens(jwt(-1), "r1"))
    with ScriptedServer(b"", http_response(200, {"access": jwt(3600), "refresh": "r2"}), OK) as server:
        assert ApiClient(server.url, store).me() == {"ok": True}


# Pages


def paged(total: int) -> tuple[Callable[..., Any], list[int]]:
    sizes: list[int] = []

    def fetch(page: int, page_size: int) -> Any:
        sizes.append(page_size)
        items = list(range(total))[(page - 1) * page_size : page * page_size]
        return {"results": items, "next": "more" if page * page_size < total else None}

    return fetch, sizes


@pytest.mark.parametrize(
    ("total", "limit", "expected"), [(0, None, 0), (250, None, 250), (250, 5, 5), (3, 5, 3), (250, 120, 120)]
)
def test_pages_are_joined_up_to_the_limit(total: int, limit: int | None, expected: int) -> None:
    fetch, sizes = paged(total)
    assert list(iterate_pages(fetch, limit)) == list(range(expected))
    assert max(sizes) <= 100


def test_long_list_is_fetched_lazily() -> None:
    fetch, sizes = paged(1000)
    next(iterate_pages(fetch))
    assert len(sizes) == 1
