"""Sessions: their lifetime, rotation of refresh tokens, detection of reuse, and what revokes whose session."""

from __future__ import annotations

import pytest

from movierec import auth, db
from movierec.auth import keys, sessions, tokens
from movierec.auth.sessions import Rotation, TokenPair
from movierec.config import AuthSettings
from movierec.durations import DAY_SECONDS
from movierec.errors import NotFound, TokenExpired, TokenInvalid
from tests.library.users import make_user

pytestmark = pytest.mark.usefixtures("database")

NOW = 1_750_000_000
KEYS = keys.SigningKeys(active="one", signing={"one": b"k" * 48}, rotation=b"r" * 48)
SETTINGS = AuthSettings(access_minutes=60, refresh_idle_days=7, refresh_absolute_days=20)
IDLE, ABSOLUTE = 7 * DAY_SECONDS, 20 * DAY_SECONDS


def start(user: int, label: str = "laptop", now: int = NOW) -> TokenPair:
    with db.write():
        return sessions.start_session(KEYS, SETTINGS, user, _epoch(user), label, now)


def _epoch(user: int) -> int:
    return int(db.value("SELECT auth_epoch FROM users WHERE id = ?", user))


def caller(pair: TokenPair, now: int = NOW) -> auth.Principal:
    return sessions.authenticate(tokens.check_access_token(KEYS, pair.access, now), now)


def rotate(refresh: str, now: int) -> tuple[Rotation, TokenPair | None]:
    return sessions.rotate_refresh_token(KEYS, SETTINGS, refresh, now)


def rotated(refresh: str, now: int) -> TokenPair:
    outcome, pair = rotate(refresh, now)
    assert (outcome, pair is not None) == (Rotation.ROTATED, True)
    assert pair is not None
    return pair


def is_live(token: str, now: int) -> bool:
    try:
        sessions.check_token(KEYS, SETTINGS, token, now)
    except (TokenInvalid, TokenExpired):
        return False
    return True


def labels(user: int, now: int = NOW) -> list[str]:
    return [session.label for session in sessions.sessions_of(user, SETTINGS, now)]


def test_access_token_names_its_caller() -> None:
    user = make_user()
    principal = caller(start(user))
    assert (principal.user_id, principal.username, principal.is_staff) == (user, "ann", False)
    assert principal.session_id == sessions.sessions_of(user, SETTINGS, NOW)[0].id
    assert (principal.scopes, principal.token_id, principal.last_use_is_outdated) == (
        {"read", "write"},
        None,
        False,
    )
    db.execute("UPDATE users SET is_staff = ? WHERE id = ?", True, user)
    assert caller(start(user)).is_staff


def test_access_token_expires_after_its_minutes_and_thirty_seconds_of_leeway() -> None:
    pair = start(make_user())
    assert caller(pair, NOW + 3629)
    with pytest.raises(TokenExpired):
        caller(pair, NOW + 3630)
    assert not is_live(pair.access, NOW + 3630)


def test_rotation_gives_a_new_pair_of_the_same_session() -> None:
    pair = start(user := make_user())
    following = rotated(pair.refresh, NOW + 60)
    assert following.refresh != pair.refresh
    assert caller(following, NOW + 60) == caller(pair, NOW + 60)
    [session] = sessions.sessions_of(user, SETTINGS, NOW + 60)
    assert (session.created_at, session.last_used_at) == (NOW, NOW + 60)
    assert following.as_json() == {"access": following.access, "refresh": following.refresh}


def test_session_ends_without_use_after_the_idle_days() -> None:
    used, idle = start(user := make_user(), "used"), start(user, "idle")
    used = rotated(used.refresh, NOW + 1)
    assert is_live(idle.refresh, NOW + IDLE - 1)
    assert not is_live(idle.refresh, NOW + IDLE)
    assert rotate(idle.refresh, NOW + IDLE) == (Rotation.REFUSED, None)
    assert labels(user, NOW + IDLE - 1) == ["used", "idle"]
    assert labels(user, NOW + IDLE) == ["used"]
    assert rotated(used.refresh, NOW + IDLE)


