"""Access control: the access table against the router, objects of other users, protected fields."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import BaseModel

from movierec import db
from movierec.api.app import ENDPOINTS
from movierec.api.endpoint import Access, Endpoint
from tests.films import movie_id
from tests.running import PASSWORD, Account, RunningDaemon
from tests.test_migrations import every_model

AUTH, FAVORITES = "/api/v1/auth", "/api/v1/favorites"
RECOMMENDATIONS = "/api/v1/recommendations"

PUBLIC, USER, OWNER, STAFF = "public", "user", "owner", "staff"

# owner: a user, for their own object; `staff too` marks endpoints where staff may access all objects.
ACCESS: dict[tuple[str, str], str] = {
    ("GET", "/api/v1/auth/"): STAFF,
    ("POST", "/api/v1/auth/"): PUBLIC,
    ("POST", "/api/v1/auth/change_email/"): USER,
    ("POST", "/api/v1/auth/change_email/confirm/"): PUBLIC,
    ("POST", "/api/v1/auth/change_password/"): USER,
    ("POST", "/api/v1/auth/login/"): PUBLIC,
    ("POST", "/api/v1/auth/logout/"): USER,
    ("POST", "/api/v1/auth/logout_all/"): USER,
    ("GET", "/api/v1/auth/me/"): USER,
    ("PATCH", "/api/v1/auth/me/"): USER,
    ("POST", "/api/v1/auth/password_reset/"): PUBLIC,
    ("POST", "/api/v1/auth/password_reset/confirm/"): PUBLIC,
    ("GET", "/api/v1/auth/profiles/"): USER,
    ("GET", "/api/v1/auth/profiles/my_profile/"): USER,
    ("PATCH", "/api/v1/auth/profiles/my_profile/"): USER,
    ("GET", "/api/v1/auth/profiles/{id}/"): OWNER,  # staff too
    ("PUT", "/api/v1/auth/profiles/{id}/"): OWNER,  # staff too
    ("PATCH", "/api/v1/auth/profiles/{id}/"): OWNER,  # staff too
    ("GET", "/api/v1/auth/sessions/"): USER,
    ("DELETE", "/api/v1/auth/sessions/{id}/"): OWNER,
    ("POST", "/api/v1/auth/token/refresh/"): PUBLIC,
    ("POST", "/api/v1/auth/token/verify/"): PUBLIC,
    ("GET", "/api/v1/auth/tokens/"): USER,
    ("POST", "/api/v1/auth/tokens/"): USER,
    ("DELETE", "/api/v1/auth/tokens/{id}/"): OWNER,
    ("POST", "/api/v1/auth/verify_email/"): PUBLIC,
    ("POST", "/api/v1/auth/verify_email/resend/"): USER,
    ("GET", "/api/v1/auth/{id}/"): OWNER,  # staff too
    ("PUT", "/api/v1/auth/{id}/"): OWNER,  # staff too
    ("PATCH", "/api/v1/auth/{id}/"): OWNER,  # staff too
    ("DELETE", "/api/v1/auth/{id}/"): OWNER,  # staff too
    ("GET", "/api/v1/exports/"): USER,
    ("GET", "/api/v1/changes/"): USER,
    ("POST", "/api/v1/changes/undo/"): USER,
    ("GET", "/api/v1/favorites/"): USER,
    ("POST", "/api/v1/favorites/"): USER,
    ("GET", "/api/v1/favorites/check/{movie_id}/"): USER,
    ("GET", "/api/v1/favorites/ratings/"): USER,
    ("POST", "/api/v1/favorites/ratings/"): USER,
    ("GET", "/api/v1/favorites/ratings/movie/{movie_id}/"): USER,
    ("PUT", "/api/v1/favorites/ratings/movie/{movie_id}/"): USER,
    ("DELETE", "/api/v1/favorites/ratings/movie/{movie_id}/"): USER,
    ("GET", "/api/v1/favorites/ratings/{id}/"): OWNER,
    ("PUT", "/api/v1/favorites/ratings/{id}/"): OWNER,
    ("PATCH", "/api/v1/favorites/ratings/{id}/"): OWNER,
    ("DELETE", "/api/v1/favorites/ratings/{id}/"): OWNER,
    ("GET", "/api/v1/favorites/{id}/"): OWNER,
    ("PATCH", "/api/v1/favorites/{id}/"): OWNER,
    ("DELETE", "/api/v1/favorites/{id}/"): OWNER,
    ("GET", "/api/v1/history/"): USER,
    ("POST", "/api/v1/history/"): USER,
    ("DELETE", "/api/v1/history/{id}/"): OWNER,
    ("GET", "/api/v1/imports/"): USER,
    ("POST", "/api/v1/imports/"): USER,
    ("GET", "/api/v1/imports/review/"): USER,
    ("GET", "/api/v1/imports/review/{id}/"): OWNER,
    ("DELETE", "/api/v1/imports/review/{id}/"): OWNER,
    ("POST", "/api/v1/imports/review/{id}/resolve/"): OWNER,
    ("GET", "/api/v1/imports/{id}/problems/"): OWNER,
    ("POST", "/api/v1/imports/{id}/undo/"): OWNER,
    ("GET", "/api/v1/jobs/"): USER,
    ("GET", "/api/v1/jobs/{id}/"): OWNER,  # staff too
    ("DELETE", "/api/v1/jobs/{id}/"): OWNER,  # staff too
    ("GET", "/api/v1/model/"): STAFF,
    ("POST", "/api/v1/model/rollback/"): STAFF,
    ("POST", "/api/v1/model/train/"): STAFF,
    ("GET", "/api/v1/movies/"): PUBLIC,
    ("POST", "/api/v1/movies/"): STAFF,
    ("GET", "/api/v1/movies/genres/"): PUBLIC,
    ("POST", "/api/v1/movies/genres/sync/"): STAFF,
    ("GET", "/api/v1/movies/genres/{id}/"): PUBLIC,
    ("GET", "/api/v1/movies/imdb/{imdb_id}/"): PUBLIC,
    ("GET", "/api/v1/movies/popular/"): PUBLIC,
    ("GET", "/api/v1/movies/search/"): PUBLIC,
    ("GET", "/api/v1/movies/tmdb/{tmdb_id}/"): PUBLIC,
    ("GET", "/api/v1/movies/top_rated/"): PUBLIC,
    ("GET", "/api/v1/movies/trending/"): PUBLIC,
    ("GET", "/api/v1/movies/{id}/"): PUBLIC,
    ("POST", "/api/v1/movies/sync/"): STAFF,
    ("PUT", "/api/v1/movies/{id}/"): STAFF,
    ("PATCH", "/api/v1/movies/{id}/"): STAFF,
    ("DELETE", "/api/v1/movies/{id}/"): STAFF,
    ("POST", "/api/v1/movies/{id}/merge/"): STAFF,
    ("GET", "/api/v1/movies/{id}/poster/"): PUBLIC,
    ("GET", "/api/v1/recommendations/"): USER,
    ("GET", "/api/v1/recommendations/explain/{movie_id}/"): USER,
    ("POST", "/api/v1/recommendations/feedback/"): USER,
    ("GET", "/api/v1/recommendations/feedback/list/"): USER,
    ("DELETE", "/api/v1/recommendations/feedback/{id}/"): OWNER,
    ("GET", "/api/v1/recommendations/quickstart/"): USER,
    ("POST", "/api/v1/recommendations/refresh/"): USER,
    ("GET", "/api/v1/recommendations/similar/{movie_id}/"): PUBLIC,
    ("GET", "/api/v1/recommendations/{id}/"): OWNER,
    ("GET", "/api/v1/stats/"): USER,
    ("GET", "/api/v1/watchlist/"): USER,
    ("POST", "/api/v1/watchlist/"): USER,
    ("DELETE", "/api/v1/watchlist/{id}/"): OWNER,
    ("GET", "/health/"): PUBLIC,
    ("GET", "/health/live/"): PUBLIC,
    ("GET", "/health/ready/"): PUBLIC,
    ("GET", "/metrics/"): PUBLIC,
}

BY_NAME = {(endpoint.method, endpoint.path): endpoint for endpoint in ENDPOINTS}
OWNED = [name for name, access in ACCESS.items() if access == OWNER]

# Fields that a body may set, by role: nothing else writes these columns.
PRIVILEGES = {
    ("PUT", "/api/v1/auth/{id}/"): {"is_active", "is_staff"},
    ("PATCH", "/api/v1/auth/{id}/"): {"is_active", "is_staff"},
}
PROTECTED = {
    "is_active", "is_staff", "is_verified", "password_hash", "auth_epoch", "epoch", "token_hash", "user", "user_id",
    "username_key", "email_key", "date_joined", "last_login", "created_at", "updated_at", "last_used_at",
    "revoked_at", "state", "report", "owner",
}  # fmt: skip


def test_access_table_equals_the_router() -> None:
    declared = {name: endpoint.access for name, endpoint in BY_NAME.items()}
    in_table = {name: Access.USER if access == OWNER else Access(access) for name, access in ACCESS.items()}
    assert declared == in_table


@pytest.fixture(scope="module")
def shared(module_daemon: RunningDaemon) -> RunningDaemon:
    """One daemon for the whole matrix."""
    return module_daemon


@pytest.mark.parametrize("name", ACCESS, ids=" ".join)
def test_anonymous_callers_and_users_without_permission_are_refused(
    shared: RunningDaemon, name: tuple[str, str]
) -> None:
    method, path = name
    concrete = re.sub(r"\{\w+\}", "1", path)
    if ACCESS[name] != PUBLIC:
        assert shared.call(method, concrete, status=401)["code"] == "not_authenticated"
    if ACCESS[name] == STAFF:
        user = _account(shared, "somebody")
        body = {} if BY_NAME[name].body else None
        assert shared.call(method, concrete, body, token=user, status=403)["code"] == "permission_denied"


def _account(daemon: RunningDaemon, name: str) -> Account:
    if name not in daemon._accounts:
        daemon._accounts[name] = daemon.register(f"{name}.of.access")
    return daemon._accounts[name]


# Objects of other users


def _create_everything(daemon: RunningDaemon, ann: Account) -> dict[str, int]:
    """Create an object of every kind; return the ids by path."""
    movie = movie_id("tt0078748")
    tokens = f"{AUTH}/tokens/"
    daemon.post(f"{AUTH}/login/", {"email": ann.email, "password": PASSWORD})
    personal_token = daemon.post(tokens, {"name": "cron", "scopes": ["read"]}, token=ann, status=201)
    rating = daemon.post(f"{FAVORITES}/ratings/", {"movie": movie, "rating": 4}, token=ann, status=201)
    favorite = daemon.post(f"{FAVORITES}/", {"movie": movie}, token=ann, status=201)
    entry = {"movie": movie, "watched_at": "2024-05-01"}
    seen = daemon.post("/api/v1/history/", entry, token=ann, status=201)
    to_see = daemon.post("/api/v1/watchlist/", {"movie": movie}, token=ann, status=201)
    recommended = daemon.get(f"{RECOMMENDATIONS}/?limit=1", token=ann)["results"][0]
    opinion = {"movie": movie_id("tt0113277"), "feedback_type": "like"}
    feedback = daemon.post(f"{RECOMMENDATIONS}/feedback/", opinion, token=ann, status=201)
    with db.write():
        job = db.value(
            "INSERT INTO jobs (user_id, kind, state, stage, done, total, parameters, report, error, owner, "
            "created_at) VALUES (?, 'import', 'succeeded', '', 0, 0, '{}', '{}', '', '', 1) RETURNING id",
            ann.id,
        )
        question = db.value(
            "INSERT INTO film_questions (user_id, identity, uri, title, film, state, why, candidates, asked_at) "
            "VALUES (?, 'title:heat:', '', 'Heat', '{}', 'ambiguous', '', '[]', 1) RETURNING id",
            ann.id,
        )
    return {
        f"{AUTH}/profiles/{{id}}/": daemon.get(f"{AUTH}/profiles/my_profile/", token=ann)["id"],
        f"{AUTH}/sessions/{{id}}/": daemon.get(f"{AUTH}/sessions/", token=ann)["results"][1]["id"],
        f"{AUTH}/tokens/{{id}}/": personal_token["id"],
        f"{AUTH}/{{id}}/": ann.id,
        f"{FAVORITES}/ratings/{{id}}/": rating["id"],
        f"{FAVORITES}/{{id}}/": favorite["id"],
        "/api/v1/history/{id}/": seen["id"],
        "/api/v1/imports/review/{id}/": question,
        "/api/v1/imports/review/{id}/resolve/": question,
        "/api/v1/imports/{id}/problems/": job,
        "/api/v1/imports/{id}/undo/": job,
        "/api/v1/jobs/{id}/": job,
        "/api/v1/watchlist/{id}/": to_see["id"],
        f"{RECOMMENDATIONS}/feedback/{{id}}/": feedback["id"],
        f"{RECOMMENDATIONS}/{{id}}/": recommended["id"],
    }


# Valid bodies, so that a refusal is not caused by the body.
BODIES: dict[str, dict[str, Any]] = {
    f"{AUTH}/profiles/{{id}}/": {"bio": "mine now"},
    f"{AUTH}/{{id}}/": {"username": "mine.now"},
    f"{FAVORITES}/ratings/{{id}}/": {"rating": 0.5},
    f"{FAVORITES}/{{id}}/": {"note": "mine now"},
    "/api/v1/imports/review/{id}/resolve/": {"leave_out": True},
}


@pytest.fixture(scope="module")
def objects(shared: RunningDaemon) -> dict[str, int]:
    """The objects of ann, which bob tries to access."""
    return _create_everything(shared, _account(shared, "ann"))


# Filled in the background, by the worker that delivers mail.
UNSTEADY = {"outbox", "one_time_tokens"}


def _owned_rows(user_id: int) -> dict[str, list[db.Row]]:
    rows = {"users": db.rows("SELECT * FROM users WHERE id = ?", user_id)}
    for model in every_model():
        table, columns = model._meta.table_name, model._meta.columns
        if "user_id" in columns and table not in UNSTEADY:
            rows[table] = db.rows(f"SELECT * FROM {table} WHERE user_id = ? ORDER BY 1", user_id)
    return rows


def test_matrix_covers_every_owned_object(objects: dict[str, int]) -> None:
    assert {path for _, path in OWNED} == set(objects)


@pytest.mark.parametrize("name", OWNED, ids=" ".join)
def test_objects_of_other_users_are_not_found(
    shared: RunningDaemon, objects: dict[str, int], name: tuple[str, str]
) -> None:
    method, path = name
    ann, bob = _account(shared, "ann"), _account(shared, "bob")
    body = BODIES.get(path) if BY_NAME[name].body else None
    before = _owned_rows(ann.id)

    def ask(text: str, token: str | None) -> tuple[int, bytes]:
        reply = shared.request(
            method, path.replace("{id}", text), body, token=token, headers={"X-Request-ID": "same"}
        )
        return reply.status, re.sub(rb'"instance":"[^"]*"', b"", reply.body)

    real = str(objects[path])
    absent = ask("999999999", bob.access)
    assert absent[0] == 404
    for text in (real, f"%3{real[0]}{real[1:]}", "9223372036854775807", "9223372036854775808", "0", "-1"):
        assert ask(text, bob.access) == absent, text
    for text in (
        f"0{real}",
        f"{real}.0",
        f"{real}e0",
        f"+{real}",
        f"{real}%00",
        f"{real}%20",
        "1%20OR%201=1",
        "%D9%A7",
    ):
        assert ask(text, bob.access)[0] == 404, text
    for text in (real, "999999999"):
        assert ask(text, None)[0] == 401
    assert _owned_rows(ann.id) == before


def test_lists_show_own_objects_only(shared: RunningDaemon, objects: dict[str, int]) -> None:
    ann, bob = _account(shared, "ann"), _account(shared, "bob")
    for path in (
        *("/api/v1/jobs/", "/api/v1/history/", "/api/v1/watchlist/"),
        *(f"{AUTH}/tokens/", f"{FAVORITES}/", f"{FAVORITES}/ratings/"),
    ):
        assert shared.get(path, token=bob)["count"] == 0, path
        assert shared.get(path, token=ann)["count"] == 1, path
    for path in (f"{AUTH}/profiles/", f"{AUTH}/sessions/"):
        foreign = {item["id"] for item in shared.get(path, token=ann)["results"]}
        assert foreign.isdisjoint(item["id"] for item in shared.get(path, token=bob)["results"]), path


def test_answers_contain_no_hash(shared: RunningDaemon, objects: dict[str, int]) -> None:
    ann = _account(shared, "ann")
    secrets = [
        row[0]
        for sql in ("SELECT password_hash FROM users", "SELECT token_hash FROM personal_tokens")
        for row in db.rows(sql)
    ]
    for method, path in ACCESS:
        if method == "GET":
            concrete = path.replace("{id}", str(objects.get(path, 1))).replace("{movie_id}", "1")
            body = shared.request("GET", concrete, token=ann.access).body.decode()
            assert not any(secret in body for secret in secrets), path


# Protected fields


WITH_BODY = [name for name, endpoint in BY_NAME.items() if endpoint.body is not None]


def _columns() -> set[str]:
    return {
        name
        for model in every_model()
        for field in model._meta.sorted_fields
        for name in (field.name, field.column_name)
    }


@pytest.mark.parametrize("name", WITH_BODY, ids=" ".join)
def test_undocumented_columns_are_refused(shared: RunningDaemon, name: tuple[str, str]) -> None:
    endpoint = BY_NAME[name]
    assert endpoint.body is not None
    hidden = sorted(_columns() - set(endpoint.body.model_fields) - endpoint.ignored_fields)
    admin = _admin(shared)
    before = _owned_rows(admin.id)
    path = re.sub(r"\{\w+\}", "1", endpoint.path)
    for part in (hidden[: len(hidden) // 2], hidden[len(hidden) // 2 :]):
        problem = shared.call(endpoint.method, path, dict.fromkeys(part, 1), token=admin, status=422)
        refused = {item["field"] for item in problem["errors"] if item["message"] == "Unknown field."}
        assert set(part) <= refused, set(part) - refused
    assert _owned_rows(admin.id) == before


def _admin(daemon: RunningDaemon) -> Account:
    if "admin" not in daemon._accounts:
        daemon._accounts["admin"] = daemon.admin()
    return daemon._accounts["admin"]


@pytest.mark.parametrize("name", WITH_BODY, ids=" ".join)
def test_no_body_names_a_protected_column(name: tuple[str, str]) -> None:
    assert _writable(BY_NAME[name]) & PROTECTED == PRIVILEGES.get(name, set())


def _writable(endpoint: Endpoint) -> set[str]:
    model: type[BaseModel] | None = endpoint.body
    assert model is not None
    assert model.model_config.get("extra") == "forbid"
    return set(model.model_fields)
