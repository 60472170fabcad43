"""Sessions: signing in and out, rotating refresh tokens, and who a request comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from movierec import db
from movierec.auth import audit, tokens
from movierec.auth.keys import SigningKeys
from movierec.auth.tokens import AccessClaims
from movierec.config import AuthSettings
from movierec.errors import NotFound, TokenInvalid

DAY_SECONDS = 86_400
# A lost answer or a second process of the same user may repeat a refresh within this time.
REPEAT_SECONDS = 10
# So long a stolen token still gives itself away by being used.
SESSION_RETENTION_DAYS = 30


ALL_SCOPES = frozenset({"read", "write"})


class Principal(NamedTuple):
    """Who makes a request: by a session, or by a personal token, which may be limited to a few `scopes`."""

    user_id: int
    session_id: int | None
    username: str
    is_staff: bool
    scopes: frozenset[str] = ALL_SCOPES
    token_id: int | None = None
    # The personal token's last use was written down a while ago.
    use_is_news: bool = False


class LiveSession(NamedTuple):
    """A session as its owner sees it."""

    id: int
    label: str
    created_at: int
    last_used_at: int


@dataclass(frozen=True)
class TokenPair:
    access: str
    refresh: str

    def as_json(self) -> dict[str, str]:
        return {"access": self.access, "refresh": self.refresh}


class Rotation(Enum):
    """How a refresh ended; counted by the monitoring."""

    ROTATED = "rotated"
    REPEATED = "repeated"
    REUSED = "reused"
    REFUSED = "refused"


def authenticate(claims: AccessClaims, now: int) -> Principal:
    """Who `claims` speak for, if their session still stands. One query. Raises TokenInvalid."""
    found = db.row(
        "SELECT users.username, users.is_staff FROM sessions JOIN users ON users.id = sessions.user_id "
        "WHERE sessions.id = ? AND users.id = ? AND sessions.revoked_at IS NULL AND sessions.expires_at > ? "
        "AND users.is_active AND users.auth_epoch = ?",
        claims.session_id,
        claims.user_id,
        now,
        claims.epoch,
    )
    if found is None:
        raise TokenInvalid()
    return Principal(claims.user_id, claims.session_id, found[0], bool(found[1]))


def start_session(
    keys: SigningKeys, settings: AuthSettings, user_id: int, epoch: int, label: str, now: int
) -> TokenPair:
    """Sign a user in: a new session with its first tokens. Call inside the transaction of the act."""
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
    _remember(refresh, session_id, now)
    return TokenPair(_access(keys, settings, AccessClaims(user_id, session_id, epoch), now), refresh)


def rotate_refresh_token(
    keys: SigningKeys, settings: AuthSettings, refresh: str, now: int
) -> tuple[Rotation, TokenPair | None]:
    """Exchange a refresh token for the next pair; None unless it was rotated or repeated.

    The conditional UPDATE decides the winner. The outcome is returned, not raised: an exception would
    roll back the revocation of a stolen family.
    """
    if not tokens.is_refresh_token(refresh):
        return Rotation.REFUSED, None
    with db.write():
        spent = db.row(
            "UPDATE refresh_tokens SET used_at = ? WHERE token_hash = ? AND used_at IS NULL "
            "RETURNING session_id, created_at",
            now,
            tokens.hash_token(refresh),
        )
        if spent is None:
            return _spent_before(keys, settings, refresh, now)
        session_id, created_at = spent
        claims = _live(session_id, now)
        if claims is None or created_at + settings.refresh_idle_days * DAY_SECONDS <= now:
            return Rotation.REFUSED, None
        successor = tokens.derive_successor(keys, refresh)
        _remember(successor, session_id, now)
        db.execute("UPDATE sessions SET last_used_at = ? WHERE id = ?", now, session_id)
        return Rotation.ROTATED, TokenPair(_access(keys, settings, claims, now), successor)


def _spent_before(
    keys: SigningKeys, settings: AuthSettings, refresh: str, now: int
) -> tuple[Rotation, TokenPair | None]:
    """A token that was used already, or never existed: repeat its answer, or end the family."""
    found = db.row(
        "SELECT session_id, used_at FROM refresh_tokens WHERE token_hash = ?", tokens.hash_token(refresh)
    )
    if found is None:
        return Rotation.REFUSED, None
    session_id, used_at = found
    claims = _live(session_id, now)
    if claims is None:
        return Rotation.REFUSED, None
    successor = tokens.derive_successor(keys, refresh)
    unused = db.value(
        "SELECT 1 FROM refresh_tokens WHERE token_hash = ? AND used_at IS NULL", tokens.hash_token(successor)
    )
    if unused and now - used_at <= REPEAT_SECONDS:
        return Rotation.REPEATED, TokenPair(_access(keys, settings, claims, now), successor)
    revoke_session(session_id, now)
    audit.record_event("refresh_token_reused", claims.user_id, now, detail=f"session {session_id}")
    return Rotation.REUSED, None


def refresh_token_owner(refresh: str) -> tuple[int, int] | None:
    """(user id, session id) of a refresh token, live or not; None where it is unknown."""
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
    found = db.row(
        "SELECT session_id, created_at FROM refresh_tokens WHERE token_hash = ? AND used_at IS NULL",
        tokens.hash_token(token),
    )
    idle_seconds = settings.refresh_idle_days * DAY_SECONDS
    if found is None or found[1] + idle_seconds <= now or _live(found[0], now) is None:
        raise TokenInvalid()


def revoke_session(session_id: int, now: int) -> None:
    """End one session; its tokens are refused from the next request on, by every daemon."""
    db.execute("UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now, session_id)


def sessions_of(user_id: int, settings: AuthSettings, now: int) -> list[LiveSession]:
    """The live sessions of a user, the one used last first."""
    found = db.rows(
        "SELECT id, label, created_at, last_used_at FROM sessions "
        f"WHERE {_OWN_LIVE} ORDER BY last_used_at DESC, id DESC",
        *_own_live(user_id, settings, now),
    )
    return [LiveSession._make(row) for row in found]


def end_session(user_id: int, session_id: int, settings: AuthSettings, now: int) -> None:
    """Sign one of the user's own sessions out. Raises NotFound."""
    ended = db.execute(
        f"UPDATE sessions SET revoked_at = ? WHERE {_OWN_LIVE} AND id = ?",
        now,
        *_own_live(user_id, settings, now),
        session_id,
    )
    if not ended.rowcount:
        raise NotFound()


