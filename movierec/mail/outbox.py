"""The outbox: enqueue a mail, claim one for delivery, record the outcome."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from movierec import db
from movierec.config import MailSettings, ServerSettings
from movierec.mail.links import base_url
from movierec.mail.messages import MailKind, MailText
from movierec.mail.models import OutgoingMail

NEVER = 2**62
EXPIRED = "It could not be delivered before it lost its use."
REPLACED = "A newer mail took its place."


class MailRequest(NamedTuple):
    """An enqueued mail that is not composed yet."""

    id: int
    kind: MailKind
    user_id: int | None
    recipient: str
    about: str
    auth_epoch: int | None


class ClaimedMail(NamedTuple):
    """A mail that this daemon delivers until the lease ends."""

    id: int
    kind: str
    recipient: str
    text: MailText
    attempts: int
    created_at: int
    claim: str


class OutboxEntry(NamedTuple):
    """A mail as operators see it."""

    id: int
    kind: str
    recipient: str
    state: str
    attempts: int
    created_at: int
    due_at: int
    expires_at: int
    sent_at: int | None
    error: str
    subject: str
    body: str


class PendingWork(NamedTuple):
    """Kinds of pending work."""

    requested: bool
    due: bool
    expired: bool


def enqueue(
    kind: MailKind,
    recipient: str,
    now: int,
    *,
    user_id: int | None = None,
    auth_epoch: int | None = None,
    about: str = "",
) -> None:
    """Enqueue a mail. Call inside the transaction of its cause.

    Always one insert: the account of an address is looked up later, when the mail is composed, so that the duration
    of a request does not reveal if the address has an account.
    """
    OutgoingMail.create(
        user=user_id,
        kind=str(kind),
        recipient=recipient,
        about=about,
        auth_epoch=auth_epoch,
        state="requested",
        created_at=now,
        due_at=now,
        expires_at=NEVER,
    )


def enqueue_verification(server: ServerSettings, user_id: int, email: str, now: int) -> None:
    """Enqueue the mail that verifies an account's address, unless no links can be sent."""
    if base_url(server) is not None:
        enqueue(MailKind.VERIFY, email, now, user_id=user_id)


def pending_work(now: int) -> PendingWork:
    """Tell what the outbox has to do now."""
    row = db.row(
        "SELECT EXISTS(SELECT 1 FROM outbox WHERE state = 'requested'), "
        "EXISTS(SELECT 1 FROM outbox WHERE state = 'pending' AND due_at <= ?), "
        "EXISTS(SELECT 1 FROM outbox WHERE body <> '' AND expires_at <= ?)",
        now,
        now,
    )
    assert row is not None
    return PendingWork(*map(bool, row))


def _skip_locked() -> str:
    """Return the clause that skips rows claimed by another daemon. SQLite has one writer anyway."""
    return " FOR UPDATE SKIP LOCKED" if db.is_postgres() else ""


def claim_request() -> MailRequest | None:
    """Claim the oldest enqueued mail for this transaction; None where there is none."""
    row = db.row(
        "UPDATE outbox SET state = 'pending' WHERE state = 'requested' AND id = "
        f"(SELECT id FROM outbox WHERE state = 'requested' ORDER BY id LIMIT 1{_skip_locked()}) "
        "RETURNING id, kind, user_id, recipient, about, auth_epoch"
    )
    return MailRequest(row[0], MailKind(row[1]), *row[2:]) if row else None


def delete_mail(mail_id: int) -> None:
    """Delete a mail."""
    db.execute("DELETE FROM outbox WHERE id = ?", mail_id)


def store_text(
    request: MailRequest, user_id: int, recipient: str, text: MailText, now: int, expires_at: int
) -> None:
    """Store a composed mail, and cancel an unsent one of the same kind: its link is invalid now."""
    db.execute(
        "UPDATE outbox SET state = 'failed', body = '', error = ? "
        "WHERE user_id = ? AND kind = ? AND state = 'pending' AND id <> ?",
        REPLACED,
        user_id,
        str(request.kind),
        request.id,
    )
    db.execute(
        "UPDATE outbox SET user_id = ?, recipient = ?, subject = ?, body = ?, due_at = ?, expires_at = ? "
        "WHERE id = ?",
        user_id,
        recipient,
        text.subject,
        text.body,
        now,
        expires_at,
        request.id,
    )


def claim_mail(settings: MailSettings, now: int) -> ClaimedMail | None:
    """Claim a mail that is due. The lease outlasts any delivery, so no other daemon sends it meanwhile."""
    claim_id = secrets.token_hex(8)
    row = db.row(
        "UPDATE outbox SET attempts = attempts + 1, claim = ?, due_at = ? "
        "WHERE state = 'pending' AND due_at <= ? AND id = "
        "(SELECT id FROM outbox WHERE state = 'pending' AND due_at <= ? AND expires_at > ? "
        f"ORDER BY due_at, id LIMIT 1{_skip_locked()}) "
        "RETURNING id, kind, recipient, subject, body, attempts, created_at",
        claim_id,
        now + lease_seconds(settings),
        now,
        now,
        now,
    )
    if row is None:
        return None
    mail_id, kind, recipient, subject, body, attempts, created_at = row
    return ClaimedMail(mail_id, kind, recipient, MailText(subject, body), attempts, created_at, claim_id)


def lease_seconds(settings: MailSettings) -> int:
    """Return the duration of a claim."""
    return 5 + round(3 * settings.timeout_seconds)


def mark_sent(mail: ClaimedMail, now: int) -> None:
    """Record a delivery, and delete the text with its token."""
    db.execute(
        "UPDATE outbox SET state = 'sent', sent_at = ?, body = '', error = '' WHERE id = ? AND claim = ?",
        now,
        mail.id,
        mail.claim,
    )


def mark_failed(mail: ClaimedMail, error: str) -> None:
    """Record that a mail will never be accepted. The text stays until it expires, for an operator to pass on."""
    db.execute(
        "UPDATE outbox SET state = 'failed', error = ? WHERE id = ? AND claim = ? AND state = 'pending'",
        error,
        mail.id,
        mail.claim,
    )


def fail_expired(now: int) -> int:
    """Fail mails that have expired, and delete their texts. Return the number of mails that were still waiting."""
    waiting = db.execute(
        "UPDATE outbox SET state = 'failed', error = CASE error WHEN '' THEN ? ELSE error END "
        "WHERE state = 'pending' AND expires_at <= ?",
        EXPIRED,
        now,
    ).rowcount
    db.execute("UPDATE outbox SET body = '' WHERE body <> '' AND expires_at <= ?", now)
    return int(waiting)


def delete_expired_mails(before: int) -> None:
    """Delete mails from before a time that were sent, failed or never composed."""
    db.execute("DELETE FROM outbox WHERE state <> 'pending' AND created_at < ?", before)


def pending_count() -> int:
    """Count the mails that wait to be delivered."""
    return int(db.value("SELECT COUNT(*) FROM outbox WHERE state IN ('requested', 'pending')"))


_COLUMNS = ", ".join(OutboxEntry._fields)


def outbox_entries(limit: int = 100) -> list[OutboxEntry]:
    """Return the newest mails, newest first."""
    return [
        OutboxEntry(*row) for row in db.rows(f"SELECT {_COLUMNS} FROM outbox ORDER BY id DESC LIMIT ?", limit)
    ]


def outbox_entry(mail_id: int) -> OutboxEntry | None:
    """Return one mail, or None."""
    row = db.row(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", mail_id)
    return OutboxEntry(*row) if row else None
