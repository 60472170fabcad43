"""Access tokens: accepted ones, and a table of forged ones that are rejected."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movierec.auth import keys, tokens
from movierec.auth.tokens import AccessClaims
from movierec.errors import TokenExpired, TokenInvalid

NOW = 1_700_000_000
KEY = b"k" * 48
OTHER = b"o" * 48
KEYS = keys.SigningKeys(active="one", signing={"one": KEY, "two": OTHER}, rotation=b"r" * 48)
CLAIMS = AccessClaims(user_id=7, session_id=9, epoch=3)

GOOD = {
    "iss": "movierec",
    "aud": "movierec-api",
    "sub": "7",
    "sid": "9",
    "jti": "x",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 3600,
    "ep": 3,
}


def part(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def forge(key: bytes = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """Sign a token by hand, as PyJWT refuses to create most of these; the value `...` leaves a claim out."""
    payload = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    fields = {"alg": "HS256", "typ": "at+jwt", "kid": "one", **(header or {})}
    signed = f"{part({name: value for name, value in fields.items() if value is not None})}.{part(payload)}"
    signature = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).rstrip(b"=").decode()
    return f"{signed}.{signature}"


def unsigned(header: dict[str, Any]) -> str:
    return f"{part(header)}.{part(GOOD)}."


def test_a_signed_token_is_accepted() -> None:
    token = tokens.sign_access_token(KEYS, CLAIMS, NOW, 3600)
    assert tokens.check_access_token(KEYS, token, NOW + 3599) == CLAIMS


def test_a_token_of_an_inactive_key_is_accepted() -> None:
    assert tokens.check_access_token(KEYS, forge(OTHER, {"kid": "two"}), NOW) == CLAIMS


def test_the_leeway_is_thirty_seconds() -> None:
    token = tokens.sign_access_token(KEYS, CLAIMS, NOW, 3600)
    assert tokens.check_access_token(KEYS, token, NOW + 3629) == CLAIMS
    with pytest.raises(TokenExpired):
        tokens.check_access_token(KEYS, token, NOW + 3630)
    with pytest.raises(TokenInvalid):
        tokens.check_access_token(KEYS, token, NOW - 31)


FORGED = {
    "another key": forge(OTHER),
    "a key too short": forge(b"short" * 4),
    "the kid of another key": forge(KEY, {"kid": "two"}),
    "an unknown kid": forge(KEY, {"kid": "three"}),
    "no kid": forge(KEY, {"kid": None}),
    "a kid that is a path": forge(KEY, {"kid": "../../dev/null"}),
    "an ordinary JWT's type": forge(KEY, {"typ": "JWT"}),
    "no type": forge(KEY, {"typ": None}),
    "no signature": unsigned({"alg": "none", "typ": "at+jwt", "kid": "one"}),
    "no signature, capitals": unsigned({"alg": "NONE", "typ": "at+jwt", "kid": "one"}),
    "no signature but HS256": unsigned({"alg": "HS256", "typ": "at+jwt", "kid": "one"}),
    "another issuer": forge(iss="elsewhere"),
    "another audience": forge(aud="elsewhere"),
    "two audiences": forge(aud=["movierec-api", "elsewhere"]),
    **{f"no {name}": forge(**{name: ...}) for name in GOOD},
    "a null expiry": forge(exp=None),
    "an expiry in text": forge(exp=str(NOW + 60)),
    "a fractional expiry": forge(exp=NOW + 0.5),
    "an expiry beyond time": forge(exp=2**63),
    "an infinite expiry": forge(exp=1e400),
    "not before tomorrow": forge(nbf=NOW + 86400),
    "a subject in SQL": forge(sub="7 OR 1=1"),
    "a negative subject": forge(sub="-7"),
    "a subject in Arabic digits": forge(sub="٧"),
    "a subject of a thousand digits": forge(sub="7" * 1000),
    "an empty session": forge(sid=""),
    "an epoch in text": forge(ep="3"),
    "a true epoch": forge(ep=True),
    "nothing": "",
    "a dot": ".",
    "three dots": "...",
    "not ASCII": "é" * 20,
    "NUL": "\0",
    "a megabyte": "a" * 1_000_000,
    "a megabyte in parts": ".".join(["a" * 300_000] * 3),
    "deep JSON": base64.urlsafe_b64encode(b"[" * 900).decode() + ".e30.e30",
    "a refresh token": tokens.new_refresh_token(),
    "a token and more": forge() + ".x",
    "a token cut short": forge()[:-2],
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_forged_tokens_are_rejected(token: str) -> None:
    with pytest.raises(TokenInvalid):
        tokens.check_access_token(KEYS, token, NOW)


def test_a_token_with_one_changed_character_is_rejected() -> None:
    token = forge()
    for position in range(0, len(token) - 1, 7):
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        with pytest.raises(TokenInvalid):
            tokens.check_access_token(KEYS, changed, NOW)


@given(st.text(max_size=200))
def test_any_other_text_is_rejected_as_an_invalid_token(text: str) -> None:
    with pytest.raises(TokenInvalid):
        tokens.check_access_token(KEYS, text, NOW)


def test_the_successor_of_a_refresh_token_is_deterministic() -> None:
    refresh = tokens.new_refresh_token()
    assert tokens.derive_successor(KEYS, refresh) == tokens.derive_successor(KEYS, refresh) != refresh
    assert tokens.is_refresh_token(tokens.derive_successor(KEYS, refresh))
