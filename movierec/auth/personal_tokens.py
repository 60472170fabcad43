"""Personal tokens: what a user's scripts sign in with. Named, scoped, hashed, ended at any time."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from movierec import db
from movierec.auth import audit, tokens
from movierec.auth.sessions import Principal
from movierec.errors import Conflict, NotFound, TokenExpired, TokenInvalid

MAXIMUM_TOKENS = 50
# A use is written down once a minute at most.
USE_RECORD_SECONDS = 60


class PersonalToken(NamedTuple):
    """A token as its owner sees it: without its secret, which only `make_token` tells."""

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
    """A new token and its secret. A new password, a change of role or signing out everywhere end it."""
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
        made = _token(row)
        audit.record_event("token_created", user_id, now, detail=f"token {made.id}: {' '.join(made.scopes)}")
    return made, secret


def personal_tokens_of(user_id: int) -> list[PersonalToken]:
    """The tokens of a user, newest first; those that a new password ended are gone."""
    found = db.rows(
        f"SELECT {_COLUMNS} FROM personal_tokens WHERE user_id = ? "
        "AND epoch = (SELECT auth_epoch FROM users WHERE users.id = user_id) ORDER BY id DESC",
        user_id,
    )
    return [_token(row) for row in found]


def delete_personal_token(user_id: int, token_id: int, now: int) -> None:
    """End one of the user's own tokens. Raises NotFound."""
    with db.write():
        deleted = db.execute("DELETE FROM personal_tokens WHERE id = ? AND user_id = ?", token_id, user_id)
        if not deleted.rowcount:
            raise NotFound()
        audit.record_event("token_deleted", user_id, now, detail=f"token {token_id}")


def authenticate_personal(token: str, now: int) -> Principal:
    """Who a personal token speaks for, and what it may do. One query. Raises TokenInvalid or TokenExpired."""
    found = db.row(
        "SELECT user_id, username, is_staff, scopes, personal_tokens.id, expires_at, last_used_at "
        "FROM personal_tokens JOIN users ON users.id = user_id "
        "WHERE token_hash = ? AND is_active AND auth_epoch = epoch",
        tokens.hash_token(token),
    )
    if found is None:
        raise TokenInvalid()
    user_id, username, is_staff, scopes, token_id, expires_at, last_used_at = found
    if expires_at is not None and expires_at <= now:
        raise TokenExpired("The personal token has expired. Make a new one.")
    return Principal(
        user_id,
        None,
        username,
        bool(is_staff),
        frozenset(scopes.split()),
        token_id,
        use_is_news=last_used_at is None or last_used_at + USE_RECORD_SECONDS <= now,
    )


def record_token_use(token_id: int, now: int) -> None:
    db.execute("UPDATE personal_tokens SET last_used_at = ? WHERE id = ?", now, token_id)


def _token(row: db.Row) -> PersonalToken:
    return PersonalToken(row[0], row[1], row[2].split(), *row[3:])
