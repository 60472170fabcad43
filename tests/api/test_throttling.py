"""Rate limits over HTTP: password guessing, addresses behind proxies, unaffected sessions; the metrics."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import pytest

from movierec import db
from movierec.api.app import ENDPOINTS
from movierec.api.endpoint import Access
from movierec.config import Settings
from tests.api.work import RecordedWork
from tests.films import movie_id
from tests.running import PASSWORD, Daemon, Reply, RunningDaemon
from tests.tmdb.conftest import quick
from tests.tmdb.stand_in import StandIn

AUTH = "/api/v1/auth"
WRONG = "wrong wrong wrong"


@pytest.fixture
def behind_proxy(settings: Settings) -> Iterator[RunningDaemon]:
    """A daemon that trusts a proxy on this machine and proxies in 10.0.0.0/8."""
    server = dataclasses.replace(settings.server, trusted_proxies=("127.0.0.1", "10.0.0.0/8"))
    limits = dataclasses.replace(settings.throttle, search=3, refresh=3, register=2, imports=2)
    with Daemon(dataclasses.replace(settings, server=server, throttle=limits)) as running:
        yield running


def try_password(daemon: RunningDaemon, name: str, password: str = WRONG, source: str = "") -> Reply:
    field = "email" if "@" in name else "username"
    headers = {"X-Forwarded-For": source} if source else {}
    return daemon.request("POST", f"{AUTH}/login/", {field: name, "password": password}, headers=headers)


def metric(daemon: RunningDaemon, name: str) -> float:
    text = daemon.request("GET", "/metrics").body.decode()
    match = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(match[1]) if match else 0.0


def test_eleventh_attempt_is_refused_even_with_the_correct_password(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    for number in range(10):
        # Same account, by user name or e-mail address.
        assert try_password(daemon, ann.email if number % 2 else ann.username.upper()).status == 401
    replies = [try_password(daemon, ann.email, password) for password in (WRONG, PASSWORD)]
    for reply in replies:
        assert reply.status == 429
        assert reply.json()["code"] == "throttled"
        assert 0 < int(reply.headers["Retry-After"]) <= 900
    first, second = (re.sub(rb'"request_id":"\w+"', b"", reply.body) for reply in replies)
    assert first == second
    assert metric(daemon, "password_verifications_total") == 10
    # A signed-in session is not affected and can still change the password.
    assert daemon.get(f"{AUTH}/me/", token=ann)["id"] == ann.id
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh})
    daemon.clock.advance(901)
    assert try_password(daemon, ann.email, PASSWORD).status == 200


def test_unknown_names_are_throttled_like_existing_ones(daemon: RunningDaemon) -> None:
    statuses = [try_password(daemon, "nobody").status for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert try_password(daemon, "NOBODY").status == 429


def test_old_password_cannot_be_guessed_from_a_session(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    new = "another horse battery"
    change = {"old_password": WRONG, "new_password": new, "new_password_confirm": new}
    for _ in range(10):
        daemon.post(f"{AUTH}/change_password/", change, token=ann, status=401)
    daemon.post(f"{AUTH}/change_password/", {**change, "old_password": PASSWORD}, token=ann, status=429)
    assert metric(daemon, "password_verifications_total") == 10


def test_local_clients_have_no_address_limit(daemon: RunningDaemon) -> None:
    for number in range(35):
        assert try_password(daemon, f"nobody{number}", source="192.0.2.1").status == 401
    for number in range(12):
        daemon.register(f"local{number}")


def test_address_has_thirty_attempts_and_locks_out_nobody_else(behind_proxy: RunningDaemon) -> None:
    ann = behind_proxy.register()
    for number in range(30):
        assert try_password(behind_proxy, f"nobody{number}", source="192.0.2.1").status == 401
    for _ in range(12):
        assert try_password(behind_proxy, ann.email, source="192.0.2.1").status == 429
    assert try_password(behind_proxy, ann.email, PASSWORD, source="192.0.2.2").status == 200


@pytest.mark.parametrize(
    "spoofed",
    [
        "{0}, 192.0.2.9",
        "{0}, 192.0.2.9, 10.1.2.3",
        "nonsense {0}, 192.0.2.9",
        "192.0.2.9",
        "::ffff:192.0.2.9",
    ],
)
def test_forged_addresses_do_not_evade_the_limit(behind_proxy: RunningDaemon, spoofed: str) -> None:
    statuses = [
        try_password(behind_proxy, f"nobody{number}", source=spoofed.format(f"198.51.100.{number}")).status
        for number in range(31)
    ]
    assert statuses == [401] * 30 + [429]


def test_each_limit_counts_separately(behind_proxy: RunningDaemon) -> None:
    here, there = {"X-Forwarded-For": "2001:db8::1"}, {"X-Forwarded-For": "2001:db8:0:1::1"}
    for act, path, document in (
        ("search", "/api/v1/movies/search/?q=alien", None),
        ("refresh", f"{AUTH}/token/refresh/", {"refresh": "mrr_unknown"}),
    ):
        method = "POST" if document else "GET"
        statuses = [behind_proxy.request(method, path, document, headers=here).status for _ in range(4)]
        assert statuses == [401 if document else 200] * 3 + [429], act
        assert behind_proxy.request(method, path, document, headers=there).status != 429, act
    account = {"username": "x", "email": "x", "password": "x", "password_confirm": "x"}
    statuses = [behind_proxy.request("POST", f"{AUTH}/", account, headers=here).status for _ in range(3)]
    assert statuses == [422, 422, 429]


TOKEN_ENDPOINTS = {
    "token_checks": ["token/verify"],
    "mailed_tokens": ["verify_email", "password_reset/confirm", "change_email/confirm"],
}


def test_every_public_write_is_limited() -> None:
    public = [each for each in ENDPOINTS if each.method != "GET" and each.access is Access.PUBLIC]
    assert [each.path for each in public if each.throttle is None] == []
    limited = {
        act: [each.path for each in public if each.throttle == act]
        for act in ("token_checks", "mailed_tokens")
    }
    for act, names in TOKEN_ENDPOINTS.items():
        assert limited[act] == [f"{AUTH}/{name}/" for name in names]


@pytest.mark.parametrize("act", TOKEN_ENDPOINTS)
def test_tokens_cannot_be_guessed(settings: Settings, act: str) -> None:
    server = dataclasses.replace(settings.server, trusted_proxies=("127.0.0.1",))
    limits = dataclasses.replace(settings.throttle, **{act: 3})
    here, there = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
    with Daemon(dataclasses.replace(settings, server=server, throttle=limits)) as running:
        paths = [f"{AUTH}/{name}/" for name in TOKEN_ENDPOINTS[act]]
        for path in [*paths, *paths, *paths][:3]:
            assert running.request("POST", path, {"token": "mre_x"}, headers=here).status in (401, 422)
        for path in paths:
            running.post(path, {"token": "mre_x"}, headers=here, status=429)
            # Counted before the body is read.
            body = {"Content-Type": "application/json", **here}
            assert running.request("POST", path, body=b"{", headers=body).status == 429
            assert running.request("POST", path, {"token": "mre_x"}, headers=there).status in (401, 422)


def test_imports_are_limited_per_account(behind_proxy: RunningDaemon) -> None:
    ann, bob = behind_proxy.register(), behind_proxy.register()
    path = "/api/v1/imports/?format=movielens"
    statuses = [behind_proxy.request("POST", path, body=b"x", token=ann.access).status for _ in range(3)]
    assert statuses == [403, 403, 429]
    assert behind_proxy.request("POST", path, body=b"x", token=bob.access).status == 403


def test_metrics_for_operators(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh})
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": "mrr_x"}, status=401)
    daemon.get(f"{AUTH}/{ann.id}/", token=ann)
    daemon.request("GET", "/no/such/path")
    reply = daemon.request("GET", "/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain")
    text = reply.body.decode()
    for line in (
        'refresh_rotations_total{result="rotated"} 1.0',
        'refresh_rotations_total{result="refused"} 1.0',
        'request_seconds_count{method="GET",route="/api/v1/auth/{id}/",status="200"} 1.0',
        'request_seconds_count{method="any",route="none",status="404"} 1.0',
        'model_info{version="content"} 1.0',
        "event_loop_lag_seconds ",
        "db_pool_in_use ",
        "outbox_pending ",
    ):
        assert line in text
    assert ann.access not in text


def test_refused_sign_ins_are_identical_for_all_accounts(daemon: RunningDaemon) -> None:
    ann, disabled = daemon.register(), daemon.register()
    db.execute("UPDATE users SET is_active = ? WHERE id = ?", False, disabled.id)
    db.execute("UPDATE users SET is_verified = ? WHERE id = ?", True, ann.id)
    tries = [
        {"email": ann.email, "password": WRONG},
        {"email": "nobody@example.org", "password": WRONG},
        {"email": disabled.email, "password": WRONG},
        {"email": disabled.email, "password": PASSWORD},
        {"username": ann.username, "password": WRONG},
        {"username": "nobody", "password": WRONG},
        {"username": "no body\u202e <x>", "password": WRONG},
        {"email": "not an address", "password": WRONG},
        {"email": "x" * 300 + "@example.org", "password": WRONG},
    ]
    seen = set()
    for document in tries:
        reply = daemon.request("POST", f"{AUTH}/login/", document, headers={"X-Request-ID": "same"})
        headers = {name: value for name, value in reply.headers.items() if name != "Date"}
        seen.add((reply.status, reply.body, tuple(sorted(headers.items()))))
    assert len(seen) == 1, seen
    assert metric(daemon, "password_verifications_total") == len(tries)


def test_refused_sign_ins_do_the_same_work_for_all_accounts(
    daemon: RunningDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The duration must not reveal if an account exists. `python -m benchmarks.logins` measures it."""
    ann, disabled = daemon.register(), daemon.register()
    db.execute("UPDATE users SET is_active = ? WHERE id = ?", False, disabled.id)
    work = RecordedWork(monkeypatch)
    refusals = {
        (name, password): work.of(lambda name=name, password=password: try_password(daemon, name, password))
        for name, password in (
            (ann.username, WRONG),
            ("nobody", WRONG),
            (disabled.username, WRONG),
            (disabled.username, PASSWORD),
        )
    }
    expected = refusals["nobody", WRONG]
    assert [step for step in expected if step.startswith("check at cost")] == ["check at cost 04"]
    assert len(expected) > 3
    for case, steps in refusals.items():
        assert steps == expected, case


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


def test_anonymous_fetches_from_tmdb_are_limited(settings: Settings, stand_in: StandIn) -> None:
    server = dataclasses.replace(settings.server, trusted_proxies=("127.0.0.1",))
    limits = dataclasses.replace(settings.throttle, search=3)
    changed = dataclasses.replace(settings, server=server, tmdb=quick(stand_in), throttle=limits)
    with Daemon(changed) as running:

        def get(path: str, **more: Any) -> Any:
            return running.get(f"/api/v1/movies/{path}", headers={"X-Forwarded-For": "203.0.113.9"}, **more)

        movie_ids = [
            id for (id,) in db.rows("SELECT id FROM movies WHERE imdb_id IS NOT NULL ORDER BY id LIMIT 6")
        ]
        assert [get(f"{movie_id}/")["id"] for movie_id in movie_ids] == movie_ids
        assert len([path for path in stand_in.asked if path.startswith("/find/")]) == 3
        matrix = movie_id("tt0133093")
        assert get("imdb/tt0133093/")["id"] == matrix
        get("imdb/tt9000001/", status=429)
        assert get(f"{matrix}/", token=running.register())["source"] == "tmdb"
