"""Personal tokens for scripts: named, scoped, stored hashed, revocable at any time."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from movierec import db
from movierec.auth import audit, tokens
from movierec.auth.sessions import Principal
from movierec.durations import age_seconds
from movierec.errors import Conflict, NotFound, TokenExpired, TokenInvalid

MAXIMUM_TOKENS = 50
# Shortest time between two writes of `last_used_at`.
USE_RECORD_SECONDS = 60


class PersonalToken(NamedTuple):
    """A token as its owner sees it: without the secret, which only `create_personal_token` returns."""

    id: int
    name: str
    scopes: list[str]
    created_at: int
    expires_at: int | None
    last_used_at: int | None


_COLUMNS = "id, name, scopes, created_at, expires_at, last_used_at"


def create_personal_token(
    user_id: int, name: str, scopes: Collection[str], expires_at: int | None, now: int
) -> tuple[PersonalToken, str]:
    """Create a token and return it with its secret. A new password, role or sign-out everywhere revokes it."""
    secret = tokens.new_personal_token()
    with db.write():
        if db.value("SELECT COUNT(*) FROM personal_tokens WHERE user_id = ?", user_id) >= MAXIMUM_TOKENS:
            raise Conflict(f"You have {MAXIMUM_TOKENS} tokens already. Delete one first.")
        row = db.row(
            "INSERT INTO personal_tokens (user_id, name, token_hash, scopes, epoch, created_at, expires_at) "
            f"SELECT id, ?, ?, ?, auth_epoch, ?, ? FROM users WHERE id = ? RETURNING {_COLUMNS}",
            name,
            tokens.hash_token(secret),
            " ".join(sorted(set(scopes))),
            now,
            expires_at,
            user_id,
        )
        if row is None:
            raise TokenInvalid()
        token = _token(row)
        audit.record_event(
            "token_created", user_id, now, detail=f"token {token.id}: {' '.join(token.scopes)}"
        )
    return token, secret


def personal_tokens_of(user_id: int) -> list[PersonalToken]:
    """Return the valid tokens of a user, newest first."""
    rows = db.rows(
        f"SELECT {_COLUMNS} FROM personal_tokens WHERE user_id = ? "
        "AND epoch = (SELECT auth_epoch FROM users WHERE users.id = user_id) ORDER BY id DESC",
        user_id,
    )
    return [_token(row) for row in rows]


def delete_personal_token(user_id: int, token_id: int, now: int) -> None:
    """Delete one of the user's own tokens. Raises NotFound."""
    with db.write():
        deleted = db.execute("DELETE FROM personal_tokens WHERE id = ? AND user_id = ?", token_id, user_id)
        if not deleted.rowcount:
            raise NotFound()
        audit.record_event("token_deleted", user_id, now, detail=f"token {token_id}")


def authenticate_personal(token: str, now: int) -> Principal:
    """Return the user and scopes of a personal token, in one query. Raises TokenInvalid or TokenExpired."""
    row = db.row(
        "SELECT user_id, username, is_staff, scopes, personal_tokens.id, expires_at, last_used_at "
        "FROM personal_tokens JOIN users ON users.id = user_id "
        "WHERE token_hash = ? AND is_active AND auth_epoch = epoch",
        tokens.hash_token(token),
    )
    if row is None:
        raise TokenInvalid()
    user_id, username, is_staff, scopes, token_id, expires_at, last_used_at = row
    if expires_at is not None and expires_at <= now:
        raise TokenExpired("The personal token has expired. Make a new one.")
    return Principal(
        user_id,
        None,
        username,
        bool(is_staff),
        frozenset(scopes.split()),
        token_id,
        last_use_is_outdated=last_used_at is None or age_seconds(last_used_at, now) >= USE_RECORD_SECONDS,
    )


def record_token_use(token_id: int, now: int) -> None:
    """Store the time of a token's last use."""
    db.execute("UPDATE personal_tokens SET last_used_at = ? WHERE id = ?", now, token_id)


def _token(row: db.Row) -> PersonalToken:
    return PersonalToken(row[0], row[1], row[2].split(), *row[3:])
