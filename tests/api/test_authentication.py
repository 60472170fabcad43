"""Authentication of a request: once, also where a rate limit counts per account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from movierec import auth
from movierec.api.app import ENDPOINTS
from movierec.api.endpoint import Endpoint
from tests.running import Account, RunningDaemon


def _is_limited_per_account(endpoint: Endpoint) -> bool:
    act = endpoint.throttle
    return act is not None and auth.THROTTLE_RULES[act].per is auth.ThrottleScope.ACCOUNT


LIMITED = [endpoint for endpoint in ENDPOINTS if _is_limited_per_account(endpoint)]


@pytest.fixture(scope="module")
def admin(module_daemon: RunningDaemon) -> Account:
    return module_daemon.admin()


@pytest.fixture
def authentications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the functions that look up a token in the database, one item per call."""
    calls: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        function = getattr(auth, name)

        def authenticate(*arguments: Any) -> Any:
            calls.append(name)
            return function(*arguments)

        return authenticate

    for name in ("authenticate", "authenticate_personal"):
        monkeypatch.setattr(auth, name, counted(name))
    return calls


def test_some_endpoints_are_limited_per_account() -> None:
    assert {endpoint.throttle for endpoint in LIMITED} >= {"imports", "exports", "password", "train"}


@pytest.mark.parametrize("endpoint", LIMITED, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_caller_is_authenticated_once_where_a_limit_counts_per_account(
    module_daemon: RunningDaemon, admin: Account, authentications: list[str], endpoint: Endpoint
) -> None:
    document: dict[str, str] | None = {} if endpoint.body is not None else None
    reply = module_daemon.request(endpoint.method, endpoint.path, document, token=admin.access)
    assert reply.status not in (401, 403, 429, 500)
    assert authentications == ["authenticate"]


def test_personal_token_is_authenticated_once_where_a_limit_counts_per_account(
    module_daemon: RunningDaemon, admin: Account, authentications: list[str]
) -> None:
    token = module_daemon.post(
        "/api/v1/auth/tokens/", {"name": "script", "scopes": ["read"]}, token=admin, status=201
    )["token"]
    authentications.clear()
    assert module_daemon.request("GET", "/api/v1/exports/", token=token).status == 200
    assert authentications == ["authenticate_personal"]


def test_caller_is_authenticated_once_without_a_limit(
    module_daemon: RunningDaemon, admin: Account, authentications: list[str]
) -> None:
    module_daemon.get("/api/v1/auth/me/", token=admin)
    module_daemon.post("/api/v1/recommendations/refresh/", token=admin)
    assert authentications == ["authenticate"] * 2
