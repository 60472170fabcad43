"""Sessions: start, authenticate, rotate refresh tokens with reuse detection, revoke."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from movierec import db
from movierec.auth import audit, tokens
from movierec.auth.keys import SigningKeys
from movierec.auth.tokens import AccessClaims
from movierec.config import AuthSettings
from movierec.durations import DAY_SECONDS, MINUTE_SECONDS, SESSION_RETENTION_DAYS, age_seconds, ago
from movierec.errors import NotFound, TokenInvalid

# Grace period for a repeated refresh, after a lost response or by a second process of the same user.
REPEAT_SECONDS = 10

ALL_SCOPES = frozenset({"read", "write"})


class Principal(NamedTuple):
    """The authenticated caller: by a session, or by a personal token, which `scopes` may limit."""

    user_id: int
    session_id: int | None
    username: str
    is_staff: bool
    scopes: frozenset[str] = ALL_SCOPES
    token_id: int | None = None
    # The stored last use of the personal token is out of date.
    last_use_is_outdated: bool = False


class LiveSession(NamedTuple):
    """A session as its owner sees it."""

    id: int
    label: str
    created_at: int
    last_used_at: int


@dataclass(frozen=True)
class TokenPair:
    """An access token and the refresh token that follows it."""

    access: str
    refresh: str

    def as_json(self) -> dict[str, str]:
        return {"access": self.access, "refresh": self.refresh}


class Rotation(Enum):
    """Outcome of a refresh; a label of the metrics."""

    ROTATED = "rotated"
    REPEATED = "repeated"
    REUSED = "reused"
    REFUSED = "refused"


def authenticate(claims: AccessClaims, now: int) -> Principal:
    """Return the caller that `claims` name, in one query. Raises TokenInvalid where their session has ended."""
    row = db.row(
        "SELECT users.username, users.is_staff FROM sessions JOIN users ON users.id = sessions.user_id "
        "WHERE sessions.id = ? AND users.id = ? AND sessions.revoked_at IS NULL AND sessions.expires_at > ? "
        "AND users.is_active AND users.auth_epoch = ?",
        claims.session_id,
        claims.user_id,
        now,
        claims.epoch,
    )
    if row is None:
        raise TokenInvalid()
    return Principal(claims.user_id, claims.session_id, row[0], bool(row[1]))


def start_session(
    keys: SigningKeys, settings: AuthSettings, user_id: int, epoch: int, label: str, now: int
) -> TokenPair:
    """Create a session with its first tokens. Call inside a transaction."""
    expires = now + settings.refresh_absolute_days * DAY_SECONDS
    session_id = db.value(
        "INSERT INTO sessions (user_id, label, created_at, last_used_at, expires_at) VALUES (?, ?, ?, ?, ?) "
        "RETURNING id",
        user_id,
        label[:200],
        now,
        now,
        expires,
    )
    refresh = tokens.new_refresh_token()
    _store_refresh_token(refresh, session_id, now)
    return TokenPair(_access_token(keys, settings, AccessClaims(user_id, session_id, epoch), now), refresh)


def rotate_refresh_token(
    keys: SigningKeys, settings: AuthSettings, refresh: str, now: int
) -> tuple[Rotation, TokenPair | None]:
    """Rotate a refresh token: return the outcome and, if it was rotated or repeated, the next pair.

    The conditional UPDATE decides a race. The outcome is returned, not raised: an exception would roll back the
    revocation of a stolen token family.
    """
    if not tokens.is_refresh_token(refresh):
        return Rotation.REFUSED, None
    with db.write():
        row = db.row(
            "UPDATE refresh_tokens SET used_at = ? WHERE token_hash = ? AND used_at IS NULL "
            "RETURNING session_id, created_at",
            now,
            tokens.hash_token(refresh),
        )
        if row is None:
            return _handle_reuse(keys, settings, refresh, now)
        session_id, created_at = row
        claims = _live_claims(session_id, now)
        if claims is None or age_seconds(created_at, now) >= settings.refresh_idle_days * DAY_SECONDS:
            return Rotation.REFUSED, None
        successor = tokens.derive_successor(keys, refresh)
        _store_refresh_token(successor, session_id, now)
        db.execute("UPDATE sessions SET last_used_at = ? WHERE id = ?", now, session_id)
        return Rotation.ROTATED, TokenPair(_access_token(keys, settings, claims, now), successor)


def _handle_reuse(
    keys: SigningKeys, settings: AuthSettings, refresh: str, now: int
) -> tuple[Rotation, TokenPair | None]:
    """Handle a refresh token that was used before or is unknown: repeat its response, or revoke the family."""
    row = db.row(
        "SELECT session_id, used_at FROM refresh_tokens WHERE token_hash = ?", tokens.hash_token(refresh)
    )
    if row is None:
        return Rotation.REFUSED, None
    session_id, used_at = row
    claims = _live_claims(session_id, now)
    if claims is None:
        return Rotation.REFUSED, None
    successor = tokens.derive_successor(keys, refresh)
    unused = db.value(
        "SELECT 1 FROM refresh_tokens WHERE token_hash = ? AND used_at IS NULL", tokens.hash_token(successor)
    )
    if unused and age_seconds(used_at, now) <= REPEAT_SECONDS:
        return Rotation.REPEATED, TokenPair(_access_token(keys, settings, claims, now), successor)
    revoke_session(session_id, now)
    audit.record_event("refresh_token_reused", claims.user_id, now, detail=f"session {session_id}")
    return Rotation.REUSED, None


def refresh_token_owner(refresh: str) -> tuple[int, int] | None:
    """Return user id and session id of a refresh token, valid or not; None where it is unknown."""
    if not tokens.is_refresh_token(refresh):
        return None
    return db.row(
        "SELECT sessions.user_id, sessions.id FROM refresh_tokens "
        "JOIN sessions ON sessions.id = refresh_tokens.session_id WHERE token_hash = ?",
        tokens.hash_token(refresh),
    )


def check_token(keys: SigningKeys, settings: AuthSettings, token: str, now: int) -> None:
    """Raise TokenInvalid or TokenExpired unless `token`, access or refresh, would be accepted now."""
    if not tokens.is_refresh_token(token):
        authenticate(tokens.check_access_token(keys, token, now), now)
        return
    row = db.row(
        "SELECT session_id, created_at FROM refresh_tokens WHERE token_hash = ? AND used_at IS NULL",
        tokens.hash_token(token),
    )
    idle_seconds = settings.refresh_idle_days * DAY_SECONDS
    if row is None or age_seconds(row[1], now) >= idle_seconds or _live_claims(row[0], now) is None:
        raise TokenInvalid()


def revoke_session(session_id: int, now: int) -> None:
    """Revoke one session: every daemon refuses its tokens from the next request on."""
    db.execute("UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now, session_id)


def sessions_of(user_id: int, settings: AuthSettings, now: int) -> list[LiveSession]:
    """Return the live sessions of a user, most recently used first."""
    rows = db.rows(
        "SELECT id, label, created_at, last_used_at FROM sessions "
        f"WHERE {_IS_OWN_AND_LIVE} ORDER BY last_used_at DESC, id DESC",
        *_own_and_live_values(user_id, settings, now),
    )
    return [LiveSession._make(row) for row in rows]


def end_session(user_id: int, session_id: int, settings: AuthSettings, now: int) -> None:
    """Revoke one of the user's own sessions. Raises NotFound."""
    cursor = db.execute(
        f"UPDATE sessions SET revoked_at = ? WHERE {_IS_OWN_AND_LIVE} AND id = ?",
        now,
        *_own_and_live_values(user_id, settings, now),
        session_id,
    )
    if not cursor.rowcount:
        raise NotFound()


