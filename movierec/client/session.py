"""Authenticated requests. An expired access token is refreshed once, by one process for all."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypedDict, Unpack
from urllib.parse import urlencode

from movierec import __version__
from movierec.client.answers import parse_reply
from movierec.client.transport import Transport, UploadBody
from movierec.errors import NotAuthenticated, TokenExpired, TokenInvalid, ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import QueryValue

ANSWER_SECONDS = 30.0
API = "/api/v1"
REFRESH_PATH = f"{API}/auth/token/refresh/"


class StoredTokens(NamedTuple):
    access: str
    refresh: str


class TokenStore(Protocol):
    """Storage of the tokens for one server, shared with other processes of the same user."""

    def load(self) -> StoredTokens | None: ...
    def save(self, tokens: StoredTokens) -> None: ...
    def delete(self) -> None: ...
    def locked(self) -> AbstractContextManager[None]: ...


class RequestOptions(TypedDict, total=False):
    """Keyword arguments of a request; see `HttpSession._send`."""

    query: Mapping[str, QueryValue]
    body: object
    make_body: Callable[[], object]
    upload: UploadBody
    repeatable: bool
    seconds: float
    download: bool


class HttpSession:
    """Requests to the daemon at `server` with a fixed `token`, with the tokens of `store`, or anonymously."""

    def __init__(self, server: str, store: TokenStore | None = None, *, token: str = "") -> None:
        self.server = server
        self._transport = Transport(server)
        self._store = store
        self._token = _checked(token)

    def refresh(self, refresh: str) -> StoredTokens:
        # The daemon repeats its response to a repeated refresh, so that a lost response may be retried.
        answer = self._anonymous("POST", REFRESH_PATH, body={"refresh": refresh}, repeatable=True)
        return StoredTokens(answer["access"], answer["refresh"])

    def _anonymous(self, method: str, path: str, **request: Unpack[RequestOptions]) -> Any:
        return self._send(method, path, "", **request)

    def _as_anybody(self, method: str, path: str, **request: Unpack[RequestOptions]) -> Any:
        """Request as the user if signed in, so that the response includes personal data; else anonymously."""
        try:
            return self._as_user(method, path, **request)
        except (NotAuthenticated, TokenInvalid):
            if self._token:
                raise
            return self._anonymous(method, path, **request)

    def _as_user(self, method: str, path: str, **request: Unpack[RequestOptions]) -> Any:
        if self._token:
            return self._send(method, path, self._token, **request)
        access = self._access_token()
        try:
            return self._send(method, path, access, **request)
        except (TokenExpired, TokenInvalid):
            # The daemon may have a new signing key: the refresh token decides.
            return self._send(method, path, self._renewed(access), **request)

    def _access_token(self) -> str:
        """Return the stored access token, refreshed first if it has expired."""
        access = self._stored().access
        expires_at = _expiry(access)
        return self._renewed(access) if expires_at is not None and expires_at <= time.time() else access

    def _refresh_token(self) -> str:
        return self._stored().refresh

    def _stored(self) -> StoredTokens:
        tokens = self._store.load() if self._store else None
        if tokens is None:
            raise NotAuthenticated(f"You are not signed in to {self.server}. Run: movierec login")
        return tokens

    def _renewed(self, refused: str) -> str:
        """Return an access token other than `refused`. One process refreshes, the others wait for it."""
        assert self._store is not None
        with self._store.locked():
            tokens = self._stored()
            if tokens.access != refused:
                return tokens.access
            try:
                tokens = self.refresh(tokens.refresh)
            except TokenInvalid as error:
                self._store.delete()
                raise TokenInvalid(f"Your session at {self.server} has ended. Run: movierec login") from error
            self._store.save(tokens)
            return tokens.access

    def _send(
        self,
        method: str,
        path: str,
        token: str,
        *,
        query: Mapping[str, QueryValue] | None = None,
        body: object = None,
        make_body: Callable[[], object] | None = None,
        upload: UploadBody | None = None,
        repeatable: bool = False,
        seconds: float = ANSWER_SECONDS,
        download: bool = False,
    ) -> Any:
        headers = {
            "Accept": "*/*" if download else "application/json",
            "User-Agent": f"movierec/{__version__}",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content: bytes | UploadBody | None = upload
        if upload:
            headers |= {"Content-Type": "application/zip", "Content-Length": str(upload.size)}
        elif make_body or body is not None:
            headers["Content-Type"] = "application/json"
            content = _json(make_body() if make_body else body)
        target = path + _query_string(query or {})
        # Not DELETE: a retry would find nothing and look like a failure.
        safe = repeatable or method in ("GET", "PUT")
        reply = self._transport.exchange(
            method, target, content, headers, seconds, retry=safe, download=download
        )
        return parse_reply(self.server, reply)


def _query_string(query: Mapping[str, QueryValue]) -> str:
    given = {name: _text(value) for name, value in query.items() if value is not None}
    return "?" + urlencode(given) if given else ""


def _text(value: QueryValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(body: object) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except ValueError as error:
        raise ValidationFailed("A number is NaN or infinite. Use a finite number.") from error


def _checked(token: str) -> str:
    """Return the token without white space. Raises TokenInvalid if it cannot be sent in a header."""
    token = token.strip()
    if not all("!" <= character <= "~" for character in token):
        raise TokenInvalid(
            "MOVIEREC_TOKEN holds characters that are not allowed in a token. Copy the token again."
        )
    return token


def _expiry(access: str) -> float | None:
    """Return the expiry time of a JWT, None for anything else. A hint only: the daemon decides."""
    with contextlib.suppress(ValueError, IndexError, KeyError, TypeError):
        payload = access.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
    return None


def drop_none(**fields: object) -> dict[str, object]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