_OWN_LIVE = "user_id = ? AND revoked_at IS NULL AND expires_at > ? AND last_used_at > ?"


def _own_live(user_id: int, settings: AuthSettings, now: int) -> tuple[int, int, int]:
    return user_id, now, now - settings.refresh_idle_days * DAY_SECONDS


def delete_expired_sessions(now: int) -> None:
    """Forget sessions that ended a month ago, with their tokens."""
    past = now - SESSION_RETENTION_DAYS * DAY_SECONDS
    db.execute("DELETE FROM sessions WHERE expires_at < ? OR revoked_at < ?", past, past)


def revoke_all_sessions(user_id: int, now: int) -> None:
    db.execute("UPDATE sessions SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL", now, user_id)


def _live(session_id: int, now: int) -> AccessClaims | None:
    found = db.row(
        "SELECT users.id, users.auth_epoch FROM sessions JOIN users ON users.id = sessions.user_id "
        "WHERE sessions.id = ? AND sessions.revoked_at IS NULL AND sessions.expires_at > ? "
        "AND users.is_active",
        session_id,
        now,
    )
    return AccessClaims(found[0], session_id, found[1]) if found else None


def _remember(refresh: str, session_id: int, now: int) -> None:
    db.execute(
        "INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES (?, ?, ?)",
        tokens.hash_token(refresh),
        session_id,
        now,
    )


def _access(keys: SigningKeys, settings: AuthSettings, claims: AccessClaims, now: int) -> str:
    return tokens.sign_access_token(keys, claims, now, settings.access_minutes * 60)
