"""Tokens as text: sign and verify access tokens, generate and hash opaque ones. No database access."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

import jwt

from movierec.auth.keys import SigningKeys
from movierec.errors import TokenExpired, TokenInvalid

ISSUER = "movierec"
AUDIENCE = "movierec-api"
MAXIMUM_LENGTH = 4096
LEEWAY_SECONDS = 30
REFRESH_PREFIX = "mrr_"
PERSONAL_PREFIX = "mrp_"


@dataclass(frozen=True)
class AccessClaims:
    """The claims of a verified access token. `sessions.authenticate` checks that its session is still live."""

    user_id: int
    session_id: int
    epoch: int


def sign_access_token(keys: SigningKeys, claims: AccessClaims, now: int, ttl_seconds: int) -> str:
    """Sign an access token (RFC 9068 `at+jwt`, HS256), valid from `now` for `ttl_seconds`."""
    payload = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(claims.user_id),
        "sid": str(claims.session_id),
        "jti": secrets.token_urlsafe(12),
        "iat": now,
        "nbf": now,
        "exp": now + ttl_seconds,
        "ep": claims.epoch,
    }
    headers = {"typ": "at+jwt", "kid": keys.active}
    return jwt.encode(payload, keys.signing[keys.active], algorithm="HS256", headers=headers)


def check_access_token(keys: SigningKeys, token: str, now: int) -> AccessClaims:
    """Verify an access token and return its claims. Raises TokenExpired or TokenInvalid, and nothing else."""
    # PyJWT parses before it verifies, which takes 100 ms for a token of a megabyte.
    if len(token) > MAXIMUM_LENGTH or not token.isascii():
        raise TokenInvalid()
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != "at+jwt":  # PyJWT does not check it
            raise TokenInvalid()
        payload = jwt.decode(
            token,
            keys.signing[header["kid"]],
            algorithms=["HS256"],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={
                "require": ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "ep"],
                "strict_aud": True,
                "enforce_minimum_key_length": True,
                # Checked below against the injected clock.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        claims = AccessClaims(
            _identifier(payload["sub"]), _identifier(payload["sid"]), _integer(payload["ep"])
        )
        not_before, expires = _integer(payload["nbf"]), _integer(payload["exp"])
    except Exception as error:  # malformed input raises many exceptions, which all mean the same
        raise TokenInvalid() from error
    if now < not_before - LEEWAY_SECONDS:
        raise TokenInvalid()
    if now >= expires + LEEWAY_SECONDS:
        raise TokenExpired()
    return claims


def _identifier(text: object) -> int:
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise TokenInvalid()
    return int(text)


def _integer(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or abs(number) >= 2**62:
        raise TokenInvalid()
    return number


def new_refresh_token() -> str:
    """Generate a refresh token."""
    return REFRESH_PREFIX + secrets.token_urlsafe(32)


def derive_successor(keys: SigningKeys, refresh: str) -> str:
    """Derive the refresh token that follows `refresh`, so that a repeated request gets the same response."""
    digest = hmac.digest(keys.rotation, refresh.encode(), "sha256")
    return REFRESH_PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_refresh_token(token: str) -> bool:
    return token.startswith(REFRESH_PREFIX) and len(token) <= 128 and token.isascii()


def new_personal_token() -> str:
    """Generate the secret of a personal token."""
    return PERSONAL_PREFIX + secrets.token_urlsafe(32)


def is_personal_token(token: str) -> bool:
    return token.startswith(PERSONAL_PREFIX) and len(token) <= 128 and token.isascii()


def hash_token(refresh: str) -> str:
    """Hash an opaque token for storage: SHA-256 in hex. It has 256 random bits, so no salt is needed."""
    return hashlib.sha256(refresh.encode()).hexdigest()
