"""Accounts: register, look up credentials, record sign-ins, change names and passwords."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import peewee

from movierec import config, db
from movierec.auth import audit, names, passwords, sessions
from movierec.auth.models import Profile, User
from movierec.auth.throttle import count_attempt
from movierec.config import AuthSettings
from movierec.errors import Conflict, FieldError, InvalidCredentials, NotFound, TokenInvalid, ValidationFailed


@dataclass(frozen=True)
class NewAccount:
    """The fields of a registration. The caller checks them and hashes the password."""

    username: str
    email: str
    first_name: str = ""
    last_name: str = ""

    def check(self, password: str, settings: AuthSettings) -> None:
        """Raise ValidationFailed naming every invalid field."""
        problems: list[FieldError] = []
        for rule in (
            lambda: names.username_key(self.username),
            lambda: names.email_key(self.email),
            lambda: passwords.check_password_rules(
                password,
                settings.password_min_length,
                self.username,
                self.email,
                self.email.partition("@")[0],
            ),
        ):
            try:
                rule()
            except ValidationFailed as error:
                problems += error.errors
        if problems:
            raise ValidationFailed(errors=problems)


def register(account: NewAccount, password_hash: str, now: int, *, is_staff: bool = False) -> User:
    """Store a new account with its profile. Raises Conflict naming the field that is taken."""
    try:
        with db.write():
            user = User.create(
                username=account.username,
                username_key=names.username_key(account.username),
                email=account.email,
                email_key=names.email_key(account.email),
                password_hash=password_hash,
                first_name=account.first_name,
                last_name=account.last_name,
                is_staff=is_staff,
                date_joined=now,
            )
            Profile.create(user=user)
            audit.record_event("registered", user.id, now, detail="administrator" if is_staff else "")
            return user
    except peewee.IntegrityError as error:
        raise taken_conflict(error) from error


def taken_conflict(error: peewee.IntegrityError) -> Conflict:
    """Return the Conflict for a violated UNIQUE constraint, naming the field."""
    field = "username" if db.is_unique_violation(error, "username_key") else "email"
    what = {"username": "user name", "email": "e-mail address"}[field]
    message = f"This {what} is taken."
    return Conflict(message, errors=[FieldError(field, message)])


@dataclass(frozen=True)
class StoredCredentials:
    """The stored values to verify a password against, outside any transaction."""

    user_id: int
    password_hash: str
    epoch: int
    is_active: bool


def credentials_by_identifier(identifier: str) -> StoredCredentials | None:
    """Return the credentials of the account with this e-mail address or user name; None where there is none."""
    column = "email_key" if "@" in identifier else "username_key"
    row = db.row(
        f"SELECT id, password_hash, auth_epoch, is_active FROM users WHERE {column} = ?", _key(identifier)
    )
    return StoredCredentials(row[0], row[1], row[2], bool(row[3])) if row else None


def _key(identifier: str) -> str:
    if "@" not in identifier:
        return names.canonical(identifier)
    try:
        return names.email_key(identifier)
    except ValidationFailed:
        return ""


def credentials_of_user(user_id: int) -> StoredCredentials:
    """Return the credentials of an account. Raises TokenInvalid where it was deleted."""
    row = db.row("SELECT id, password_hash, auth_epoch, is_active FROM users WHERE id = ?", user_id)
    if row is None:
        raise TokenInvalid()
    return StoredCredentials(row[0], row[1], row[2], bool(row[3]))


def count_sign_in_attempt(
    throttle: config.ThrottleSettings, identifier: str, now: int
) -> StoredCredentials | None:
    """Count an attempt to sign in and return the credentials. Raises Throttled, whatever the password.

    An account has one counter for its address and its user name; an unknown name has one too.
    """
    credentials = credentials_by_identifier(identifier)
    # Prefixes keep ids and names apart: a name may consist of digits.
    subject = f"user:{credentials.user_id}" if credentials else f"name:{_key(identifier)}"
    count_attempt(throttle, "login_per_account", subject, now)
    return credentials


def record_sign_in(
    credentials: StoredCredentials, now: int, new_hash: str | None = None, *, address: str = ""
) -> None:
    """Record a sign-in with a verified password. Raises InvalidCredentials where it changed meanwhile."""
    changed = db.execute(
        "UPDATE users SET last_login = ?, password_hash = COALESCE(?, password_hash) "
        "WHERE id = ? AND auth_epoch = ? AND is_active",
        now,
        new_hash,
        credentials.user_id,
        credentials.epoch,
    ).rowcount
    if changed != 1:
        raise InvalidCredentials()
    audit.record_event("signed_in", credentials.user_id, now, address=address)


def set_password(credentials: StoredCredentials, password_hash: str, now: int, *, address: str = "") -> int:
    """Replace a verified password, revoke all sessions and return the new epoch."""
    epoch = db.value(
        "UPDATE users SET password_hash = ?, auth_epoch = auth_epoch + 1 WHERE id = ? AND auth_epoch = ? "
        "RETURNING auth_epoch",
        password_hash,
        credentials.user_id,
        credentials.epoch,
    )
    if epoch is None:
        raise TokenInvalid()
    sessions.revoke_all_sessions(credentials.user_id, now)
    audit.record_event("password_changed", credentials.user_id, now, address=address)
    return int(epoch)


def sign_out_everywhere(user_id: int, now: int, *, address: str = "") -> None:
    """Revoke all sessions and personal tokens of a user."""
    with db.write():
        db.execute("UPDATE users SET auth_epoch = auth_epoch + 1 WHERE id = ?", user_id)
        sessions.revoke_all_sessions(user_id, now)
        audit.record_event("signed_out_everywhere", user_id, now, address=address)


def user(user_id: int) -> User:
    """Return an account. Raises NotFound."""
    row = User.get_or_none(User.id == user_id)
    if row is None:
        raise NotFound()
    return row


_PROFILE = (
    "id",
    "bio",
    "avatar",
    "favorite_genres",
    "preferred_language",
    "mature_content",
    "rating_scale",
    "seen_leaves_watchlist",
)
_PROFILE_OF = f"SELECT {', '.join(_PROFILE)} FROM profiles WHERE user_id = ?"


def profile_of(user_id: int) -> Profile:
    """Return a user's profile. Raises NotFound. Hand-written SQL: every list of recommendations reads it."""
    row = db.row(_PROFILE_OF, user_id)
    if row is None:
        raise NotFound()
    profile = Profile(user=user_id, **dict(zip(_PROFILE, row, strict=True)))
    profile.mature_content = bool(profile.mature_content)
    profile.seen_leaves_watchlist = bool(profile.seen_leaves_watchlist)
    return profile


def change_names(user_id: int, changes: Mapping[str, object]) -> User:
    """Change user name, first or last name; absent fields stay. Raises ValidationFailed or Conflict."""
    if "username" in changes:
        changes = {**changes, "username_key": names.username_key(str(changes["username"]))}
    try:
        with db.write():
            if changes:
                User.update(changes).where(User.id == user_id).execute()
            return user(user_id)
    except peewee.IntegrityError as error:
        raise taken_conflict(error) from error


def favorite_genres(profile: Profile) -> list[str]:
    """Decode the favorite genres of a profile."""
    return json.loads(profile.favorite_genres)  # type: ignore[no-any-return]
