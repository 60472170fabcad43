"""Tokens that travel by mail: opaque, 256 bits, hashed at rest, used once, bound to user, purpose and epoch."""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import NamedTuple

from movierec import db
from movierec.auth.tokens import hash_token

PREFIX = "mro_"


class TokenPurpose(StrEnum):
    """What a token is good for, and for how long."""

    VERIFY = "verify_email"
    RESET = "password_reset"
    CHANGE = "change_email"

    @property
    def ttl_seconds(self) -> int:
        return 30 * 60 if self is TokenPurpose.RESET else 24 * 3600


class TokenHolder(NamedTuple):
    """Whom a token was given to; `email` is the address it was sent to."""

    user_id: int
    epoch: int
    email: str


# The token dies with the epoch it was made in, and with the account.
_STILL_GOOD = (
    "token_hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > ? AND auth_epoch = "
    "(SELECT users.auth_epoch FROM users WHERE users.id = one_time_tokens.user_id AND users.is_active)"
)


def issue_one_time_token(user_id: int, epoch: int, purpose: TokenPurpose, email: str, now: int) -> str:
    """A new token; the one before it for the same purpose is void. Call inside the transaction of the act."""
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
    """Whose token this is, if it could be used now; it stays unused."""
    found = db.row(
        f"SELECT user_id, auth_epoch, email FROM one_time_tokens WHERE {_STILL_GOOD}",
        hash_token(token),
        str(purpose),
        now,
    )
    return TokenHolder(*found) if found else None


def redeem(token: str, purpose: TokenPurpose, now: int) -> TokenHolder | None:
    """Use a token up. Of several who try at once the conditional UPDATE lets one through."""
    found = db.row(
        f"UPDATE one_time_tokens SET used_at = ? WHERE {_STILL_GOOD} RETURNING user_id, auth_epoch, email",
        now,
        hash_token(token),
        str(purpose),
        now,
    )
    return TokenHolder(*found) if found else None


def delete_expired_tokens(before: int) -> None:
    """Remove what nobody can use any more."""
    db.execute("DELETE FROM one_time_tokens WHERE expires_at < ?", before)
