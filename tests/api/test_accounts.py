"""Registration, sign-in, sign-out, and the lifecycle of tokens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from movierec import db
from tests.running import PASSWORD, RunningDaemon

AUTH = "/api/v1/auth"
DAY_SECONDS = 86_400


def test_register_sign_in_and_out(daemon: RunningDaemon) -> None:
    ann = daemon.register("Ann")
    assert daemon.get(f"{AUTH}/me/", token=ann)["username"] == "Ann"
    for name in ({"email": "ANN@example.org"}, {"username": "ann"}):
        again = daemon.post(f"{AUTH}/login/", {**name, "password": PASSWORD})
        assert again["user"]["last_login"]
        tokens = again["tokens"]
        daemon.post(f"{AUTH}/token/verify/", {"token": tokens["access"]})
        daemon.post(f"{AUTH}/token/verify/", {"token": tokens["refresh"]})
        daemon.post(f"{AUTH}/logout/", {"refresh": tokens["refresh"]}, token=tokens["access"])
        daemon.get(f"{AUTH}/me/", token=tokens["access"], status=401)
        daemon.post(f"{AUTH}/token/refresh/", {"refresh": tokens["refresh"]}, status=401)
        daemon.post(f"{AUTH}/token/verify/", {"token": tokens["access"]}, status=401)
        daemon.post(f"{AUTH}/token/verify/", {"token": tokens["refresh"]}, status=401)
    assert daemon.get(f"{AUTH}/me/", token=ann)["id"] == ann.id


def test_wrong_password_and_unknown_name_get_the_same_answer(daemon: RunningDaemon) -> None:
    daemon.register("ann")
    replies = [
        daemon.request("POST", f"{AUTH}/login/", {"username": name, "password": "wrong wrong wrong"})
        for name in ("ann", "nobody")
    ]
    assert [reply.status for reply in replies] == [401, 401]
    assert replies[0].headers["WWW-Authenticate"] == "Bearer"
    first, second = (reply.json() for reply in replies)
    assert first.pop("request_id") != second.pop("request_id")
    assert first == second


def test_disabled_account_cannot_sign_in_and_its_tokens_are_revoked(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    db.execute("UPDATE users SET is_active = ? WHERE id = ?", False, ann.id)
    daemon.get(f"{AUTH}/me/", token=ann, status=401)
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh}, status=401)
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD}, status=401)


@pytest.mark.parametrize(
    ("taken", "field"),
    [({"username": "ANN"}, "username"), ({"email": "Ann@Example.org"}, "email")],
)
def test_names_are_unique_regardless_of_case(
    daemon: RunningDaemon, taken: dict[str, str], field: str
) -> None:
    daemon.register("ann")
    document = {
        "username": "bob",
        "email": "bob@example.org",
        "password": PASSWORD,
        "password_confirm": PASSWORD,
    }
    problem = daemon.post(f"{AUTH}/", {**document, **taken}, status=409)
    assert [item["field"] for item in problem["errors"]] == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "x"}, "username"),
        ({"email": "nowhere"}, "email"),
        ({"password": "short", "password_confirm": "short"}, "password"),
        ({"password_confirm": "another one entirely"}, "body"),
        ({"is_staff": True}, "is_staff"),
        ({"username": 7}, "username"),
        ({"first_name": "x" * 151}, "first_name"),
    ],
)
def test_registration_error_names_the_invalid_field(
    daemon: RunningDaemon, change: dict[str, object], field: str
) -> None:
    document = {
        "username": "bob",
        "email": "bob@example.org",
        "password": PASSWORD,
        "password_confirm": PASSWORD,
    }
    problem = daemon.post(f"{AUTH}/", {**document, **change}, status=422)
    assert field in [item["field"] for item in problem["errors"]]
    daemon.post(f"{AUTH}/login/", {"username": "bob", "password": PASSWORD}, status=401)


def test_several_invalid_fields_are_named_at_once(daemon: RunningDaemon) -> None:
    document = {"username": "x!", "email": "x", "password": "short", "password_confirm": "short"}
    problem = daemon.post(f"{AUTH}/", {**document, "email": "x@y"}, status=422)
    assert [item["field"] for item in problem["errors"]] == ["username", "email", "password"]


def test_refresh_rotates_and_a_repeat_returns_the_same_pair(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    first = daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh})
    repeated = daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh})
    assert first["refresh"] == repeated["refresh"] != ann.refresh
    assert daemon.get(f"{AUTH}/me/", token=repeated["access"])["id"] == ann.id


def test_refresh_token_cannot_be_used_twice_after_ten_seconds(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    successor = daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh})
    daemon.clock.advance(11)
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh}, status=401)
    # The whole token family is revoked: a stolen token is useless.
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": successor["refresh"]}, status=401)
    daemon.get(f"{AUTH}/me/", token=successor["access"], status=401)
    daemon.get(f"{AUTH}/me/", token=ann.access, status=401)


def test_reuse_of_a_token_two_generations_old_revokes_at_once(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    first = daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh})
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": first["refresh"]})
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh}, status=401)
    daemon.get(f"{AUTH}/me/", token=first["access"], status=401)


def test_concurrent_refreshes_get_one_successor(daemon: RunningDaemon) -> None:
    with ThreadPoolExecutor(10) as pool:
        for _ in range(5):
            ann = daemon.register()

            def refresh(_: int, token: str = ann.refresh) -> str:
                return str(daemon.post(f"{AUTH}/token/refresh/", {"refresh": token})["refresh"])

            successors = set(pool.map(refresh, range(10)))
            assert len(successors) == 1
            daemon.post(f"{AUTH}/token/refresh/", {"refresh": successors.pop()})


def test_sessions_expire(daemon: RunningDaemon) -> None:
    idle, kept = daemon.register(), daemon.register()
    daemon.clock.advance(3600 + 31)
    problem = daemon.get(f"{AUTH}/me/", token=idle, status=401)
    assert problem["code"] == "token_expired"
    daemon.clock.advance(7 * DAY_SECONDS)
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": idle.refresh}, status=401)
    again = daemon.post(f"{AUTH}/login/", {"email": kept.email, "password": PASSWORD})["tokens"]
    for _ in range(14):
        daemon.clock.advance(6 * DAY_SECONDS)
        again = daemon.post(f"{AUTH}/token/refresh/", {"refresh": again["refresh"]})
    daemon.clock.advance(6.5 * DAY_SECONDS)
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": again["refresh"]}, status=401)


def test_password_change_ends_every_other_session(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    other = daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD})["tokens"]
    new = "another horse battery"
    change = {"old_password": PASSWORD, "new_password": new, "new_password_confirm": new}
    daemon.post(f"{AUTH}/change_password/", {**change, "old_password": "wrong wrong"}, token=ann, status=401)
    daemon.post(f"{AUTH}/change_password/", {**change, "new_password_confirm": "x"}, token=ann, status=422)
    tokens = daemon.post(f"{AUTH}/change_password/", change, token=ann)["tokens"]
    assert daemon.get(f"{AUTH}/me/", token=tokens["access"])["id"] == ann.id
    for dead in (ann.access, other["access"]):
        daemon.get(f"{AUTH}/me/", token=dead, status=401)
    for dead in (ann.refresh, other["refresh"]):
        daemon.post(f"{AUTH}/token/refresh/", {"refresh": dead}, status=401)
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD}, status=401)
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": new})


def test_patch_of_names_changes_only_sent_fields(daemon: RunningDaemon) -> None:
    ann, bob = daemon.register(), daemon.register()
    daemon.patch(f"{AUTH}/me/", {"first_name": "Ann", "last_name": "Lee"}, token=ann)
    renamed = daemon.patch(f"{AUTH}/me/", {"first_name": "Anna"}, token=ann)
    assert renamed["full_name"] == "Anna Lee"
    daemon.patch(f"{AUTH}/me/", {"username": bob.username.upper()}, token=ann, status=409)
    daemon.patch(f"{AUTH}/me/", {"email": "x@example.org"}, token=ann, status=422)
    daemon.patch(f"{AUTH}/me/", {"is_staff": True}, token=ann, status=422)


def test_session_of_another_user_cannot_be_ended(daemon: RunningDaemon) -> None:
    ann, bob = daemon.register(), daemon.register()
    daemon.post(f"{AUTH}/logout/", {"refresh": ann.refresh}, token=bob, status=401)
    assert daemon.get(f"{AUTH}/me/", token=ann)["id"] == ann.id


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer a b c", "Bearer " + "x" * 5000]
)
def test_malformed_authorization_headers_are_refused(daemon: RunningDaemon, header: str) -> None:
    daemon.get(f"{AUTH}/me/", headers={"Authorization": header}, status=401)


def test_passwords_and_tokens_are_stored_hashed(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    stored = str(
        db.rows("SELECT password_hash FROM users") + db.rows("SELECT token_hash FROM refresh_tokens")
    )
    assert PASSWORD not in stored
    assert ann.refresh not in stored