_IS_OWN_AND_LIVE = "user_id = ? AND revoked_at IS NULL AND expires_at > ? AND last_used_at > ?"


def _own_and_live_values(user_id: int, settings: AuthSettings, now: int) -> tuple[int, int, int]:
    return user_id, now, ago(now, days=settings.refresh_idle_days)


def delete_expired_sessions(now: int) -> None:
    """Delete sessions that ended before the retention period, with their tokens."""
    cutoff = ago(now, days=SESSION_RETENTION_DAYS)
    db.execute("DELETE FROM sessions WHERE expires_at < ? OR revoked_at < ?", cutoff, cutoff)


def revoke_all_sessions(user_id: int, now: int) -> None:
    """Revoke all sessions of a user."""
    db.execute("UPDATE sessions SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL", now, user_id)


def _live_claims(session_id: int, now: int) -> AccessClaims | None:
    row = db.row(
        "SELECT users.id, users.auth_epoch FROM sessions JOIN users ON users.id = sessions.user_id "
        "WHERE sessions.id = ? AND sessions.revoked_at IS NULL AND sessions.expires_at > ? "
        "AND users.is_active",
        session_id,
        now,
    )
    return AccessClaims(row[0], session_id, row[1]) if row else None


def _store_refresh_token(refresh: str, session_id: int, now: int) -> None:
    db.execute(
        "INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES (?, ?, ?)",
        tokens.hash_token(refresh),
        session_id,
        now,
    )


def _access_token(keys: SigningKeys, settings: AuthSettings, claims: AccessClaims, now: int) -> str:
    return tokens.sign_access_token(keys, claims, now, settings.access_minutes * MINUTE_SECONDS)
