"""Daemons that send their mail to an SMTP server of the test."""

from __future__ import annotations

import contextlib
import dataclasses
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
    """Return `settings` with an SMTP server on loopback and a public address."""
    chosen = {"security": "none", "timeout_seconds": 1.0, "sender": "films@example.org", **options}
    server = dataclasses.replace(settings.server, public_url="https://films.example.org")
    return dataclasses.replace(
        settings, server=server, mail=MailSettings(host="127.0.0.1", port=port, **chosen)
    )


DaemonAt = Callable[..., AbstractContextManager[RunningDaemon]]


@pytest.fixture
def daemon_at(settings: Settings) -> DaemonAt:
    """Start a daemon that sends mail through a port."""

    @contextlib.contextmanager
    def run(port: int, **options: Any) -> Iterator[RunningDaemon]:
        with Daemon(sending(settings, port, **options)) as running:
            yield running

    return run


@pytest.fixture
def mailing(daemon_at: DaemonAt, smtp: SmtpServer) -> Iterator[RunningDaemon]:
    """A daemon that sends mail to `mailbox`."""
    with daemon_at(smtp.port) as running:
        yield running


def in_state(state: str) -> Callable[[], list[OutboxEntry]]:
    """Return a condition: the mails in a state."""
    return lambda: [entry for entry in db.run_with_retry(mail.outbox_entries) if entry.state == state]


def failed_mails() -> list[OutboxEntry]:
    """Return the mails that failed at least once and wait for a retry."""
    return [
        entry for entry in db.run_with_retry(mail.outbox_entries) if entry.state == "pending" and entry.error
    ]
