"""Commands that use tokens from mails: verify an address, reset a password, change the address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from movierec import db, mail
from movierec.mail import MailKind, delivery
from tests.cli.running import Shell
from tests.running import PASSWORD
from tests.waiting import wait_until

NEW_PASSWORD = "another horse battery"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "POLL_SECONDS", 0.05)


def token_for(kind: MailKind) -> str:
    """Return the token of the newest mail of a kind, once the daemon has composed all mails."""

    def newest_token() -> str | None:
        entries = db.run_with_retry(mail.outbox_entries)
        if any(entry.state == "requested" for entry in entries):
            return None
        tokens = (re.search(r"mro_[\w-]+", entry.body) for entry in entries if entry.kind == kind)
        return next((token[0] for token in tokens if token), None)

    token = wait_until(newest_token, what=f"a mail of the kind {kind}")
    assert token is not None
    return token


def test_address_is_verified_with_the_mailed_token(ada: Shell) -> None:
    assert "outbox" in ada.run("account", "verify", "--resend").ok()
    ada.run("account", "verify", "--token-stdin", stdin="mro_nonsense\n").failed(4)
    token = token_for(MailKind.VERIFY)
    assert "confirmed" in ada.run("account", "verify", "--token-stdin", stdin=token + "\n").ok()
    assert ada.run("whoami", "--json").json()["is_verified"] is True
    ada.run("account", "verify", "--token-stdin", stdin=token).failed(4)


def test_forgotten_password_is_reset_with_the_mailed_token(ada: Shell, tmp_path: Path) -> None:
    ada.run("logout").ok()
    ada.run("account", "reset-password", "ada@example.org").ok()
    ada.run("account", "reset-password", "nobody@example.org", "--json").json()
    both = tmp_path / "both"
    both.write_text(f"{token_for(MailKind.RESET)}\n{NEW_PASSWORD}\n")
    ada.run("account", "reset-password", "--confirm", "--password-file", str(both)).ok()
    ada.run("login", "ada", "--password-stdin", stdin=PASSWORD).failed(4)
    ada.run("login", "ada", "--password-stdin", stdin=NEW_PASSWORD).ok()


def test_address_is_changed_with_the_mailed_token(ada: Shell) -> None:
    ada.run("account", "email", "new@example.org", "--password-stdin", stdin="wrong wrong").failed(4)
    ada.run("account", "email", "new@example.org", "--password-stdin", stdin=PASSWORD).ok()
    token = token_for(MailKind.CHANGE)
    assert "new@example.org" in ada.run("account", "email", "--confirm", "--token-stdin", stdin=token).ok()
    ada.run("whoami").failed(4)
    ada.run("login", "new@example.org", "--password-stdin", stdin=PASSWORD).ok()


@pytest.mark.parametrize("command", ["email", "reset-password"])
def test_address_and_confirmation_exclude_each_other(ada: Shell, command: str) -> None:
    assert "either" in ada.run("account", command).failed(2)
    assert "either" in ada.run("account", command, "x@example.org", "--confirm").failed(2)
