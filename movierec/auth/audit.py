"""The audit log of accounts: one row per event, written in the transaction of the event, without secrets."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from movierec import db
from movierec.durations import AUDIT_RETENTION_DAYS, ago


class AuditEvent(NamedTuple):
    """One event of `account`. `actor` is the account that caused it, empty where that is the same."""

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
    """Record an event of a user; None for an unknown one."""
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
    """Replace an account in all events by a random name, and delete the addresses."""
    pseudonym = f"deleted:{secrets.token_hex(8)}"
    name = _name(user_id)
    db.execute("UPDATE audit SET account = ?, address = '' WHERE account = ?", pseudonym, name)
    db.execute("UPDATE audit SET actor = ?, address = '' WHERE actor = ?", pseudonym, name)


def audit_events(limit: int) -> list[AuditEvent]:
    """Return the latest events, newest first."""
    rows = db.rows(
        "SELECT at, event, account, actor, address, detail FROM audit ORDER BY id DESC LIMIT ?", limit
    )
    return [AuditEvent._make(row) for row in rows]


def delete_expired_events(now: int) -> None:
    """Delete events older than the retention period."""
    db.execute("DELETE FROM audit WHERE at < ?", ago(now, days=AUDIT_RETENTION_DAYS))


def _name(user_id: int | None) -> str:
    return "" if user_id is None else f"user:{user_id}"
