"""Delivery through a real SMTP server that accepts, refuses, hangs and drops the connection."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from movierec import auth, db, mail
from movierec.config import Settings
from movierec.mail import delivery, outbox, retry
from tests.mail.conftest import DaemonAt, failed_mails, in_state
from tests.mail.server import Mailbox, SmtpServer
from tests.running import RunningDaemon
from tests.waiting import wait_until


def test_a_mail_has_text_and_html_and_its_token_is_deleted_after_delivery(
    mailing: RunningDaemon, mailbox: Mailbox
) -> None:
    mailing.register("Ann")
    [sent] = wait_until(in_state("sent"), what="sent")
    [message] = mailbox.mails
    assert message["To"] == "Ann@example.org"
    assert message["From"] == "movierec <films@example.org>"
    assert message["Subject"] == "movierec: Confirm your e-mail address"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert mailbox.envelopes == [("films@example.org", ["Ann@example.org"], False)]
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    [link] = re.findall(r"^https://\S+", text, re.M)
    assert link.startswith("https://films.example.org/account/#verify_email=mro_")
    assert f'<a href="{link}">' in html
    token = link.partition("=")[2]
    assert (sent.body, sent.attempts, sent.error) == ("", 1, "")
    assert token not in str(db.rows("SELECT * FROM outbox")) + str(db.rows("SELECT * FROM one_time_tokens"))
    mailing.post("/api/v1/auth/verify_email/", {"token": token})


@pytest.mark.parametrize("mode", ["451 try later", "hang", "drop"])
def test_a_failed_delivery_is_retried_later_and_succeeds_once(
    mailing: RunningDaemon, mailbox: Mailbox, mode: str
) -> None:
    mailbox.mode = mode
    mailing.register()
    [waiting] = wait_until(failed_mails, what="a failed attempt")
    assert waiting.error
    assert waiting.body
    assert waiting.due_at > mailing.clock() + 3
    mailbox.mode = "accept"
    mailing.clock.advance(16)
    wait_until(in_state("sent"), what="sent")
    assert [entry.state for entry in db.run_with_retry(mail.outbox_entries)] == ["sent"]
    assert len(mailbox.mails) == 1


def test_delivery_is_retried_until_the_server_is_reachable(daemon_at: DaemonAt, mailbox: Mailbox) -> None:
    server = SmtpServer(mailbox)
    with server:
        port = server.port
    with daemon_at(port) as daemon:
        daemon.register()
        wait_until(failed_mails, what="a failed attempt")
        with server:
            daemon.clock.advance(16)
            wait_until(in_state("sent"), what="sent")


def test_retries_back_off_exponentially(database: Settings) -> None:
    settings, now = database.mail, 1000
    ann = auth.register(auth.NewAccount("ann", "ann@example.org"), "", now)
    outbox.enqueue(mail.MailKind.VERIFY, "", now, user_id=ann.id)
    mail.compose_all("https://films.example.org", settings, now)
    for seconds in (10, 20, 40):
        claimed = outbox.claim_mail(settings, now)
        assert claimed is not None
        retry.schedule_retry(claimed, "451 try later", now)
        [waiting] = mail.outbox_entries()
        assert seconds * 0.5 <= waiting.due_at - now <= seconds * 1.5
        assert outbox.claim_mail(settings, waiting.due_at - 1) is None
        now = waiting.due_at


def test_a_permanently_refused_recipient_or_mail_fails_at_once(
    mailing: RunningDaemon, mailbox: Mailbox
) -> None:
    mailbox.recipient_answer = "550 no such user"
    mailing.register()
    [failed] = wait_until(in_state("failed"), what="failed")
    assert "550" in failed.error
    assert failed.body, "an operator can pass the link on"
    mailbox.recipient_answer, mailbox.mode = "250 OK", "554 looks like spam"
    mailing.register()
    wait_until(lambda: len(in_state("failed")()) == 2, what="failed")
    assert mailbox.tries == 2


def test_a_mail_with_an_expired_link_fails_and_its_text_is_deleted(
    mailing: RunningDaemon, mailbox: Mailbox
) -> None:
    mailbox.mode = "451 try later"
    mailing.register()
    wait_until(failed_mails, what="a failed attempt")
    mailing.clock.advance(25 * 3600)
    [failed] = wait_until(in_state("failed"), what="failed")
    assert "451" in failed.error
    wait_until(lambda: db.value("SELECT COUNT(*) FROM outbox WHERE body = ''"), what="its text is gone")


def test_sent_mails_are_deleted_after_the_retention_period(mailing: RunningDaemon, mailbox: Mailbox) -> None:
    mailing.register()
    wait_until(in_state("sent"), what="sent")
    mailing.clock.advance(31 * 86_400)
    wait_until(lambda: not db.run_with_retry(mail.outbox_entries), what="deleted")
    wait_until(lambda: not db.rows("SELECT 1 FROM one_time_tokens"), what="deleted")


def test_a_wrong_smtp_password_is_retried(daemon_at: DaemonAt, mailbox: Mailbox) -> None:
    with SmtpServer(mailbox, login=True) as server:
        with daemon_at(server.port, username="films", password="wrong") as daemon:
            daemon.register()
            [waiting] = wait_until(failed_mails, what="a failed attempt")
            assert "535" in waiting.error
            assert "wrong" not in waiting.error
        with daemon_at(server.port, username="films", password="s3cret") as daemon:
            daemon.clock.advance(16)
            wait_until(in_state("sent"), what="sent")
    assert set(mailbox.logins) == {b"films"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its key, for 127.0.0.1."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl here to make a certificate")
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    key = path.with_name("key.pem")
    names = "subjectAltName=IP:127.0.0.1"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext"
    subprocess.run([*command.split(), names, "-keyout", key, "-out", path], check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_self_signed_certificate_is_rejected_unless_trusted(
    daemon_at: DaemonAt, mailbox: Mailbox, context: ssl.SSLContext, certificate: Path, security: str
) -> None:
    with SmtpServer(mailbox, tls=context, implicit=security == "tls") as server:
        with daemon_at(server.port, security=security) as daemon:
            daemon.register()
            [waiting] = wait_until(failed_mails, what="a failed attempt")
            assert "certificate" in waiting.error.lower()
            assert mailbox.tries == 0
        for number, trust in enumerate(({"verify_certificate": False}, {"ca_file": str(certificate)}), 1):
            with daemon_at(server.port, security=security, **trust) as daemon:
                daemon.clock.advance(16)
                daemon.register()
                wait_until(lambda n=number: len(mailbox.mails) == n + 1, what="sent")
    if security == "starttls":
        assert all(encrypted for _, _, encrypted in mailbox.envelopes)


def test_no_mail_is_sent_in_the_clear_where_starttls_is_set(daemon_at: DaemonAt, smtp: SmtpServer) -> None:
    with daemon_at(smtp.port, security="starttls") as daemon:
        daemon.register()
        wait_until(failed_mails, what="a failed attempt")
    assert smtp.mailbox.tries == 0


def test_a_hanging_server_does_not_delay_the_stop_of_the_daemon(
    daemon_at: DaemonAt, smtp: SmtpServer, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "STOP_SECONDS", 0.2)
    mailbox.mode = "hang"
    with daemon_at(smtp.port, timeout_seconds=60.0) as daemon:
        daemon.register()
        wait_until(lambda: mailbox.tries, what="an attempt")
    [entry] = db.run_with_retry(mail.outbox_entries)
    assert (entry.state, entry.error) == ("pending", ""), "the delivery was cancelled, it did not time out"


def test_an_expired_claim_cannot_record_an_outcome(database: Settings) -> None:
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
