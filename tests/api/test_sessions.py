"""Sessions, sign-out everywhere, personal tokens and their scopes, audit."""

from __future__ import annotations

import pytest

from movierec import db
from movierec.api.app import ENDPOINTS
from tests.running import PASSWORD, Account, RunningDaemon

AUTH = "/api/v1/auth"


def create_token(daemon: RunningDaemon, account: Account, *scopes: str, **more: str) -> str:
    document = {"name": "cron", "scopes": list(scopes or ("read",)), **more}
    return str(daemon.post(f"{AUTH}/tokens/", document, token=account, status=201)["token"])


def test_sessions_are_listed_with_their_labels_and_end_one_by_one(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    other = daemon.post(
        f"{AUTH}/login/",
        {"email": ann.email, "password": PASSWORD},
        headers={"User-Agent": "phone" + "x" * 300},
    )["tokens"]
    listed = daemon.get(f"{AUTH}/sessions/", token=ann)["results"]
    assert [session["current"] for session in listed].count(True) == 1
    labels = {session["label"][:5]: session["id"] for session in listed}
    daemon.delete(f"{AUTH}/sessions/{labels['phone']}/", token=ann)
    daemon.get(f"{AUTH}/me/", token=other["access"], status=401)
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": other["refresh"]}, status=401)
    daemon.delete(f"{AUTH}/sessions/{labels['phone']}/", token=ann, status=404)
    assert daemon.get(f"{AUTH}/sessions/", token=ann)["count"] == 1


def test_sign_out_everywhere_revokes_personal_tokens(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    other = daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD})["tokens"]
    personal = create_token(daemon, ann)
    daemon.get(f"{AUTH}/me/", token=personal)
    daemon.post(f"{AUTH}/logout_all/", token=ann)
    for token in (ann.access, other["access"], personal):
        daemon.get(f"{AUTH}/me/", token=token, status=401)
    for token in (ann.refresh, other["refresh"]):
        daemon.post(f"{AUTH}/token/refresh/", {"refresh": token}, status=401)


def test_token_is_shown_once_and_stored_hashed(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    secret = create_token(daemon, ann)
    assert secret.startswith("mrp_")
    [listed] = daemon.get(f"{AUTH}/tokens/", token=ann)["results"]
    assert listed["name"] == "cron"
    assert listed["last_used_at"] is None
    assert "token" not in listed
    assert secret not in str(db.rows("SELECT * FROM personal_tokens") + db.rows("SELECT * FROM audit"))
    daemon.get("/api/v1/favorites/", token=secret)
    daemon.post(f"{AUTH}/token/verify/", {"token": secret})
    [listed] = daemon.get(f"{AUTH}/tokens/", token=ann)["results"]
    assert listed["last_used_at"]
    daemon.delete(f"{AUTH}/tokens/{listed['id']}/", token=ann)
    daemon.get("/api/v1/favorites/", token=secret, status=401)
    daemon.post(f"{AUTH}/token/verify/", {"token": secret}, status=401)


def test_scope_read_does_not_allow_writes(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    movie_id = db.value("SELECT MIN(id) FROM movies")
    reading, writing = create_token(daemon, ann, "read"), create_token(daemon, ann, "read", "write")
    only_writing = create_token(daemon, ann, "write")
    daemon.post("/api/v1/favorites/", {"movie": movie_id}, token=reading, status=403)
    favorite = daemon.post("/api/v1/favorites/", {"movie": movie_id}, token=writing, status=201)
    for method in ("PATCH", "DELETE"):
        body = {"note": "x"} if method == "PATCH" else None
        daemon.call(method, f"/api/v1/favorites/{favorite['id']}/", body, token=reading, status=403)
    assert daemon.request("HEAD", "/api/v1/favorites/", token=reading).status == 200
    daemon.get("/api/v1/favorites/", token=only_writing, status=403)
    daemon.delete(f"/api/v1/favorites/{favorite['id']}/", token=only_writing)


def test_personal_token_cannot_manage_the_account(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    personal = create_token(daemon, ann, "read", "write")
    guarded = [endpoint for endpoint in ENDPOINTS if endpoint.session_only]
    assert {"/api/v1/auth/tokens/", "/api/v1/auth/sessions/", "/api/v1/auth/change_password/"} <= {
        endpoint.path for endpoint in guarded
    }
    for endpoint in guarded:
        path = endpoint.path.replace("{id}", str(ann.id))
        body = {} if endpoint.body else None
        problem = daemon.call(endpoint.method, path, body, token=personal, status=403)
        assert problem["code"] == "permission_denied", path
    assert daemon.get(f"{AUTH}/me/", token=ann)["id"] == ann.id


def test_tokens_expire(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    make_past = {"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}
    daemon.post(f"{AUTH}/tokens/", make_past, token=ann, status=422)
    daemon.post(f"{AUTH}/tokens/", {**make_past, "expires_at": "2099-02-30T00:00:00Z"}, token=ann, status=422)
    daemon.post(f"{AUTH}/tokens/", {**make_past, "scopes": ["admin"]}, token=ann, status=422)
    personal = create_token(daemon, ann, expires_at="2099-01-01T00:00:00Z")
    daemon.get(f"{AUTH}/me/", token=personal)
    daemon.clock.advance(90 * 365 * 86_400)
    assert daemon.get(f"{AUTH}/me/", token=personal, status=401)["code"] == "token_expired"


@pytest.mark.parametrize("act", ["disable", "password"])
def test_disabling_and_password_change_revoke_personal_tokens(daemon: RunningDaemon, act: str) -> None:
    admin, ann = daemon.admin(), daemon.register()
    personal = create_token(daemon, ann)
    if act == "disable":
        daemon.patch(f"{AUTH}/{ann.id}/", {"is_active": False}, token=admin)
    else:
        new = "another horse battery"
        change = {"old_password": PASSWORD, "new_password": new, "new_password_confirm": new}
        tokens = daemon.post(f"{AUTH}/change_password/", change, token=ann)["tokens"]
        assert daemon.get(f"{AUTH}/tokens/", token=tokens["access"])["count"] == 0
    daemon.get(f"{AUTH}/me/", token=personal, status=401)


def test_token_of_staff_has_staff_access_within_its_scope(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    personal = create_token(daemon, admin, "read")
    daemon.get(f"{AUTH}/", token=personal)
    daemon.post("/api/v1/model/train/", token=personal, status=403)


def test_audit_records_events_without_secrets(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": "wrong password!"}, status=401)
    daemon.post(f"{AUTH}/login/", {"email": "hunter2@example.org", "password": "wrong password!"}, status=401)
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD})
    first = daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh})
    second = daemon.post(f"{AUTH}/token/refresh/", {"refresh": first["refresh"]})
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh}, status=401)
    daemon.get(f"{AUTH}/me/", token=second["access"], status=401)
    kept = db.rows("SELECT event, account, address, detail FROM audit ORDER BY id")
    own = [row[0] for row in kept if row[1] == f"user:{ann.id}"]
    assert own == ["registered", "sign_in_failed", "signed_in", "refresh_token_reused"]
    assert ("sign_in_failed", "", "127.0.0.1", "") in [tuple(row) for row in kept]
    assert "hunter2" not in str(kept)
    assert "password" not in str(kept)
