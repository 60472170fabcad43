"""Agreement of client and daemon: every declared endpoint has a method, and the reverse."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from movierec.api.app import ENDPOINTS
from movierec.client import ApiClient, StoredTokens, UploadBody
from movierec.client.transport import HttpReply

# What a person at a command line has no use for.
NOT_CALLED = {"/health/live/", "/health/ready/", "/metrics/"}

ARGUMENTS: dict[str, Any] = {
    "upload": UploadBody(0, lambda: ()),
    "name": "ada",
    "rating": 4.5,
    "tmdb_id": "603",
    "imdb_id": "tt0133093",
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return method and path of every request that the client's public methods send."""
    requests: list[tuple[str, str]] = []

    def exchange(_: Any, method: str, target: str, *__: Any, **___: Any) -> HttpReply:
        from email.message import Message

        requests.append((method, target.partition("?")[0]))
        body = b'{"access": "a", "refresh": "r", "is_favorited": true}'
        return HttpReply(200, Message(), body)  # type: ignore[arg-type]

    monkeypatch.setattr("movierec.client.transport.Transport.exchange", exchange)
    client = ApiClient("http://127.0.0.1:1", _Store())
    for name, method in inspect.getmembers(client, inspect.ismethod):
        if not name.startswith("_"):
            method(*(ARGUMENTS.get(parameter, 1) for parameter in _positional(method)))
    return requests


class _Store:
    def load(self) -> StoredTokens:
        return StoredTokens("a", "r")


def _positional(method: Any) -> list[str]:
    parameters = inspect.signature(method).parameters.values()
    return [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty]


def test_every_endpoint_has_a_client_method(calls: list[tuple[str, str]]) -> None:
    missing = [
        f"{endpoint.method} {endpoint.path}"
        for endpoint in ENDPOINTS
        if endpoint.path not in NOT_CALLED
        and not any(
            endpoint.method == method and endpoint.matches(path.rstrip("/")) for method, path in calls
        )
    ]
    assert not missing


def test_every_client_method_has_an_endpoint(calls: list[tuple[str, str]]) -> None:
    unknown = [
        f"{method} {path}"
        for method, path in calls
        if not any(endpoint.method == method and endpoint.matches(path.rstrip("/")) for endpoint in ENDPOINTS)
    ]
    assert not unknown
