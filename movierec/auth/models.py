"""Tables of accounts: users, profiles, sessions, tokens; throttle windows and the audit log."""

from __future__ import annotations

import secrets

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    Check,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from movierec.db import BaseModel


def random_epoch() -> int:
    """Return a random first epoch: SQLite reuses the id of a deleted account, whose tokens must stay invalid."""
    return 1 + secrets.randbelow(2**30)


class User(BaseModel):
    """An account. The `*_key` columns are the canonical forms that must be unique."""

    id = BigAutoField()
    username = TextField()
    username_key = TextField(unique=True)
    email = TextField()
    email_key = TextField(unique=True)
    password_hash = TextField()
    first_name = TextField(default="")
    last_name = TextField(default="")
    is_active = BooleanField(default=True)
    is_staff = BooleanField(default=False)
    is_verified = BooleanField(default=False)
    # Incremented to invalidate all tokens issued before: password change, disabling, role change.
    auth_epoch = IntegerField(default=random_epoch)
    date_joined = BigIntegerField()
    last_login = BigIntegerField(null=True)

    class Meta:
        table_name = "users"


class Profile(BaseModel):
    """A user's profile and preferences; `favorite_genres` is a JSON list of names."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", unique=True, backref="profiles")
    bio = TextField(default="", constraints=[Check("length(bio) <= 500")])
    avatar = TextField(default="")
    favorite_genres = TextField(default="[]")
    preferred_language = TextField(default="")
    mature_content = BooleanField(default=False)
    # Scale on which the user writes ratings: up to 5 in halves, up to 10, up to 100 in tens.
    rating_scale = IntegerField(default=5, constraints=[Check("rating_scale IN (5, 10, 100)")])
    # Rating a movie, or adding it to the history, takes it off the watchlist.
    seen_leaves_watchlist = BooleanField(default=True)

    class Meta:
        table_name = "profiles"


class Session(BaseModel):
    """One sign-in on one device: the family of its refresh tokens."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", backref="sessions")
    label = TextField(default="")
    created_at = BigIntegerField()
    last_used_at = BigIntegerField()
    expires_at = BigIntegerField()
    revoked_at = BigIntegerField(null=True)

    class Meta:
        table_name = "sessions"


class RefreshToken(BaseModel):
    """One generation of a session's refresh token, stored as its SHA-256 in hex."""

    token_hash = TextField(primary_key=True)
    session = ForeignKeyField(Session, on_delete="CASCADE", backref="refresh_tokens")
    created_at = BigIntegerField()
    used_at = BigIntegerField(null=True)

    class Meta:
        table_name = "refresh_tokens"


class StoredPersonalToken(BaseModel):
    """A token for scripts, stored as its SHA-256 in hex; `scopes` are words, `epoch` is that of its creation."""

    id = BigAutoField()
    user = ForeignKeyField(User, on_delete="CASCADE", backref="personal_tokens")
    name = TextField()
    token_hash = TextField(unique=True)
    scopes = TextField()
    epoch = BigIntegerField()
    created_at = BigIntegerField()
    expires_at = BigIntegerField(null=True)
    last_used_at = BigIntegerField(null=True)

    class Meta:
        table_name = "personal_tokens"


class ThrottleWindow(BaseModel):
    """Number of attempts in a window that ends at `ends_at`; `key` is a hash that does not reveal the account."""

    key = TextField(primary_key=True)
    count = BigIntegerField()
    ends_at = BigIntegerField(index=True)

    class Meta:
        table_name = "throttle"


class AuditEntry(BaseModel):
    """One event of an account. `account` and `actor` are `user:7`, or a pseudonym after its deletion."""

    id = BigAutoField()
    at = BigIntegerField(index=True)
    event = TextField()
    account = TextField(default="", index=True)
    actor = TextField(default="", index=True)
    address = TextField(default="")
    detail = TextField(default="")

    class Meta:
        table_name = "audit"


class OneTimeToken(BaseModel):
    """The token last mailed to a user for a purpose, stored as its SHA-256 in hex."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    purpose = TextField()
    token_hash = TextField(unique=True)
    auth_epoch = IntegerField()
    # The address it was sent to; for a change of address, the new one.
    email = TextField()
    expires_at = BigIntegerField()
    used_at = BigIntegerField(null=True)

    class Meta:
        table_name = "one_time_tokens"
        # One row for each purpose: a new token replaces the older one.
        primary_key = CompositeKey("user", "purpose")
