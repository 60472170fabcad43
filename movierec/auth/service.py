"""Accounts: registering, finding who signs in, changing names and passwords, the first administrator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import peewee

from movierec import config, db
from movierec.auth import audit, names, passwords, sessions
from movierec.auth.models import Profile, User
from movierec.auth.throttle import count_attempt
from movierec.config import AuthSettings
from movierec.errors import Conflict, FieldError, InvalidCredentials, NotFound, TokenInvalid, ValidationFailed


@dataclass(frozen=True)
class NewAccount:
    """What somebody registers with; checked when made, hashed by the caller."""

    username: str
    email: str
    first_name: str = ""
    last_name: str = ""

    def check(self, password: str, settings: AuthSettings) -> None:
        """Raise ValidationFailed naming every field that is wrong."""
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
    field = "username" if db.is_unique_violation(error, "username_key") else "email"
    what = {"username": "user name", "email": "e-mail address"}[field]
    message = f"This {what} is taken."
    return Conflict(message, errors=[FieldError(field, message)])


@dataclass(frozen=True)
class StoredCredentials:
    """What is needed to check a password outside any transaction."""

    user_id: int
    password_hash: str
    epoch: int
    is_active: bool


def credentials_by_identifier(identifier: str) -> StoredCredentials | None:
    """The account with this e-mail address or user name, if there is one."""
    column = "email_key" if "@" in identifier else "username_key"
    found = db.row(
        f"SELECT id, password_hash, auth_epoch, is_active FROM users WHERE {column} = ?", _key(identifier)
    )
    return StoredCredentials(found[0], found[1], found[2], bool(found[3])) if found else None


def _key(identifier: str) -> str:
    if "@" not in identifier:
        return names.canonical(identifier)
    try:
        return names.email_key(identifier)
    except ValidationFailed:
        return ""


def credentials_of_user(user_id: int) -> StoredCredentials:
    found = db.row("SELECT id, password_hash, auth_epoch, is_active FROM users WHERE id = ?", user_id)
    if found is None:
        raise TokenInvalid()
    return StoredCredentials(found[0], found[1], found[2], bool(found[3]))


def count_sign_in_attempt(
    throttle: config.ThrottleSettings, identifier: str, now: int
) -> StoredCredentials | None:
    """Count a try to sign in, then find the account. Raises Throttled, whatever the password.

    An account has one count, whether it is named by address or user name; so has a name that nobody has.
    """
    found = credentials_by_identifier(identifier)
    # Told apart: names may be numbers.
    who = f"user:{found.user_id}" if found else f"name:{_key(identifier)}"
    count_attempt(throttle, "login_per_account", who, now)
    return found


def record_sign_in(
    checked: StoredCredentials, now: int, new_hash: str | None = None, *, address: str = ""
) -> None:
    """Record a sign-in whose password was right. Raises InvalidCredentials if it changed meanwhile."""
    changed = db.execute(
        "UPDATE users SET last_login = ?, password_hash = COALESCE(?, password_hash) "
        "WHERE id = ? AND auth_epoch = ? AND is_active",
        now,
        new_hash,
        checked.user_id,
        checked.epoch,
    ).rowcount
    if changed != 1:
        raise InvalidCredentials()
    audit.record_event("signed_in", checked.user_id, now, address=address)


def set_password(checked: StoredCredentials, password_hash: str, now: int, *, address: str = "") -> int:
    """Replace the password checked before; every session ends. Returns the new epoch."""
    epoch = db.value(
        "UPDATE users SET password_hash = ?, auth_epoch = auth_epoch + 1 WHERE id = ? AND auth_epoch = ? "
        "RETURNING auth_epoch",
        password_hash,
        checked.user_id,
        checked.epoch,
    )
    if epoch is None:
        raise TokenInvalid()
    sessions.revoke_all_sessions(checked.user_id, now)
    audit.record_event("password_changed", checked.user_id, now, address=address)
    return int(epoch)


def sign_out_everywhere(user_id: int, now: int, *, address: str = "") -> None:
    """End every session and personal token of a user."""
    with db.write():
        db.execute("UPDATE users SET auth_epoch = auth_epoch + 1 WHERE id = ?", user_id)
        sessions.revoke_all_sessions(user_id, now)
        audit.record_event("signed_out_everywhere", user_id, now, address=address)


def user(user_id: int) -> User:
    """The account. Raises NotFound."""
    found = User.get_or_none(User.id == user_id)
    if found is None:
        raise NotFound()
    return found


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
    """By hand: every list of recommendations asks for it. Raises NotFound."""
    row = db.row(_PROFILE_OF, user_id)
    if row is None:
        raise NotFound()
    profile = Profile(user=user_id, **dict(zip(_PROFILE, row, strict=True)))
    profile.mature_content = bool(profile.mature_content)
    profile.seen_leaves_watchlist = bool(profile.seen_leaves_watchlist)
    return profile


def change_names(user_id: int, changes: dict[str, Any]) -> User:
    """Change user name, first or last name; unsent fields stay. Raises ValidationFailed or Conflict."""
    if "username" in changes:
        changes = {**changes, "username_key": names.username_key(changes["username"])}
    try:
        with db.write():
            if changes:
                User.update(changes).where(User.id == user_id).execute()
            return user(user_id)
    except peewee.IntegrityError as error:
        raise taken_conflict(error) from error


def favorite_genres(profile: Profile) -> list[str]:
    return json.loads(profile.favorite_genres)  # type: ignore[no-any-return]