def test_session_ends_after_the_absolute_days_however_often_it_is_used() -> None:
    pair = start(user := make_user())
    for days in range(5, 20, 5):
        pair = rotated(pair.refresh, NOW + days * DAY_SECONDS)
    assert labels(user, NOW + ABSOLUTE - 1) == ["laptop"]
    assert is_live(pair.refresh, NOW + ABSOLUTE - 1)
    assert labels(user, NOW + ABSOLUTE) == []
    assert not is_live(pair.refresh, NOW + ABSOLUTE)
    claims = tokens.check_access_token(KEYS, start(user).access, NOW)
    assert sessions.authenticate(claims, NOW + ABSOLUTE - 1).user_id == user
    with pytest.raises(TokenInvalid):
        sessions.authenticate(claims, NOW + ABSOLUTE)
    assert rotate(pair.refresh, NOW + ABSOLUTE) == (Rotation.REFUSED, None)


def test_repeated_refresh_within_ten_seconds_gives_the_same_refresh_token() -> None:
    pair = start(user := make_user())
    following = rotated(pair.refresh, NOW)
    outcome, repeated = rotate(pair.refresh, NOW + 10)
    assert outcome is Rotation.REPEATED
    assert repeated is not None
    assert repeated.refresh == following.refresh
    assert caller(repeated).user_id == user
    assert rotated(following.refresh, NOW + 10)


@pytest.mark.parametrize(("seconds", "uses_successor"), [(11, False), (1, True)])
def test_reused_refresh_token_revokes_its_session(seconds: int, uses_successor: bool) -> None:
    """Reuse is a token later than a repetition, or one whose successor was used: one of the two was stolen."""
    other, pair = start(user := make_user(), "other"), start(user, "stolen")
    following = rotated(pair.refresh, NOW)
    if uses_successor:
        following = rotated(following.refresh, NOW + 1)
    assert rotate(pair.refresh, NOW + seconds) == (Rotation.REUSED, None)
    assert labels(user) == ["other"]
    assert not is_live(following.refresh, NOW + seconds)
    with pytest.raises(TokenInvalid):
        caller(following)
    assert rotate(following.refresh, NOW + seconds) == (Rotation.REFUSED, None)
    assert caller(other)
    event = auth.audit_events(1)[0]
    assert (event.event, event.account, event.at) == ("refresh_token_reused", f"user:{user}", NOW + seconds)


def test_reuse_after_the_session_ended_is_refused_without_an_event() -> None:
    pair = start(user := make_user())
    rotated(pair.refresh, NOW)
    sessions.revoke_all_sessions(user, NOW + 1)
    assert rotate(pair.refresh, NOW + 60) == (Rotation.REFUSED, None)
    assert "refresh_token_reused" not in {one.event for one in auth.audit_events(9)}


def test_unknown_and_foreign_tokens_are_refused() -> None:
    pair = start(make_user())
    for token in (tokens.new_refresh_token(), pair.access, ""):
        assert rotate(token, NOW) == (Rotation.REFUSED, None)
        assert sessions.refresh_token_owner(token) is None
    assert not is_live(tokens.new_refresh_token(), NOW)
    assert is_live(pair.access, NOW)
    assert is_live(pair.refresh, NOW)


def test_owner_of_a_refresh_token_is_known_also_after_its_use() -> None:
    pair = start(user := make_user())
    [session] = sessions.sessions_of(user, SETTINGS, NOW)
    rotated(pair.refresh, NOW)
    assert sessions.refresh_token_owner(pair.refresh) == (user, session.id)
    assert not is_live(pair.refresh, NOW)


@pytest.mark.parametrize("change", ["is_active = FALSE", "auth_epoch = auth_epoch + 1"])
def test_tokens_of_a_disabled_account_or_an_old_epoch_are_refused(change: str) -> None:
    ann, bob = make_user(), make_user("bob")
    pair, other = start(ann), start(bob)
    db.execute(f"UPDATE users SET {change} WHERE id = ?", ann)
    with pytest.raises(TokenInvalid):
        caller(pair)
    assert not is_live(pair.access, NOW)
    assert caller(other).user_id == bob


