"""Rate limits: attempts are counted in one table for all daemons, before the work is done."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from enum import Enum

from movierec import config, db
from movierec.durations import HOUR_SECONDS, MINUTE_SECONDS
from movierec.errors import Throttled


class ThrottleScope(Enum):
    """The subject whose attempts are counted."""

    ADDRESS = "address"
    ACCOUNT = "account"


@dataclass(frozen=True)
class ThrottleRule:
    """Length of the window in which the setting of the same name limits the attempts."""

    per: ThrottleScope
    window_seconds: int


THROTTLE_RULES: dict[str, ThrottleRule] = {
    "login_per_account": ThrottleRule(ThrottleScope.ACCOUNT, 15 * MINUTE_SECONDS),
    "login_per_address": ThrottleRule(ThrottleScope.ADDRESS, 15 * MINUTE_SECONDS),
    # Repeated password of a signed-in user: a separate counter, so that a throttled name cannot lock them out.
    "password": ThrottleRule(ThrottleScope.ACCOUNT, 15 * MINUTE_SECONDS),
    "register": ThrottleRule(ThrottleScope.ADDRESS, HOUR_SECONDS),
    "refresh": ThrottleRule(ThrottleScope.ADDRESS, 15 * MINUTE_SECONDS),
    "token_checks": ThrottleRule(ThrottleScope.ADDRESS, 15 * MINUTE_SECONDS),
    "mailed_tokens": ThrottleRule(ThrottleScope.ADDRESS, 15 * MINUTE_SECONDS),
    "reset_per_account": ThrottleRule(ThrottleScope.ACCOUNT, HOUR_SECONDS),
    "reset_per_address": ThrottleRule(ThrottleScope.ADDRESS, HOUR_SECONDS),
    "search": ThrottleRule(ThrottleScope.ADDRESS, MINUTE_SECONDS),
    "posters": ThrottleRule(ThrottleScope.ADDRESS, MINUTE_SECONDS),
    "imports": ThrottleRule(ThrottleScope.ACCOUNT, HOUR_SECONDS),
    "exports": ThrottleRule(ThrottleScope.ACCOUNT, HOUR_SECONDS),
    "train": ThrottleRule(ThrottleScope.ACCOUNT, HOUR_SECONDS),
}


def count_attempt(settings: config.ThrottleSettings, action: str, subject: str, now: int) -> None:
    """Count one attempt at `action` by `subject`. Raises Throttled beyond the limit, whatever its outcome.

    Do not call it inside a transaction: the count must remain when the work fails.
    """
    limit: int = getattr(settings, action)
    if not limit:
        return
    row = db.row(
        "INSERT INTO throttle (key, count, ends_at) VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET "
        "count = CASE WHEN throttle.ends_at <= ? THEN 1 ELSE throttle.count + 1 END, "
        "ends_at = CASE WHEN throttle.ends_at <= ? THEN excluded.ends_at ELSE throttle.ends_at END "
        "RETURNING count, ends_at",
        throttle_key(action, subject),
        now + THROTTLE_RULES[action].window_seconds,
        now,
        now,
    )
    assert row is not None
    count, ends_at = row
    if count > limit:
        raise Throttled(retry_after_seconds=max(1, ends_at - now))


def throttle_key(action: str, subject: str) -> str:
    """Hash the subject of a counter: people type passwords into name fields, so no name is stored."""
    return hashlib.sha256(f"{action}\n{subject}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def address_key(address: str) -> str:
    """Return the subject of an address: an IPv6 network of 64 bits is one customer."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)


def delete_expired_windows(now: int) -> None:
    """Delete windows that have ended."""
    db.execute("DELETE FROM throttle WHERE ends_at <= ?", now)
