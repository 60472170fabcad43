"""One-time tokens sent by mail: opaque, 256 bits, stored hashed, bound to user, purpose and epoch."""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import NamedTuple

from movierec import db
from movierec.auth.tokens import hash_token
from movierec.durations import HOUR_SECONDS, MINUTE_SECONDS

PREFIX = "mro_"


class TokenPurpose(StrEnum):
    """Purpose of a token; determines its lifetime."""

    VERIFY = "verify_email"
    RESET = "password_reset"
    CHANGE = "change_email"

    @property
    def ttl_seconds(self) -> int:
        return 30 * MINUTE_SECONDS if self is TokenPurpose.RESET else 24 * HOUR_SECONDS


class TokenHolder(NamedTuple):
    """The user that a token was issued to; `email` is the address it was sent to."""

    user_id: int
    epoch: int
    email: str


# The token becomes invalid when the epoch of its creation ends or the account is disabled.
_IS_VALID = (
    "token_hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > ? AND auth_epoch = "
    "(SELECT users.auth_epoch FROM users WHERE users.id = one_time_tokens.user_id AND users.is_active)"
)


def issue_one_time_token(user_id: int, epoch: int, purpose: TokenPurpose, email: str, now: int) -> str:
    """Issue a token and invalidate the previous one of the same purpose. Call inside a transaction."""
    token = PREFIX + secrets.token_urlsafe(32)
    db.execute(
        "INSERT INTO one_time_tokens (user_id, purpose, token_hash, auth_epoch, email, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, purpose) DO UPDATE SET "
        "token_hash = excluded.token_hash, auth_epoch = excluded.auth_epoch, email = excluded.email, "
        "expires_at = excluded.expires_at, used_at = NULL",
        user_id,
        str(purpose),
        hash_token(token),
        epoch,
        email,
        now + purpose.ttl_seconds,
    )
    return token


def holder_of(token: str, purpose: TokenPurpose, now: int) -> TokenHolder | None:
    """Return the holder of a valid token without using it; None where it is invalid."""
    row = db.row(
        f"SELECT user_id, auth_epoch, email FROM one_time_tokens WHERE {_IS_VALID}",
        hash_token(token),
        str(purpose),
        now,
    )
    return TokenHolder(*row) if row else None


def redeem(token: str, purpose: TokenPurpose, now: int) -> TokenHolder | None:
    """Use a token and return its holder; None where it is invalid. A conditional UPDATE decides a race."""
    row = db.row(
        f"UPDATE one_time_tokens SET used_at = ? WHERE {_IS_VALID} RETURNING user_id, auth_epoch, email",
        now,
        hash_token(token),
        str(purpose),
        now,
    )
    return TokenHolder(*row) if row else None


def delete_expired_tokens(before: int) -> None:
    """Delete tokens that expired before a time."""
    db.execute("DELETE FROM one_time_tokens WHERE expires_at < ?", before)