def test_refresh_token_of_a_disabled_account_is_refused() -> None:
    pair = start(user := make_user())
    db.execute("UPDATE users SET is_active = FALSE WHERE id = ?", user)
    assert not is_live(pair.refresh, NOW)
    assert rotate(pair.refresh, NOW) == (Rotation.REFUSED, None)


def test_token_with_the_session_of_another_account_is_refused() -> None:
    ann, bob = make_user(), make_user("bob")
    claims = tokens.check_access_token(KEYS, start(ann).access, NOW)
    with pytest.raises(TokenInvalid):
        sessions.authenticate(tokens.AccessClaims(bob, claims.session_id, _epoch(bob)), NOW)


def test_sessions_are_listed_by_last_use_then_newest_first() -> None:
    ann, bob = make_user(), make_user("bob")
    first, _, _ = start(ann, "first"), start(ann, "second"), start(ann, "third")
    start(bob, "of another account")
    assert labels(ann) == ["third", "second", "first"]
    rotated(first.refresh, NOW + 1)
    assert labels(ann) == ["first", "third", "second"]


def test_long_label_is_cut() -> None:
    start(user := make_user(), "x" * 300)
    assert labels(user) == ["x" * 200]


def test_user_ends_only_live_sessions_of_their_own() -> None:
    ann, bob = make_user(), make_user("bob")
    start(ann, "keeps"), start(ann, "ends")
    start(bob, "of another account")
    [ends, _] = sessions.sessions_of(ann, SETTINGS, NOW)
    with pytest.raises(NotFound):
        sessions.end_session(bob, ends.id, SETTINGS, NOW)
    sessions.end_session(ann, ends.id, SETTINGS, NOW)
    assert (labels(ann), labels(bob)) == (["keeps"], ["of another account"])
    for ended in (ends.id, 10**9):
        with pytest.raises(NotFound):
            sessions.end_session(ann, ended, SETTINGS, NOW)


def test_sign_out_everywhere_keeps_sessions_of_others_and_earlier_times() -> None:
    ann, bob = make_user(), make_user("bob")
    start(ann, "early")
    sessions.revoke_all_sessions(ann, NOW)
    start(ann, "late"), start(bob, "of another account")
    sessions.revoke_all_sessions(ann, NOW + 5)
    assert (labels(ann), labels(bob)) == ([], ["of another account"])
    assert _revocations(ann) == {"early": NOW, "late": NOW + 5}


def test_revoking_a_session_again_keeps_the_first_time() -> None:
    ann = make_user()
    start(ann, "ended"), start(ann, "live")
    ended = {session.label: session.id for session in sessions.sessions_of(ann, SETTINGS, NOW)}["ended"]
    sessions.revoke_session(ended, NOW)
    sessions.revoke_session(ended, NOW + 5)
    assert _revocations(ann) == {"ended": NOW, "live": None}


def _revocations(user: int) -> dict[str, int | None]:
    return dict(db.rows("SELECT label, revoked_at FROM sessions WHERE user_id = ?", user))


def test_sessions_are_deleted_thirty_days_after_their_end() -> None:
    user = make_user()
    start(user, "expired", NOW - ABSOLUTE)
    start(user, "live"), start(user, "revoked")
    revoked = sessions.sessions_of(user, SETTINGS, NOW)[0]
    assert revoked.label == "revoked"
    sessions.revoke_session(revoked.id, NOW)
    retention = 30 * DAY_SECONDS
    for at, remaining in (
        (NOW + retention, {"expired", "live", "revoked"}),
        (NOW + retention + 1, {"live"}),
        (NOW + retention + ABSOLUTE, {"live"}),
        (NOW + retention + ABSOLUTE + 1, set()),
    ):
        sessions.delete_expired_sessions(at)
        assert _revocations(user).keys() == remaining
    assert db.value("SELECT COUNT(*) FROM refresh_tokens") == 0
