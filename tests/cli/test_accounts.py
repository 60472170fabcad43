"""Commands `register`, `login` and `logout` against a real daemon."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Shell
from tests.running import PASSWORD, RunningDaemon

NEW_PASSWORD = "another horse battery"


def test_register_signs_in_and_stores_the_tokens_privately(shell: Shell) -> None:
    out = shell.run(
        "register", "ada", "--email", "ada@example.org", "--password-stdin", stdin=PASSWORD + "\n"
    ).ok()
    assert "ada" in out
    assert stat.S_IMODE(os.stat(shell.credentials).st_mode) == 0o600
    assert shell.run("whoami", "--json").json()["email"] == "ada@example.org"
    assert PASSWORD not in shell.credentials.read_text()


def test_register_prompts_for_missing_values_at_a_terminal(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[str] = []

    def getpass(prompt: str) -> str:
        prompts.append(prompt)
        return PASSWORD

    monkeypatch.setattr("getpass.getpass", getpass)
    result = shell.run_at_terminal("register", typed="ada\nada@example.org\n")
    assert result.code == 0, result
    assert prompts == ["Password: ", "Again: "]
    assert shell.run("whoami").rows()[0] == ["username", "ada"]


def test_register_refuses_two_different_passwords(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([PASSWORD, NEW_PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    result = shell.run_at_terminal("register", "ada", "--email", "ada@example.org")
    assert result.code == 2
    assert "differ" in result.err


def test_register_names_each_invalid_field(shell: Shell) -> None:
    arguments = ("register", "ada", "--email", "nonsense", "--password-stdin")
    error = shell.run(*arguments, stdin="short\n").failed(2)
    assert "password" in error


def test_register_with_a_taken_name_fails(ada: Shell) -> None:
    arguments = ("register", "ada", "--email", "other@example.org", "--password-stdin")
    ada.run(*arguments, stdin=PASSWORD).failed(1)


@pytest.mark.parametrize("name", ["ada", "ada@example.org"])
def test_login_by_name_or_address_and_logout(ada: Shell, name: str) -> None:
    assert ada.run("logout").ok() == "Signed out.\n"
    ada.run("whoami").failed(4)
    ada.run("logout").failed(4)
    assert ada.run("login", name, "--password-stdin", stdin=PASSWORD).ok() == "Signed in as ada.\n"
    assert ada.run("whoami").rows()[0] == ["username", "ada"]


def test_login_with_a_password_file(ada: Shell, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    ada.run("login", "ada", "--password-file", str(file)).ok()


def test_login_with_a_wrong_password_exits_with_4_and_keeps_the_tokens(ada: Shell) -> None:
    before = ada.credentials.read_bytes()
    ada.run("login", "ada", "--password-stdin", stdin="wrong").failed(4)
    ada.run("login", "nobody", "--password-stdin", stdin="wrong").failed(4)
    assert ada.credentials.read_bytes() == before


def test_logout_revokes_the_tokens_at_the_daemon(ada: Shell, daemon: RunningDaemon) -> None:
    access = ada.stored()["access"]
    ada.run("logout").ok()
    daemon.get("/api/v1/auth/me/", token=access, status=401)


def test_session_ended_elsewhere_is_reported_once_and_deleted(ada: Shell, daemon: RunningDaemon) -> None:
    stored = ada.stored()
    daemon.post("/api/v1/auth/logout/", {"refresh": stored["refresh"]}, token=stored["access"])
    assert "has ended" in ada.run("whoami").failed(4)
    assert "not signed in" in ada.run("whoami").failed(4)


def test_changing_the_password_ends_other_sessions_and_keeps_this_one(
    ada: Shell, daemon: RunningDaemon
) -> None:
    other = ada.stored()["access"]
    ada.run("login", "ada", "--password-stdin", stdin=PASSWORD).ok()
    ada.run("account", "password", "--password-stdin", stdin=f"{PASSWORD}\n{NEW_PASSWORD}\n").ok()
    daemon.get("/api/v1/auth/me/", token=other, status=401)
    assert ada.run("whoami").code == 0
    ada.run("login", "ada", "--password-stdin", stdin=PASSWORD).failed(4)
    ada.run("login", "ada", "--password-stdin", stdin=NEW_PASSWORD).ok()


@pytest.mark.parametrize("given", ["", "\n", "one line only\n", "a\nb\nc\n"])
def test_changing_the_password_needs_exactly_two_lines(ada: Shell, given: str) -> None:
    ada.run("account", "password", "--password-stdin", stdin=given).failed(2)


def test_expired_access_token_is_refreshed_silently(ada: Shell, daemon: RunningDaemon) -> None:
    before = ada.stored()
    daemon.clock.advance(2 * 3600)
    assert ada.run("whoami").rows()[0] == ["username", "ada"]
    after = ada.stored()
    assert after["refresh"] != before["refresh"]
    assert after["username"] == "ada"


def test_expired_refresh_token_needs_a_new_login(ada: Shell, daemon: RunningDaemon) -> None:
    daemon.clock.advance(8 * 86_400)
    assert "movierec login" in ada.run("whoami").failed(4)


def test_token_from_the_environment_takes_precedence_over_the_stored_one(
    ada: Shell, daemon: RunningDaemon
) -> None:
    bob = daemon.register("bob")
    assert ada.run("whoami", MOVIEREC_TOKEN=bob.access).rows()[0] == ["username", "bob"]
    ada.run("whoami", MOVIEREC_TOKEN="nonsense").failed(4)
    assert ada.run("whoami").rows()[0] == ["username", "ada"]


def test_status_and_config_print_the_signed_in_user(ada: Shell) -> None:
    assert ada.run("status", "--json").json()["signed_in_as"] == "ada"
    settings: Any = ada.run("config", "--json").json()
    assert (settings["signed_in_as"], settings["token"]) == ("ada", "stored")
    assert settings["server_from"] == "MOVIEREC_SERVER"
