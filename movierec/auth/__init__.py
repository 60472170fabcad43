"""Who people are: accounts, passwords, sessions and tokens."""

from movierec.auth.keys import Keys, load_or_create
from movierec.auth.passwords import check_rules, hash_password, needs_rehash, of_nobody, verify
from movierec.auth.service import (
    Credentials,
    NewAccount,
    confirm_sign_in,
    credentials_of,
    credentials_of_user,
    favorite_genres,
    profile_of,
    register,
    rename,
    set_password,
    user,
)
from movierec.auth.sessions import (
    Principal,
    Rotation,
    TokenPair,
    authenticate,
    check,
    owner_of,
    revoke,
    revoke_all,
    rotate,
    start,
)
from movierec.auth.tokens import check_access

__all__ = [
    "Credentials",
    "Keys",
    "NewAccount",
    "Principal",
    "Rotation",
    "TokenPair",
    "authenticate",
    "check",
    "check_access",
    "check_rules",
    "confirm_sign_in",
    "credentials_of",
    "credentials_of_user",
    "favorite_genres",
    "hash_password",
    "load_or_create",
    "needs_rehash",
    "of_nobody",
    "owner_of",
    "profile_of",
    "register",
    "rename",
    "revoke",
    "revoke_all",
    "rotate",
    "set_password",
    "start",
    "user",
    "verify",
]
