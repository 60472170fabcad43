"""User names and e-mail addresses: validation, and the canonical key that must be unique."""

from __future__ import annotations

import re
import unicodedata

from movierec.errors import ValidationFailed

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN = re.compile(
    r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,62}"
)


def canonical(text: str) -> str:
    """Fold case and compatibility forms (NFKC → casefold → NFKC); a database's lower() depends on its locale."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def username_key(username: str) -> str:
    """Return the key of a user name: 3–32 letters, digits or `._-`, of one script. Raises ValidationFailed."""
    key = canonical(username)
    if not 3 <= len(username) <= 32 or not 3 <= len(key) <= 32:
        raise ValidationFailed.of("username", "Use 3 to 32 characters.")
    if not all(c in "._-" or unicodedata.category(c)[0] in "LN" for c in username):
        raise ValidationFailed.of("username", "Use letters, digits, dot, underscore and hyphen only.")
    if not any(c.isalnum() for c in username):
        raise ValidationFailed.of("username", "Use at least one letter or digit.")
    # Homographs: with two scripts in one name a Cyrillic а could pass for a Latin a.
    scripts = {unicodedata.name(c, "?").split()[0] for c in key if unicodedata.category(c)[0] == "L"}
    if len(scripts - {"CJK", "HIRAGANA", "KATAKANA"}) > 1:
        raise ValidationFailed.of("username", "Use letters of one script only.")
    return key


def email_key(email: str) -> str:
    """Return the key of an e-mail address. Raises ValidationFailed unless it is one plain address."""
    local, at, domain = email.rpartition("@")
    if at and not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            domain = ""
    dotted = local.startswith(".") or local.endswith(".") or ".." in local
    if dotted or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise ValidationFailed.of("email", "This is not an e-mail address.")
    return canonical(f"{local}@{domain}")
