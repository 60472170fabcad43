"""Delivery through a real SMTP server that accepts, refuses, hangs and drops."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from movierec import auth, db, mail
from movierec.config import Settings
from movierec.mail import outbox
from tests.mail.conftest import DaemonAt, eventually, in_state, tried
from tests.mail.server import Mailbox, SmtpServer
from tests.running import RunningDaemon


def test_a_mail_has_both_parts_goes_to_the_stored_address_and_leaves_no_token(
    mailing: RunningDaemon, mailbox: Mailbox
) -> None:
    mailing.register("Ann")
    [sent] = eventually(in_state("sent"), "sent")
    [found] = mailbox.mails
    assert found["To"] == "Ann@example.org"
    assert found["From"] == "movierec <films@example.org>"
    assert found["Subject"] == "movierec: Confirm your e-mail address"
    assert found["Message-ID"].endswith("@example.org>")
    assert found["Auto-Submitted"] == "auto-generated"
    assert mailbox.envelopes == [("films@example.org", ["Ann@example.org"], False)]
    text, html = (found.get_body((kind,)).get_content() for kind in ("plain", "html"))
    [link] = re.findall(r"^https://\S+", text, re.M)
    assert link.startswith("https://films.example.org/account/#verify_email=mro_")
    assert f'<a href="{link}">' in html
    token = link.partition("=")[2]
    assert (sent.body, sent.attempts, sent.error) == ("", 1, "")
    assert token not in str(db.rows("SELECT * FROM outbox")) + str(db.rows("SELECT * FROM one_time_tokens"))
    mailing.post("/api/v1/auth/verify_email/", {"token": token})


@pytest.mark.parametrize("mode", ["451 try later", "hang", "drop"])
def test_what_fails_is_tried_again_later_and_delivered_once(
    mailing: RunningDaemon, mailbox: Mailbox, mode: str
) -> None:
    mailbox.mode = mode
    mailing.register()
    [waiting] = eventually(tried, "a failed try")
    assert waiting.error
    assert waiting.body
    assert waiting.due_at > mailing.clock() + 3
    mailbox.mode = "accept"
    mailing.clock.advance(16)
    eventually(in_state("sent"), "sent")
    time.sleep(0.2)
    assert len(mailbox.mails) == 1


def test_a_server_that_is_away_is_waited_for(daemon_at: DaemonAt, mailbox: Mailbox) -> None:
    server = SmtpServer(mailbox)
    with server:
        port = server.port
    with daemon_at(port) as daemon:
        daemon.register()
        eventually(tried, "a failed try")
        with server:
            daemon.clock.advance(16)
            eventually(in_state("sent"), "sent")


def test_waits_grow(mailing: RunningDaemon, mailbox: Mailbox) -> None:
    mailbox.mode = "451 try later"
    mailing.register()
    for attempt, seconds in ((1, 10), (2, 20), (3, 40)):
        eventually(lambda n=attempt: [m for m in tried() if m.attempts == n], f"try {attempt}")
        time.sleep(0.3)  # the try has begun; it ends at once
        [waiting] = tried()
        pause = waiting.due_at - mailing.clock()
        assert seconds * 0.5 - 3 <= pause <= seconds * 1.5 + 1
        mailing.clock.advance(pause + 1)


def test_a_recipient_or_mail_refused_for_good_is_given_up_at_once(
    mailing: RunningDaemon, mailbox: Mailbox
) -> None:
    mailbox.recipient_answer = "550 no such user"
    mailing.register()
    [failed] = eventually(in_state("failed"), "given up")
    assert "550" in failed.error
    assert failed.body, "an operator can pass the link on"
    mailbox.recipient_answer, mailbox.mode = "250 OK", "554 looks like spam"
    mailing.register()
    eventually(lambda: len(in_state("failed")()) == 2, "given up")
    assert mailbox.tries == 2


def test_a_mail_whose_link_died_is_given_up_and_loses_its_text(
    mailing: RunningDaemon, mailbox: Mailbox
) -> None:
    mailbox.mode = "451 try later"
    mailing.register()
    eventually(tried, "a failed try")
    mailing.clock.advance(25 * 3600)
    [failed] = eventually(in_state("failed"), "given up")
    assert "451" in failed.error
    eventually(lambda: db.value("SELECT COUNT(*) FROM outbox WHERE body = ''"), "its text is gone")


def test_what_was_sent_long_ago_is_forgotten(mailing: RunningDaemon, mailbox: Mailbox) -> None:
    mailing.register()
    eventually(in_state("sent"), "sent")
    mailing.clock.advance(31 * 86_400)
    eventually(lambda: not db.run_with_retry(mail.outbox_entries), "forgotten")
    eventually(lambda: not db.rows("SELECT 1 FROM one_time_tokens"), "forgotten")


def test_it_signs_in_and_a_wrong_password_is_no_reason_to_give_up(
    daemon_at: DaemonAt, mailbox: Mailbox
) -> None:
    with SmtpServer(mailbox, login=True) as server:
        with daemon_at(server.port, username="films", password="wrong") as daemon:
            daemon.register()
            [waiting] = eventually(tried, "a failed try")
            assert "535" in waiting.error
            assert "wrong" not in waiting.error
        with daemon_at(server.port, username="films", password="s3cret") as daemon:
            daemon.clock.advance(16)
            eventually(in_state("sent"), "sent")
    assert set(mailbox.logins) == {b"films"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate with its key, for 127.0.0.1."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl here to make a certificate")
    made = tmp_path_factory.mktemp("certificate") / "both.pem"
    key = made.with_name("key.pem")
    names = "subjectAltName=IP:127.0.0.1"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext"
    subprocess.run([*command.split(), names, "-keyout", key, "-out", made], check=True, capture_output=True)
    made.write_text(made.read_text() + key.read_text())
    return made


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    return made


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_self_made_certificate_is_refused_unless_trusted(
    daemon_at: DaemonAt, mailbox: Mailbox, context: ssl.SSLContext, certificate: Path, security: str
) -> None:
    with SmtpServer(mailbox, tls=context, implicit=security == "tls") as server:
        with daemon_at(server.port, security=security) as daemon:
            daemon.register()
            [waiting] = eventually(tried, "a failed try")
            assert "certificate" in waiting.error.lower()
            assert mailbox.tries == 0
        for number, trust in enumerate(({"verify_certificate": False}, {"ca_file": str(certificate)}), 1):
            with daemon_at(server.port, security=security, **trust) as daemon:
                daemon.clock.advance(16)
                daemon.register()
                eventually(lambda n=number: len(mailbox.mails) == n + 1, "sent")
    if security == "starttls":
        assert all(encrypted for _, _, encrypted in mailbox.envelopes)


def test_no_mail_goes_in_the_clear_where_starttls_is_asked_for(daemon_at: DaemonAt, smtp: SmtpServer) -> None:
    with daemon_at(smtp.port, security="starttls") as daemon:
        daemon.register()
        eventually(tried, "a failed try")
    assert smtp.mailbox.tries == 0


def test_a_hanging_server_does_not_keep_the_daemon_from_stopping(
    daemon_at: DaemonAt, smtp: SmtpServer, mailbox: Mailbox
) -> None:
    mailbox.mode = "hang"
    with daemon_at(smtp.port, timeout_seconds=60.0) as daemon:
        daemon.register()
        eventually(lambda: mailbox.tries, "a try")
        started = time.monotonic()
    assert time.monotonic() - started < 15


def test_a_claim_that_was_lost_to_another_daemon_marks_nothing(database: Settings) -> None:
    settings, now = database.mail, 1000
    ann = auth.register(auth.NewAccount("ann", "ann@example.org"), "", now)
    outbox.enqueue(mail.MailKind.VERIFY, "", now, user_id=ann.id)
    mail.compose_all("https://films.example.org", settings, now)
    first = outbox.claim_mail(settings, now)
    assert first is not None
    assert outbox.claim_mail(settings, now) is None, "nobody else gets it before the lease ends"
    second = outbox.claim_mail(settings, now + outbox.lease_seconds(settings))
    assert second is not None
    assert second.id == first.id
    outbox.mark_sent(first, now)
    assert db.run_with_retry(mail.outbox_entry, first.id).state == "pending"  # type: ignore[union-attr]
    outbox.mark_sent(second, now)
    assert db.run_with_retry(mail.outbox_entry, first.id).state == "sent"  # type: ignore[union-attr]
