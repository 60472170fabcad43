"""What a mailed token does: confirms an address, replaces a forgotten password, changes the address."""

from __future__ import annotations

from typing import NamedTuple

import peewee

from movierec import db
from movierec.auth import names, one_time_tokens, sessions
from movierec.auth.one_time_tokens import TokenHolder, TokenPurpose
from movierec.errors import Conflict, FieldError, TokenInvalid, ValidationFailed

UNUSABLE_LINK = "This link has expired, was used before, or belongs to something else. Ask for a new one."


class MailRecipient(NamedTuple):
    """An active account, as mail needs to know it."""

    user_id: int
    username: str
    email: str
    is_verified: bool
    epoch: int


class EmailChange(NamedTuple):
    user_id: int
    old: str
    new: str


def canonical_email(email: str) -> str:
    """The canonical form of `email`. Raises ValidationFailed unless it is one plain address; looks nothing up."""
    return names.email_key(email)


def recipient_by_id(user_id: int) -> MailRecipient | None:
    return _addressee("id", user_id)


def recipient_by_email(email: str) -> MailRecipient | None:
    """The active account with this address, however it is written."""
    try:
        return _addressee("email_key", names.email_key(email))
    except ValidationFailed:
        return None


def _addressee(column: str, wanted: int | str) -> MailRecipient | None:
    found = db.row(
        f"SELECT id, username, email, is_verified, auth_epoch FROM users WHERE {column} = ? AND is_active",
        wanted,
    )
    return MailRecipient(found[0], found[1], found[2], bool(found[3]), found[4]) if found else None


def is_email_taken(email: str) -> bool:
    return db.value("SELECT 1 FROM users WHERE email_key = ?", names.email_key(email)) is not None


def verify_email(token: str, now: int) -> None:
    """Confirm the address a token was sent to. Raises TokenInvalid."""
    with db.write():
        holder = _redeemed(token, TokenPurpose.VERIFY, now)
        _change_or_dead(
            "UPDATE users SET is_verified = ? WHERE id = ? AND auth_epoch = ? AND email = ? RETURNING id",
            True,
            holder.user_id,
            holder.epoch,
            holder.email,
        )


def reset_token_owner(token: str, now: int) -> MailRecipient:
    """Who may set a new password with this token, which stays unused. Raises TokenInvalid."""
    holder = one_time_tokens.holder_of(token, TokenPurpose.RESET, now)
    owner = recipient_by_id(holder.user_id) if holder else None
    if owner is None:
        raise TokenInvalid(UNUSABLE_LINK)
    return owner


def reset_password(token: str, password_hash: str, now: int) -> MailRecipient:
    """Replace the password; every session and every other mailed token is dead. Raises TokenInvalid."""
    with db.write():
        holder = _redeemed(token, TokenPurpose.RESET, now)
        _change_or_dead(
            "UPDATE users SET password_hash = ?, auth_epoch = auth_epoch + 1 "
            "WHERE id = ? AND auth_epoch = ? AND is_active RETURNING id",
            password_hash,
            holder.user_id,
            holder.epoch,
        )
        sessions.revoke_all_sessions(holder.user_id, now)
        owner = recipient_by_id(holder.user_id)
        assert owner is not None
        return owner


def change_email(token: str, now: int) -> EmailChange:
    """Make the address a token was sent to the account's. Every session ends.

    Raises TokenInvalid, or Conflict if somebody registered with the address meanwhile.
    """
    try:
        with db.write():
            holder = _redeemed(token, TokenPurpose.CHANGE, now)
            old = db.value("SELECT email FROM users WHERE id = ?", holder.user_id)
            _change_or_dead(
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


def _redeemed(token: str, purpose: TokenPurpose, now: int) -> TokenHolder:
    holder = one_time_tokens.redeem(token, purpose, now)
    if holder is None:
        raise TokenInvalid(UNUSABLE_LINK)
    return holder


def _change_or_dead(statement: str, *params: object) -> None:
    """Change the account; if its epoch rose since the token was read, the token is dead."""
    if db.row(statement, *params) is None:
        raise TokenInvalid(UNUSABLE_LINK)
