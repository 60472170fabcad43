"""Account recovery by mailed tokens: confirm an address, reset a password, change the address."""

from __future__ import annotations

from typing import NamedTuple

import peewee

from movierec import db
from movierec.auth import names, one_time_tokens, sessions
from movierec.auth.one_time_tokens import TokenHolder, TokenPurpose
from movierec.errors import Conflict, FieldError, TokenInvalid, ValidationFailed

UNUSABLE_LINK = "This link has expired, was used before, or belongs to something else. Ask for a new one."


class MailRecipient(NamedTuple):
    """An active account with the fields that mail needs."""

    user_id: int
    username: str
    email: str
    is_verified: bool
    epoch: int


class EmailChange(NamedTuple):
    """The addresses before and after a change."""

    user_id: int
    old: str
    new: str


def canonical_email(email: str) -> str:
    """Return the canonical form of one plain address, without a query. Raises ValidationFailed."""
    return names.email_key(email)


def recipient_by_id(user_id: int) -> MailRecipient | None:
    """Return the active account with this id; None where there is none."""
    return _recipient("id", user_id)


def recipient_by_email(email: str) -> MailRecipient | None:
    """Return the active account with this address in any spelling; None where there is none."""
    try:
        return _recipient("email_key", names.email_key(email))
    except ValidationFailed:
        return None


def _recipient(column: str, key: int | str) -> MailRecipient | None:
    row = db.row(
        f"SELECT id, username, email, is_verified, auth_epoch FROM users WHERE {column} = ? AND is_active",
        key,
    )
    return MailRecipient(row[0], row[1], row[2], bool(row[3]), row[4]) if row else None


def is_email_taken(email: str) -> bool:
    """Tell if an account has this address."""
    return db.value("SELECT 1 FROM users WHERE email_key = ?", names.email_key(email)) is not None


def verify_email(token: str, now: int) -> None:
    """Mark the address that a token was sent to as verified. Raises TokenInvalid."""
    with db.write():
        holder = _redeem(token, TokenPurpose.VERIFY, now)
        _update_or_invalid(
            "UPDATE users SET is_verified = ? WHERE id = ? AND auth_epoch = ? AND email = ? RETURNING id",
            True,
            holder.user_id,
            holder.epoch,
            holder.email,
        )


def reset_token_owner(token: str, now: int) -> MailRecipient:
    """Return the account whose password a token can reset, without using it. Raises TokenInvalid."""
    holder = one_time_tokens.holder_of(token, TokenPurpose.RESET, now)
    account = recipient_by_id(holder.user_id) if holder else None
    if account is None:
        raise TokenInvalid(UNUSABLE_LINK)
    return account


def reset_password(token: str, password_hash: str, now: int) -> MailRecipient:
    """Replace the password, revoke all sessions and invalidate all other mailed tokens. Raises TokenInvalid."""
    with db.write():
        holder = _redeem(token, TokenPurpose.RESET, now)
        _update_or_invalid(
            "UPDATE users SET password_hash = ?, auth_epoch = auth_epoch + 1 "
            "WHERE id = ? AND auth_epoch = ? AND is_active RETURNING id",
            password_hash,
            holder.user_id,
            holder.epoch,
        )
        sessions.revoke_all_sessions(holder.user_id, now)
        account = recipient_by_id(holder.user_id)
        assert account is not None
        return account


def change_email(token: str, now: int) -> EmailChange:
    """Set the address of an account to the one that the token was sent to, and revoke all sessions.

    Raises TokenInvalid, or Conflict where another account registered with the address meanwhile.
    """
    try:
        with db.write():
            holder = _redeem(token, TokenPurpose.CHANGE, now)
            old = db.value("SELECT email FROM users WHERE id = ?", holder.user_id)
            _update_or_invalid(
                "UPDATE users SET email = ?, email_key = ?, is_verified = ?, auth_epoch = auth_epoch + 1 "
                "WHERE id = ? AND auth_epoch = ? AND is_active RETURNING id",
                holder.email,
                names.email_key(holder.email),
                True,
                holder.user_id,
                holder.epoch,
            )
            sessions.revoke_all_sessions(holder.user_id, now)
            return EmailChange(holder.user_id, old, holder.email)
    except peewee.IntegrityError as error:
        message = "This e-mail address is taken."
        raise Conflict(message, errors=[FieldError("email", message)]) from error


def _redeem(token: str, purpose: TokenPurpose, now: int) -> TokenHolder:
    holder = one_time_tokens.redeem(token, purpose, now)
    if holder is None:
        raise TokenInvalid(UNUSABLE_LINK)
    return holder


def _update_or_invalid(statement: str, *params: object) -> None:
    """Update the account. Raises TokenInvalid where its epoch rose since the token was read."""
    if db.row(statement, *params) is None:
        raise TokenInvalid(UNUSABLE_LINK)
