"""Forged access tokens against a running daemon: signed with its own keys, each invalid in one respect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from movierec import auth, db
from movierec.auth import tokens
from tests.auth.test_tokens import forge, part
from tests.running import Account, Daemon, RunningDaemon

ME = "/api/v1/auth/me/"
DAY_SECONDS = 86_400
CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "ep")


class Forger:
    """Signs tokens like the daemon, with changes."""

    def __init__(self, daemon: RunningDaemon, owner: Account, other: Account) -> None:
        keys = auth.load_or_create_keys(daemon.settings.paths.state / "keys.json")
        self.key, self.kid = keys.signing[keys.active], keys.active
        self.rotation = keys.rotation
        self.now = int(daemon.clock())
        self.owner, self.other = (self._claims(account) for account in (owner, other))

    def _claims(self, account: Account) -> dict[str, Any]:
        session, epoch = db.row(
            "SELECT sessions.id, auth_epoch FROM sessions JOIN users ON users.id = user_id WHERE users.id = ?",
            account.id,
        ) or (0, 0)
        times = {"iat": self.now, "nbf": self.now, "exp": self.now + 3600}
        return {"sub": str(account.id), "sid": str(session), "ep": epoch, **times}

    def __call__(self, key: bytes | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        return forge(key or self.key, {"kid": self.kid, **(header or {})}, **{**self.owner, **changes})

    def unsigned(self, algorithm: str) -> str:
        return f"{part({'alg': algorithm, 'typ': 'at+jwt', 'kid': self.kid})}.{part(self.owner)}."


def table(forger: Forger) -> dict[str, str]:
    """Return at least fifty tokens that must be refused."""
    good, other, now = forger(), forger.other, forger.now
    head, body, signature = good.split(".")
    return {
        "another key": forger(b"x" * 48),
        "the rotation key": forger(forger.rotation),
        "an empty key": forger(b"\0"),
        "the kid as the key": forger(forger.kid.encode() * 3),
        **{f"kid {kid!r}": forger(header={"kid": kid}) for kid in ("", "x", "../keys", "0", [], {}, 1, None)},
        **{f"type {typ!r}": forger(header={"typ": typ}) for typ in ("JWT", "at+jwt ", "AT+JWT", "", None, 1)},
        **{f"unsigned {alg}": forger.unsigned(alg) for alg in ("none", "None", "NONE", "HS256", "RS256", "")},
        **{f"alg {alg}": forger(header={"alg": alg}) for alg in ("HS384", "HS512", "RS256", "ES256", None)},
        "critical header": forger(header={"crit": ["x"], "x": 1}),
        "embedded key": forger(b"x" * 48, {"jwk": {"kty": "oct", "k": "eHh4"}}),
        "key by address": forger(b"x" * 48, {"jku": "http://127.0.0.1/keys"}),
        **{f"no {name}": forger(**{name: ...}) for name in CLAIMS},
        "another issuer": forger(iss="x"),
        "another audience": forger(aud="x"),
        "a list of audiences": forger(aud=["movierec-api"]),
        "expired": forger(exp=now - 31),
        "expired long ago": forger(exp=1),
        "not yet": forger(nbf=now + DAY_SECONDS),
        "an expiry in text": forger(exp=str(now + 60)),
        "an expiry without end": forger(exp=1e400),
        "another user's id": forger(sub=other["sub"]),
        "another user's session": forger(sid=other["sid"]),
        "another user's id and epoch": forger(sub=other["sub"], ep=other["ep"]),
        "the next epoch": forger(ep=forger.owner["ep"] + 1),
        "the last epoch": forger(ep=forger.owner["ep"] - 1),
        "no epoch": forger(ep=0),
        "an absent session": forger(sid="999999"),
        "an absent user": forger(sub="999999"),
        "a session that is a list": forger(sid=[forger.owner["sid"]]),
        "a number for a user": forger(sub=int(forger.owner["sub"])),
        "a user with a blank": forger(sub=forger.owner["sub"] + " "),
        "a user in SQL": forger(sub=forger.owner["sub"] + " OR 1=1"),
        "another payload": f"{head}.{part({**forger.owner, 'sub': other['sub']})}.{signature}",
        "no signature": f"{head}.{body}.",
        "half a signature": f"{head}.{body}.{signature[:20]}",
        "no payload": f"{head}..{signature}",
        "only a payload": body,
        "four parts": f"{good}.{signature}",
        "quoted": f'"{good}"',
        "twice": f"{good}{good}",
        "a refresh token": tokens.new_refresh_token(),
        "an unknown personal token": tokens.new_personal_token(),
        "a personal prefix": "mrp_",
        "far too long": good + "A" * 5000,
        "a number": "1",
        "null": "null",
    }  # fmt: skip


@pytest.fixture
def running(template: Any, tmp_path: Any) -> Iterator[RunningDaemon]:
    for settings in template.copy(tmp_path / "movierec"):
        with Daemon(settings) as daemon:
            yield daemon


def test_forged_tokens_are_refused(running: RunningDaemon) -> None:
    owner, other = running.register(), running.register()
    forger = Forger(running, owner, other)
    running.get(ME, token=forger())  # an unchanged token is accepted
    crafted = table(forger)
    assert len(crafted) >= 50
    for what, token in crafted.items():
        reply = running.request("GET", ME, token=token)
        assert reply.status == 401, what
        assert reply.headers["WWW-Authenticate"] == "Bearer"
        assert reply.json()["code"] in ("token_invalid", "token_expired", "not_authenticated"), what
        verified = running.request("POST", "/api/v1/auth/token/verify/", {"token": token})
        assert verified.status == 401, what
    assert running.get(ME, token=owner)["id"] == owner.id
