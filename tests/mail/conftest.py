"""Daemons that send their mail to an SMTP server of the test."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from movierec import db, mail
from movierec.config import MailSettings, Settings
from movierec.mail import OutboxEntry, delivery
from tests.mail.server import Mailbox, SmtpServer
from tests.running import Daemon, RunningDaemon


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "POLL_SECONDS", 0.05)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def smtp(mailbox: Mailbox) -> Iterator[SmtpServer]:
    with SmtpServer(mailbox) as running:
        yield running


def sending(settings: Settings, port: int, **options: Any) -> Settings:
    """`settings` with an SMTP server on loopback and a public address."""
    chosen = {"security": "none", "timeout_seconds": 1.0, "sender": "films@example.org", **options}
    server = dataclasses.replace(settings.server, public_url="https://films.example.org")
    return dataclasses.replace(
        settings, server=server, mail=MailSettings(host="127.0.0.1", port=port, **chosen)
    )


DaemonAt = Callable[..., AbstractContextManager[RunningDaemon]]


@pytest.fixture
def daemon_at(settings: Settings) -> DaemonAt:
    """Runs a daemon that mails through a port."""

    @contextlib.contextmanager
    def run(port: int, **options: Any) -> Iterator[RunningDaemon]:
        with Daemon(sending(settings, port, **options)) as running:
            yield running

    return run


@pytest.fixture
def mailing(daemon_at: DaemonAt, smtp: SmtpServer) -> Iterator[RunningDaemon]:
    """A daemon that mails to `mailbox`."""
    with daemon_at(smtp.port) as running:
        yield running


def eventually(condition: Callable[[], Any], what: str, seconds: float = 15.0) -> Any:
    """What `condition` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"never: {what}; the outbox holds {db.run_with_retry(mail.outbox_entries)}")


def in_state(state: str) -> Callable[[], list[OutboxEntry]]:
    return lambda: [entry for entry in db.run_with_retry(mail.outbox_entries) if entry.state == state]


def tried() -> list[OutboxEntry]:
    """Mails that were refused at least once and wait."""
    return [
        entry for entry in db.run_with_retry(mail.outbox_entries) if entry.state == "pending" and entry.error
    ]
