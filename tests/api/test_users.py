"""Account administration by staff and owners, profiles, deletion of accounts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from movierec import db
from tests.films import movie_id
from tests.running import PASSWORD, Account, RunningDaemon
from tests.test_migrations import every_model

AUTH = "/api/v1/auth"


def audit_of(user_id: int) -> list[str]:
    return [
        row[0] for row in db.rows("SELECT event FROM audit WHERE account = ? ORDER BY id", f"user:{user_id}")
    ]


def test_staff_search_accounts(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    ann, _ = daemon.register("ann.lee"), daemon.register("bob_lee")

    def names(query: str = "") -> list[str]:
        return [user["username"] for user in daemon.get(f"{AUTH}/?{query}", token=admin)["results"]]

    assert names() == [admin.username, "ann.lee", "bob_lee"]
    assert names("search=ANN.L") == names("search=ann.lee@ex") == ["ann.lee"]
    # Wildcards of LIKE are plain text.
    assert names("search=b_l") == ["bob_lee"]
    assert names("search=%25") == []
    assert names("is_staff=true") == [admin.username]
    daemon.patch(f"{AUTH}/{ann.id}/", {"is_active": False}, token=admin)
    assert names("is_active=false") == ["ann.lee"]
    users = daemon.get(f"{AUTH}/?search=lee", token=admin)["results"]
    assert [(user["username"], user["is_active"]) for user in users] == [
        ("ann.lee", False),
        ("bob_lee", True),
    ]
    assert [user["profile"]["id"] for user in users] == [
        db.value("SELECT id FROM profiles WHERE user_id = ?", user["id"]) for user in users
    ]
    page = daemon.get(f"{AUTH}/?page_size=2&page=2", token=admin)
    assert (page["count"], len(page["results"]), page["next"]) == (3, 1, None)
    daemon.get(f"{AUTH}/?password_hash=x", token=admin, status=422)


def test_owner_changes_names_but_not_the_role(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    own = f"{AUTH}/{ann.id}/"
    assert daemon.get(own, token=ann)["is_active"] is True
    changed = daemon.put(own, {"username": "anna", "first_name": "Anna"}, token=ann)
    assert (changed["username"], changed["full_name"]) == ("anna", "Anna")
    assert daemon.patch(own, {"last_name": "Lee"}, token=ann)["full_name"] == "Anna Lee"
    for role in ({"is_staff": True}, {"is_active": False}, {"is_staff": False}):
        daemon.patch(own, role, token=ann, status=403)
    assert daemon.get(own, token=ann)["is_staff"] is False


def test_disabling_and_role_changes_affect_the_next_request(daemon: RunningDaemon) -> None:
    admin, ann = daemon.admin(), daemon.register()
    own = f"{AUTH}/{ann.id}/"
    assert daemon.patch(own, {"is_staff": True}, token=admin)["is_staff"] is True
    daemon.get(own, token=ann, status=401)
    again = daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD})["tokens"]["access"]
    daemon.get(f"{AUTH}/", token=again)
    daemon.patch(own, {"is_staff": False}, token=admin)
    daemon.get(f"{AUTH}/", token=again, status=401)
    again = daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD})["tokens"]
    daemon.patch(own, {"is_active": False}, token=admin)
    daemon.get(own, token=again["access"], status=401)
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": again["refresh"]}, status=401)
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD}, status=401)
    daemon.patch(own, {"is_active": True}, token=admin)
    daemon.get(own, token=again["access"], status=401)
    # A change without effect ends no session.
    fresh = daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD})["tokens"]["access"]
    daemon.patch(own, {"is_active": True, "is_staff": False}, token=admin)
    daemon.get(own, token=fresh)
    assert audit_of(ann.id).count("role_changed") == 4


def test_last_administrator_cannot_be_removed(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    own = f"{AUTH}/{admin.id}/"
    for change in ({"is_staff": False}, {"is_active": False}):
        daemon.patch(own, change, token=admin, status=409)
    daemon.delete(own, token=admin, status=409)
    other = daemon.admin()
    db.execute("UPDATE users SET is_active = ? WHERE id = ?", False, other.id)
    daemon.patch(own, {"is_staff": False}, token=admin, status=409)
    db.execute("UPDATE users SET is_active = ? WHERE id = ?", True, other.id)
    assert daemon.patch(own, {"is_staff": False}, token=admin)["is_staff"] is False


def test_concurrent_demotions_leave_one_administrator(daemon: RunningDaemon) -> None:
    for _ in range(5):
        two = [daemon.admin(), daemon.admin()]
        db.execute("UPDATE users SET is_staff = ? WHERE id NOT IN (?, ?)", False, two[0].id, two[1].id)
        together = threading.Barrier(2)

        def demote(pair: tuple[Account, Account], together: threading.Barrier = together) -> int:
            together.wait()
            path = f"{AUTH}/{pair[1].id}/"
            return daemon.request("PATCH", path, {"is_staff": False}, token=pair[0].access).status

        with ThreadPoolExecutor(2) as pool:
            statuses = sorted(pool.map(demote, [(two[0], two[1]), (two[1], two[0])]))
        assert db.value("SELECT COUNT(*) FROM users WHERE is_staff AND is_active") == 1
        assert statuses[0] == 200
        assert statuses[1] in (401, 403, 409)


def test_deleted_account_leaves_only_a_pseudonym(daemon: RunningDaemon) -> None:
    ann, admin = daemon.register(), daemon.admin()
    alien = movie_id("tt0078748")
    daemon.post("/api/v1/favorites/", {"movie": alien}, token=ann, status=201)
    daemon.post("/api/v1/favorites/ratings/", {"movie": alien, "rating": 4}, token=ann, status=201)
    daemon.get("/api/v1/recommendations/?limit=3", token=ann)
    secret = daemon.post(f"{AUTH}/tokens/", {"name": "x", "scopes": ["read"]}, token=ann, status=201)["token"]
    daemon.patch(f"{AUTH}/{ann.id}/", {"first_name": "A"}, token=ann)
    daemon.delete(f"{AUTH}/{ann.id}/", token=ann)
    for model in every_model():
        if "user_id" in model._meta.columns:
            table = model._meta.table_name
            assert not db.rows(f"SELECT 1 FROM {table} WHERE user_id = ?", ann.id), table
    assert not db.rows("SELECT 1 FROM users WHERE email_key = ?", ann.email)
    assert not audit_of(ann.id)
    kept = db.rows("SELECT event, account, actor, address, detail FROM audit WHERE account LIKE 'deleted:%'")
    assert {"registered", "token_created", "account_deleted"} <= {row[0] for row in kept}
    assert len({row[1] for row in kept}) == 1
    assert ann.username not in str(kept)
    assert {row[3] for row in kept} == {""}
    for token in (ann.access, secret):
        daemon.get(f"{AUTH}/me/", token=token, status=401)
    daemon.post(f"{AUTH}/token/refresh/", {"refresh": ann.refresh}, status=401)
    daemon.get(f"{AUTH}/{ann.id}/", token=admin, status=404)
    daemon.delete(f"{AUTH}/{ann.id}/", token=admin, status=404)


def test_tokens_of_a_deleted_account_are_invalid_for_the_next_one(daemon: RunningDaemon) -> None:
    """SQLite reuses the highest id."""
    ann = daemon.register("ann")
    daemon.delete(f"{AUTH}/{ann.id}/", token=ann)
    bob = daemon.register("bob")
    assert daemon.get(f"{AUTH}/me/", token=bob)["username"] == "bob"
    daemon.get(f"{AUTH}/me/", token=ann, status=401)


def test_staff_delete_other_accounts(daemon: RunningDaemon) -> None:
    ann, admin = daemon.register(), daemon.admin()
    daemon.delete(f"{AUTH}/{ann.id}/", token=admin)
    actor = db.value("SELECT actor FROM audit WHERE event = 'account_deleted'")
    assert actor == f"user:{admin.id}"


def test_profile_patch_and_put(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    own = f"{AUTH}/profiles/my_profile/"
    thriller = db.value("SELECT id FROM genres WHERE name = 'Thriller'")
    changed = daemon.patch(
        own,
        {
            "bio": "I like films.",
            "favorite_genres": ["drama", thriller, "Drama"],
            "avatar": "https://a.org/b.png",
        },
        token=ann,
    )
    assert changed["favorite_genres"] == ["Drama", "Thriller"]
    changed = daemon.patch(own, {"preferred_language": "fr", "mature_content": True}, token=ann)
    assert (changed["bio"], changed["preferred_language"], changed["mature_content"]) == (
        "I like films.",
        "fr",
        True,
    )
    by_id = f"{AUTH}/profiles/{changed['id']}/"
    assert daemon.get(by_id, token=ann) == changed
    assert daemon.get(f"{AUTH}/profiles/", token=ann)["results"] == [changed]
    assert daemon.get(f"{AUTH}/me/", token=ann)["profile"]["bio"] == "I like films."
    replaced = daemon.put(by_id, {"bio": "New."}, token=ann)
    assert (replaced["bio"], replaced["favorite_genres"], replaced["mature_content"]) == ("New.", [], False)
    admin = daemon.admin()
    assert daemon.get(f"{AUTH}/profiles/", token=admin)["count"] == 2
    assert daemon.patch(by_id, {"bio": ""}, token=admin)["user"] == ann.id


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"bio": "x" * 501}, "bio"),
        ({"avatar": "javascript:alert(1)"}, "avatar"),
        ({"avatar": "ftp://a.org/x"}, "avatar"),
        ({"avatar": "https://"}, "avatar"),
        ({"avatar": "https://user@a.org/x"}, "avatar"),
        ({"avatar": "https://a.org/\u202egnp.x"}, "avatar"),
        ({"favorite_genres": ["no such genre"]}, "favorite_genres"),
        ({"favorite_genres": [999999]}, "favorite_genres"),
        ({"favorite_genres": [True]}, "favorite_genres"),
        ({"favorite_genres": "Drama"}, "favorite_genres"),
        ({"preferred_language": "French"}, "preferred_language"),
        ({"preferred_language": "FR"}, "preferred_language"),
        ({"mature_content": "yes"}, "mature_content"),
        ({"user": 1}, "user"),
    ],
)
def test_invalid_profiles_are_refused(daemon: RunningDaemon, change: dict[str, Any], field: str) -> None:
    ann = daemon.register()
    problem = daemon.patch(f"{AUTH}/profiles/my_profile/", change, token=ann, status=422)
    assert problem["errors"][0]["field"].startswith(field)
