"""How often somebody may try: counted in one table for all daemons, before the work is done."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from enum import Enum

from movierec import config, db
from movierec.errors import Throttled

MINUTE = 60
HOUR = 3600


class ThrottleScope(Enum):
    """Whose tries are added up."""

    ADDRESS = "address"
    ACCOUNT = "account"


@dataclass(frozen=True)
class ThrottleRule:
    """So many tries as the setting of the same name says, in each window."""

    per: ThrottleScope
    window_seconds: int


THROTTLE_RULES: dict[str, ThrottleRule] = {
    "login_per_account": ThrottleRule(ThrottleScope.ACCOUNT, 15 * MINUTE),
    "login_per_address": ThrottleRule(ThrottleScope.ADDRESS, 15 * MINUTE),
    # The password asked again of somebody signed in: apart, so that a throttled name cannot lock them out.
    "password": ThrottleRule(ThrottleScope.ACCOUNT, 15 * MINUTE),
    "register": ThrottleRule(ThrottleScope.ADDRESS, HOUR),
    "refresh": ThrottleRule(ThrottleScope.ADDRESS, 15 * MINUTE),
    "reset_per_account": ThrottleRule(ThrottleScope.ACCOUNT, HOUR),
    "reset_per_address": ThrottleRule(ThrottleScope.ADDRESS, HOUR),
    "search": ThrottleRule(ThrottleScope.ADDRESS, MINUTE),
    "posters": ThrottleRule(ThrottleScope.ADDRESS, MINUTE),
    "imports": ThrottleRule(ThrottleScope.ACCOUNT, HOUR),
    "exports": ThrottleRule(ThrottleScope.ACCOUNT, HOUR),
    "train": ThrottleRule(ThrottleScope.ACCOUNT, HOUR),
}


def count_attempt(settings: config.ThrottleSettings, act: str, who: str, now: int) -> None:
    """Count one try of `act` by `who`. Raises Throttled beyond the limit, whatever the try would come to.

    Not to be called inside a transaction: the count must stand also when the work fails.
    """
    allowed: int = getattr(settings, act)
    if not allowed:
        return
    found = db.row(
        "INSERT INTO throttle (key, count, ends_at) VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET "
        "count = CASE WHEN throttle.ends_at <= ? THEN 1 ELSE throttle.count + 1 END, "
        "ends_at = CASE WHEN throttle.ends_at <= ? THEN excluded.ends_at ELSE throttle.ends_at END "
        "RETURNING count, ends_at",
        throttle_key(act, who),
        now + THROTTLE_RULES[act].window_seconds,
        now,
        now,
    )
    assert found is not None
    count, ends_at = found
    if count > allowed:
        raise Throttled(retry_after_seconds=max(1, ends_at - now))


def throttle_key(act: str, who: str) -> str:
    """What is stored of `who`: people type passwords where a name is asked for."""
    return hashlib.sha256(f"{act}\n{who}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def address_key(address: str) -> str:
    """Whose tries an address counts as: an IPv6 network of 64 bits is one customer."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found), 64), strict=False))
    return str(found)


def delete_expired_windows(now: int) -> None:
    """Forget windows that have ended."""
    db.execute("DELETE FROM throttle WHERE ends_at <= ?", now)
