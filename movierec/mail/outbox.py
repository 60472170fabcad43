"""The outbox: asking for a mail, taking one up for delivery, and what became of it."""

from __future__ import annotations

import random
import secrets
from typing import Any, NamedTuple

from movierec import db
from movierec.config import MailSettings, ServerSettings
from movierec.mail.links import base_url
from movierec.mail.messages import MailKind, MailText
from movierec.mail.models import OutgoingMail

DAY_SECONDS = 86_400
FIRST_RETRY_SECONDS = 10
MAXIMUM_RETRY_SECONDS = 3600

NEVER = 2**62
EXPIRED = "It could not be delivered before it lost its use."
REPLACED = "A newer mail took its place."


class MailRequest(NamedTuple):
    """A mail that was asked for and is not written yet."""

    id: int
    kind: MailKind
    user_id: int | None
    recipient: str
    about: str
    auth_epoch: int | None


class ClaimedMail(NamedTuple):
    """A mail that is ours to deliver until its lease ends."""

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
    """What there is to do."""

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
    """Have a mail written and sent. Call inside the transaction of the act.

    One insert whoever the recipient is: whether an address belongs to anybody is looked up when the mail is
    written, so that the time of a request does not tell.
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
    """Have the link sent that confirms an account's address, where links can be sent at all."""
    if base_url(server) is not None:
        enqueue(MailKind.VERIFY, email, now, user_id=user_id)


def pending_work(now: int) -> PendingWork:
    found = db.row(
        "SELECT EXISTS(SELECT 1 FROM outbox WHERE state = 'requested'), "
        "EXISTS(SELECT 1 FROM outbox WHERE state = 'pending' AND due_at <= ?), "
        "EXISTS(SELECT 1 FROM outbox WHERE body <> '' AND expires_at <= ?)",
        now,
        now,
    )
    assert found is not None
    return PendingWork(*map(bool, found))


def _unlocked() -> str:
    """Daemons on PostgreSQL pass by what another one has in hand. SQLite has one writer anyway."""
    return " FOR UPDATE SKIP LOCKED" if db.is_postgres() else ""


def claim_request() -> MailRequest | None:
    """The oldest mail not written yet, ours for this transaction."""
    found = db.row(
        "UPDATE outbox SET state = 'pending' WHERE state = 'requested' AND id = "
        f"(SELECT id FROM outbox WHERE state = 'requested' ORDER BY id LIMIT 1{_unlocked()}) "
        "RETURNING id, kind, user_id, recipient, about, auth_epoch"
    )
    return MailRequest(found[0], MailKind(found[1]), *found[2:]) if found else None


def delete_mail(mail_id: int) -> None:
    db.execute("DELETE FROM outbox WHERE id = ?", mail_id)


def store_text(
    request: MailRequest, user_id: int, recipient: str, text: MailText, now: int, expires_at: int
) -> None:
    """Store a written mail. An unsent one of the same kind holds a dead link now: it is not sent any more."""
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
    """Take up a mail that is due. Nobody else does until the lease ends, which is longer than any delivery."""
    ours = secrets.token_hex(8)
    found = db.row(
        "UPDATE outbox SET attempts = attempts + 1, claim = ?, due_at = ? "
        "WHERE state = 'pending' AND due_at <= ? AND id = "
        "(SELECT id FROM outbox WHERE state = 'pending' AND due_at <= ? AND expires_at > ? "
        f"ORDER BY due_at, id LIMIT 1{_unlocked()}) "
        "RETURNING id, kind, recipient, subject, body, attempts, created_at",
        ours,
        now + lease_seconds(settings),
        now,
        now,
        now,
    )
    if found is None:
        return None
    mail_id, kind, recipient, subject, body, attempts, created_at = found
    return ClaimedMail(mail_id, kind, recipient, MailText(subject, body), attempts, created_at, ours)


def lease_seconds(settings: MailSettings) -> int:
    return 5 + round(3 * settings.timeout_seconds)


def mark_sent(mail: ClaimedMail, now: int) -> None:
    """Delivered: its text, with the token in it, is gone."""
    db.execute(
        "UPDATE outbox SET state = 'sent', sent_at = ?, body = '', error = '' WHERE id = ? AND claim = ?",
        now,
        mail.id,
        mail.claim,
    )


def schedule_retry(mail: ClaimedMail, error: str, now: int) -> None:
    """Try again later: twice as late each time, give or take a half, so that daemons do not try in step."""
    seconds = min(MAXIMUM_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** min(mail.attempts - 1, 20))
    db.execute(
        "UPDATE outbox SET due_at = ?, error = ? WHERE id = ? AND claim = ? AND state = 'pending'",
        now + max(1, round(seconds * random.uniform(0.5, 1.5))),
        error,
        mail.id,
        mail.claim,
    )


def mark_failed(mail: ClaimedMail, error: str) -> None:
    """It will never be accepted. The text stays, for an operator to pass on, as long as it is of use."""
    db.execute(
        "UPDATE outbox SET state = 'failed', error = ? WHERE id = ? AND claim = ? AND state = 'pending'",
        error,
        mail.id,
        mail.claim,
    )


def fail_expired(now: int) -> int:
    """Give up on mails that have lost their use, and remove their texts. Returns how many were waiting."""
    waiting = db.execute(
        "UPDATE outbox SET state = 'failed', error = CASE error WHEN '' THEN ? ELSE error END "
        "WHERE state = 'pending' AND expires_at <= ?",
        EXPIRED,
        now,
    ).rowcount
    db.execute("UPDATE outbox SET body = '' WHERE body <> '' AND expires_at <= ?", now)
    return int(waiting)


def delete_expired_mails(before: int) -> None:
    """Remove what was sent, given up or never could be written long ago."""
    db.execute("DELETE FROM outbox WHERE state <> 'pending' AND created_at < ?", before)


def pending_count() -> int:
    """How many mails wait to be delivered."""
    return int(db.value("SELECT COUNT(*) FROM outbox WHERE state IN ('requested', 'pending')"))


_COLUMNS = ", ".join(OutboxEntry._fields)


def outbox_entries(limit: int = 100) -> list[OutboxEntry]:
    """The newest mails, newest first."""
    return [
        OutboxEntry(*row) for row in db.rows(f"SELECT {_COLUMNS} FROM outbox ORDER BY id DESC LIMIT ?", limit)
    ]


def outbox_entry(mail_id: int) -> OutboxEntry | None:
    found: tuple[Any, ...] | None = db.row(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", mail_id)
    return OutboxEntry(*found) if found else None
