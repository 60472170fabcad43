"""The record of what happened to accounts. One row an event, in the transaction of the act; no secrets."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from movierec import db

AUDIT_RETENTION_DAYS = 365


class AuditEvent(NamedTuple):
    """One event. `account` is whose, `actor` who did it where that is somebody else."""

    at: int
    event: str
    account: str
    actor: str
    address: str
    detail: str


def record_event(
    event: str,
    user_id: int | None,
    now: int,
    *,
    actor_id: int | None = None,
    address: str = "",
    detail: str = "",
) -> None:
    """Write down `event` of a user; None: of nobody known here."""
    db.execute(
        "INSERT INTO audit (at, event, account, actor, address, detail) VALUES (?, ?, ?, ?, ?, ?)",
        now,
        event,
        _name(user_id),
        "" if actor_id == user_id else _name(actor_id),
        address[:64],
        detail[:200],
    )


def pseudonymise(user_id: int) -> None:
    """Keep what happened, not to whom: from now on the account is a random name, without addresses."""
    pseudonym = f"deleted:{secrets.token_hex(8)}"
    name = _name(user_id)
    db.execute("UPDATE audit SET account = ?, address = '' WHERE account = ?", pseudonym, name)
    db.execute("UPDATE audit SET actor = ?, address = '' WHERE actor = ?", pseudonym, name)


def audit_events(limit: int) -> list[AuditEvent]:
    """The latest events, newest first."""
    found = db.rows(
        "SELECT at, event, account, actor, address, detail FROM audit ORDER BY id DESC LIMIT ?", limit
    )
    return [AuditEvent._make(row) for row in found]


def delete_expired_events(now: int) -> None:
    """Forget what is older than a year."""
    db.execute("DELETE FROM audit WHERE at < ?", now - AUDIT_RETENTION_DAYS * 86_400)


def _name(user_id: int | None) -> str:
    return "" if user_id is None else f"user:{user_id}"
