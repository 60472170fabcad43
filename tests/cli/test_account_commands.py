"""Commands `account profile, sessions, tokens, delete` and `admin users` against a real daemon."""

from __future__ import annotations

from typing import Any

import pytest

from movierec import db
from tests.cli.running import Shell
from tests.running import PASSWORD, RunningDaemon


@pytest.fixture
def admin(ada: Shell) -> Shell:
    """Return a command line, signed in as Ada with the staff role."""
    db.execute("UPDATE users SET is_staff = ? WHERE username = ?", True, "ada")
    return ada


def test_profile_is_shown_and_changed(ada: Shell) -> None:
    assert ada.run("account", "profile").rows()[0] == ["bio", ""]
    changed = ada.run(
        "account", "profile", "--bio", "Films.", "--genre", "drama", "--genre", "Comedy", "--language", "fr",
        "--mature", "--json",
    ).json()  # fmt: skip
    assert changed["favorite_genres"] == ["Drama", "Comedy"]
    assert (changed["preferred_language"], changed["mature_content"]) == ("fr", True)
    cleared = ada.run("account", "profile", "--no-genres", "--language", "", "--no-mature", "--json").json()
    assert (cleared["bio"], cleared["favorite_genres"], cleared["mature_content"]) == ("Films.", [], False)
    assert "no such" in ada.run("account", "profile", "--genre", "no such").failed(2)
    ada.run("account", "profile", "--genre", "Drama", "--no-genres").failed(2)


def test_sessions_are_listed_and_signed_out(ada: Shell) -> None:
    first = ada.stored()
    ada.run("login", "ada", "--password-stdin", stdin=PASSWORD).ok()
    listed = ada.run("account", "sessions", "list", "--json").json()
    assert [session["current"] for session in listed].count(True) == 1
    assert all(session["label"].startswith("movierec") for session in listed)
    other = next(str(session["id"]) for session in listed if not session["current"])
    ada.run("account", "sessions", "remove", other).ok()
    ada.run("account", "sessions", "remove", other).failed(3)
    ada.run("account", "sessions", "remove").failed(2)
    assert len(ada.run("account", "sessions", "list", "--ids").ok().splitlines()) == 1
    assert first["access"] != ada.stored()["access"]
    ada.run("account", "sessions", "remove", "--all").ok()
    ada.run("whoami").failed(4)


def test_personal_token_authenticates_scripts(ada: Shell, daemon: RunningDaemon) -> None:
    created = ada.run("account", "tokens", "add", "nightly job")
    assert created.code == 0
    secret = created.out.strip()
    assert secret.startswith("mrp_")
    assert "may read" in created.err
    script = {"MOVIEREC_TOKEN": secret}
    assert ada.run("whoami", "--json", **script).json()["username"] == "ada"
    movie = str(db.value("SELECT MIN(id) FROM movies"))
    assert "scope" in ada.run("favorites", "add", movie, **script).failed(4)
    ada.run("account", "tokens", "list", **script).failed(4)
    writing = ada.run("account", "tokens", "add", "x", "--write", "--expires", "2099-01-31", "--json").json()
    assert writing["expires_at"] == "2099-01-31T00:00:00Z"
    ada.run("favorites", "add", movie, MOVIEREC_TOKEN=writing["token"]).ok()
    rows = ada.run("account", "tokens", "list").rows()
    assert [row[1] for row in rows] == ["x", "nightly job"]
    assert rows[1][5]  # used
    ada.run("account", "tokens", "remove", rows[1][0]).ok()
    ada.run("whoami", **script).failed(4)
    assert secret not in ada.credentials.read_text()


def test_deletion_is_confirmed_at_a_terminal_and_needs_yes_elsewhere(ada: Shell) -> None:
    assert "--yes" in ada.run("account", "delete").failed(2)
    result = ada.run_at_terminal("account", "delete", typed="no\n")
    assert (result.code, "Nothing was erased" in result.err) == (2, True)
    ada.run("whoami").ok()
    result = ada.run_at_terminal("account", "delete", typed="ada\n")
    assert result.code == 0, result
    ada.run("whoami").failed(4)
    ada.run("login", "ada", "--password-stdin", stdin=PASSWORD).failed(4)


def test_staff_manage_accounts(admin: Shell, daemon: RunningDaemon) -> None:
    bob = daemon.register("bob")

    def show(name: str) -> Any:
        return admin.run("admin", "users", "show", name, "--json").json()

    assert [row[1] for row in admin.run("admin", "users", "list").rows()] == ["ada", "bob"]
    assert admin.run("admin", "users", "list", "--search", "bo", "--ids").ok().strip() == str(bob.id)
    admin.run("admin", "users", "disable", "bob@example.org").ok()
    assert show("BOB")["is_active"] is False
    assert admin.run("admin", "users", "list", "--disabled", "--json").json()[0]["username"] == "bob"
    admin.run("admin", "users", "enable", str(bob.id)).ok()
    admin.run("admin", "users", "promote", "bob").ok()
    assert show("bob")["is_staff"] is True
    admin.run("admin", "users", "demote", "bob").ok()
    admin.run("admin", "users", "demote", "ada").failed(1)
    admin.run("admin", "users", "show", "nobody").failed(3)
    admin.run("admin", "users", "delete", "bob", "--yes").ok()
    admin.run("admin", "users", "show", str(bob.id)).failed(3)


def test_listing_users_needs_the_staff_role(ada: Shell) -> None:
    ada.run("admin", "users", "list").failed(4)
