"""Password rules and bcrypt hashes. Hashing takes a quarter of a second: call it in the hashing threads."""

from __future__ import annotations

import base64
import functools
import hashlib
import unicodedata

import bcrypt

from movierec.auth.password_strength import contains_name, is_guessable
from movierec.errors import ValidationFailed

MAXIMUM_PASSWORD_LENGTH = 1024


def check_password_rules(password: str, minimum_length: int, *own: str, field: str = "password") -> None:
    """Raise ValidationFailed where `password` is too short, too long, easy to guess or contains an `own` name."""
    if not minimum_length <= len(password) <= MAXIMUM_PASSWORD_LENGTH:
        raise ValidationFailed.of(field, f"Use {minimum_length} to {MAXIMUM_PASSWORD_LENGTH} characters.")
    if contains_name(password, own):
        raise ValidationFailed.of(field, "Use a password without your user name or e-mail address in it.")
    if is_guessable(password, own):
        raise ValidationFailed.of(
            field, "This password is too easy to guess. A few rare words make a good one."
        )


def hash_password(password: str, cost: int) -> str:
    """Hash a password with bcrypt over SHA-256: bcrypt alone ignores all after 72 bytes or a NUL."""
    return bcrypt.hashpw(_digest(password), bcrypt.gensalt(cost)).decode("ascii")


def verify_password(password: str, hashed: str) -> bool:
    """Tell if a password matches a hash."""
    return bcrypt.checkpw(_digest(password), hashed.encode("ascii"))


def needs_rehash(hashed: str, cost: int) -> bool:
    """Tell if a hash was made with another work factor."""
    return int(hashed.split("$")[2]) != cost


@functools.cache
def dummy_hash(cost: int) -> str:
    """Return a hash to verify against for unknown names, so that they take as long as a wrong password."""
    return hash_password("nobody signs in with this", cost)


def _digest(password: str) -> bytes:
    normalised = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha256(normalised).digest())
