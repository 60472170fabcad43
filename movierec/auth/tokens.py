"""Tokens as text: signing and checking access tokens, making refresh tokens. No database here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

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
    """What a checked access token says. Whether it still holds, `sessions.authenticate` knows."""

    user_id: int
    session_id: int
    epoch: int


def sign_access_token(keys: SigningKeys, claims: AccessClaims, now: int, ttl_seconds: int) -> str:
    """An access token (RFC 9068 `at+jwt`, HS256) valid from `now` for `ttl_seconds`."""
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
    """The claims of `token`. Raises TokenExpired or TokenInvalid; nothing else, whatever the token."""
    # PyJWT parses before it verifies, and a megabyte of token takes it 100 ms.
    if len(token) > MAXIMUM_LENGTH or not token.isascii():
        raise TokenInvalid()
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != "at+jwt":  # PyJWT never looks at it
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
                # Checked below against the clock handed in.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        claims = AccessClaims(
            _identifier(payload["sub"]), _identifier(payload["sid"]), _integer(payload["ep"])
        )
        not_before, expires = _integer(payload["nbf"]), _integer(payload["exp"])
    except Exception as error:  # malformed input finds many ways to fail; all mean the same
        raise TokenInvalid() from error
    if now < not_before - LEEWAY_SECONDS:
        raise TokenInvalid()
    if now >= expires + LEEWAY_SECONDS:
        raise TokenExpired()
    return claims


def _identifier(text: Any) -> int:
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise TokenInvalid()
    return int(text)


def _integer(number: Any) -> int:
    if type(number) is not int or abs(number) >= 2**62:
        raise TokenInvalid()
    return number


def new_refresh_token() -> str:
    return REFRESH_PREFIX + secrets.token_urlsafe(32)


def derive_successor(keys: SigningKeys, refresh: str) -> str:
    """The refresh token that follows `refresh`: derived, so that a repeated request gets the same answer."""
    digest = hmac.digest(keys.rotation, refresh.encode(), "sha256")
    return REFRESH_PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_refresh_token(token: str) -> bool:
    return token.startswith(REFRESH_PREFIX) and len(token) <= 128 and token.isascii()


def new_personal_token() -> str:
    return PERSONAL_PREFIX + secrets.token_urlsafe(32)


def is_personal_token(token: str) -> bool:
    return token.startswith(PERSONAL_PREFIX) and len(token) <= 128 and token.isascii()


def hash_token(refresh: str) -> str:
    """What is stored of an opaque token: SHA-256 in hex. It has 256 random bits, so no salt is needed."""
    return hashlib.sha256(refresh.encode()).hexdigest()
