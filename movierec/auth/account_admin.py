"""Account administration for staff: list accounts, change roles, disable, delete with all data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import peewee

from movierec import db
from movierec.auth import audit, names, sessions
from movierec.auth.models import Profile, User
from movierec.auth.service import taken_conflict
from movierec.errors import Conflict, NotFound

# Changing one of these ends every token issued before.
ROLES = ("is_active", "is_staff")


@dataclass(frozen=True)
class AccountFilter:
    """Filters of a list of accounts; None leaves a filter out. `search` is a part of a name or an address."""

    search: str = ""
    is_active: bool | None = None
    is_staff: bool | None = None


def accounts(filters: AccountFilter, *, limit: int, offset: int) -> tuple[int, list[User]]:
    """Return the number of accounts that pass the filters and one page of them, oldest first."""
    query = User.select()
    if filters.search:
        part = names.canonical(filters.search)
        query = query.where(User.username_key.contains(part) | User.email_key.contains(part))
    if filters.is_active is not None:
        query = query.where(User.is_active == filters.is_active)
    if filters.is_staff is not None:
        query = query.where(User.is_staff == filters.is_staff)
    return query.count(), list(query.order_by(User.id).limit(limit).offset(offset))


def profiles(owner: int | None, *, limit: int, offset: int) -> tuple[int, list[Profile]]:
    """Return the number of profiles of `owner` (None: of everybody) and one page of them."""
    query = Profile.select() if owner is None else Profile.select().where(Profile.user == owner)
    return query.count(), list(query.order_by(Profile.id).limit(limit).offset(offset))


def profile(profile_id: int, owner: int | None) -> Profile:
    """Return a profile that belongs to `owner` (None: to anybody). Raises NotFound."""
    conditions = () if owner is None else (Profile.user == owner,)
    row = Profile.get_or_none(Profile.id == profile_id, *conditions)
    if row is None:
        raise NotFound()
    return row


def owner_of_profile(profile: Profile) -> int:
    """Return the user id of a profile without a query."""
    return int(profile.__data__["user"])


def change_profile(profile_id: int, changes: Mapping[str, object]) -> Profile:
    """Set columns of a profile. Raises NotFound."""
    with db.write():
        if changes:
            Profile.update(changes).where(Profile.id == profile_id).execute()
        return profile(profile_id, None)


def change_account(
    user_id: int, changes: Mapping[str, object], *, actor_id: int, now: int, address: str
) -> User:
    """Set names and roles. Raises NotFound, ValidationFailed, or Conflict: name taken, or last administrator."""
    if "username" in changes:
        changes = {**changes, "username_key": names.username_key(str(changes["username"]))}
    try:
        with db.write():
            before = _Roles(user_id)
            roles = {
                name: bool(changes[name])
                for name in ROLES
                if changes.get(name, before.own[name]) != before.own[name]
            }
            if roles:
                before.check({**before.own, **roles})
                changes = {**changes, "auth_epoch": User.auth_epoch + 1}
                sessions.revoke_all_sessions(user_id, now)
                detail = ", ".join(f"{name}: {str(value).lower()}" for name, value in roles.items())
                audit.record_event(
                    "role_changed", user_id, now, actor_id=actor_id, address=address, detail=detail
                )
            if changes:
                User.update(changes).where(User.id == user_id).execute()
            return User.get_by_id(user_id)
    except peewee.IntegrityError as error:
        raise taken_conflict(error) from error


def delete_account(user_id: int, *, actor_id: int, now: int, address: str) -> None:
    """Delete an account and all its data; the audit log keeps a pseudonym. Raises NotFound or Conflict."""
    with db.write():
        _Roles(user_id).check({"is_active": False, "is_staff": False})
        audit.record_event("account_deleted", user_id, now, actor_id=actor_id, address=address)
        audit.pseudonymise(user_id)
        # Foreign keys cascade: ratings, sessions, tokens, jobs and all else that refers to a user.
        db.execute("DELETE FROM users WHERE id = ?", user_id)


class _Roles:
    """Roles of an account and of all administrators, locked against changes until the transaction ends."""

    def __init__(self, user_id: int) -> None:
        # In one statement and one order, otherwise two administrators who demote each other deadlock.
        lock = " FOR UPDATE" if db.is_postgres() else ""
        rows = db.rows(
            "SELECT id, is_active, is_staff FROM users WHERE id = ? OR (is_active AND is_staff) "
            f"ORDER BY id{lock}",
            user_id,
        )
        self._roles = {row[0]: {"is_active": bool(row[1]), "is_staff": bool(row[2])} for row in rows}
        if user_id not in self._roles:
            raise NotFound()
        self.own = self._roles.pop(user_id)

    def check(self, after: dict[str, bool]) -> None:
        """Raise Conflict where no active administrator would remain."""
        administers = all(self.own.values()) and not all(after.values())
        if administers and not any(all(roles.values()) for roles in self._roles.values()):
            raise Conflict("This is the last active administrator. Make another one first.")
