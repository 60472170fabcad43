"""One method per endpoint of the daemon. Tokens are refreshed on the way; a refusal is raised as the
same exception class that the daemon raised. Knows HTTP and JSON, nothing of terminals.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import itertools
import json
import select
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode, urlsplit

from movierec import __version__, errors
from movierec.errors import (
    FieldError,
    MovierecError,
    NotAuthenticated,
    ServerUnreachable,
    TokenExpired,
    TokenInvalid,
    ValidationFailed,
)

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
# An upload is answered only when the daemon has stored all of it.
UPLOAD_SECONDS = 600.0
# The daemon keeps idle connections for longer, a proxy between may not.
REUSE_SECONDS = 5.0
RETRIES = 2
API = "/api/v1"

# The class of an answer whose code this version does not know.
_BY_STATUS: dict[int, type[MovierecError]] = {
    400: errors.MalformedRequest,
    401: errors.NotAuthenticated,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    409: errors.Conflict,
    413: errors.BodyTooLarge,
    422: errors.ValidationFailed,
    429: errors.Throttled,
    503: errors.Busy,
    507: errors.StorageFull,
}


class Tokens(NamedTuple):
    access: str
    refresh: str


class TokenStore(Protocol):
    """Where the tokens for one server are kept, shared with other processes of the same user."""

    def load(self) -> Tokens | None: ...
    def save(self, tokens: Tokens) -> None: ...
    def forget(self) -> None: ...
    def locked(self) -> AbstractContextManager[None]: ...


class Refused(Exception):
    """The `__cause__` of an error that the daemon answered: its HTTP status and request id."""

    def __init__(self, status: int, request_id: str) -> None:
        self.status = status
        self.request_id = request_id
        super().__init__(f"HTTP {status}, request {request_id}")


class Upload(NamedTuple):
    """A body of `size` bytes; `chunks` starts it anew, as a repeated request needs."""

    size: int
    chunks: Callable[[], Iterable[bytes]]


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Client:
    """Speaks to the daemon at `server` with a fixed `token`, or with those of `store`, or anonymously."""

    def __init__(self, server: str, store: TokenStore | None = None, *, token: str = "") -> None:
        self.server = server
        self._transport = _Transport(server)
        self._store = store
        self._token = _checked(token)

    # Accounts

    def register(self, **account: Any) -> Any:
        return self._anonymous("POST", f"{API}/auth/", body=account)

    def log_in(self, name: str, password: str) -> Any:
        field = "email" if "@" in name else "username"
        return self._anonymous("POST", f"{API}/auth/login/", body={field: name, "password": password})

    def log_out(self) -> Any:
        # The body is made per try: after a refresh it must hold the new token.
        return self._as_user(
            "POST", f"{API}/auth/logout/", make_body=lambda: {"refresh": self._refresh_token()}
        )

    def refresh(self, refresh: str) -> Tokens:
        # The daemon repeats the answer to a repeated refresh, so that a lost one may be asked for again.
        path = f"{API}/auth/token/refresh/"
        answer = self._anonymous("POST", path, body={"refresh": refresh}, repeatable=True)
        return Tokens(answer["access"], answer["refresh"])

    def verify(self, token: str) -> Any:
        return self._anonymous("POST", f"{API}/auth/token/verify/", body={"token": token}, repeatable=True)

    def me(self) -> Any:
        return self._as_user("GET", f"{API}/auth/me/")

    def rename(self, **names: str) -> Any:
        return self._as_user("PATCH", f"{API}/auth/me/", body=names)

    def change_password(self, old: str, new: str) -> Any:
        body = {"old_password": old, "new_password": new, "new_password_confirm": new}
        return self._as_user("POST", f"{API}/auth/change_password/", body=body)

    # Movies

    def movies(self, **query: Any) -> Any:
        return self._anonymous("GET", f"{API}/movies/", query=query)

    def movie(self, movie_id: int) -> Any:
        return self._as_anybody("GET", f"{API}/movies/{movie_id}/")

    def search(self, text: str, **query: Any) -> Any:
        return self._anonymous("GET", f"{API}/movies/search/", query={"q": text, **query})

    def genres(self) -> Any:
        return self._anonymous("GET", f"{API}/movies/genres/")

    def movie_by_tmdb(self, tmdb_id: str) -> Any:
        return self._as_anybody("GET", f"{API}/movies/tmdb/{quote(tmdb_id, safe='')}/")

    def movie_by_imdb(self, imdb_id: str) -> Any:
        return self._as_anybody("GET", f"{API}/movies/imdb/{quote(imdb_id, safe='')}/")

    def trending(self, **query: Any) -> Any:
        return self._anonymous("GET", f"{API}/movies/trending/", query=query)

    def popular(self, **query: Any) -> Any:
        return self._anonymous("GET", f"{API}/movies/popular/", query=query)

    def top_rated(self, **query: Any) -> Any:
        return self._anonymous("GET", f"{API}/movies/top_rated/", query=query)

    # Favorites and ratings

    def favorites(self, **query: Any) -> Any:
        return self._as_user("GET", f"{API}/favorites/", query=query)

    def add_favorite(self, movie_id: int) -> Any:
        # Adding twice answers with the first one, so that it may be repeated.
        return self._as_user("POST", f"{API}/favorites/", body={"movie": movie_id}, repeatable=True)

    def favorite(self, favorite_id: int) -> Any:
        return self._as_user("GET", f"{API}/favorites/{favorite_id}/")

    def note_favorite(self, favorite_id: int, note: str) -> Any:
        return self._as_user("PATCH", f"{API}/favorites/{favorite_id}/", body={"note": note})

    def remove_favorite(self, favorite_id: int) -> None:
        self._as_user("DELETE", f"{API}/favorites/{favorite_id}/")

    def is_favorite(self, movie_id: int) -> bool:
        return bool(self._as_user("GET", f"{API}/favorites/check/{movie_id}/")["is_favorited"])

    def ratings(self, **query: Any) -> Any:
        return self._as_user("GET", f"{API}/favorites/ratings/", query=query)

    def rate(self, movie_id: int, rating: float, review: str | None = None) -> Any:
        body = _without_none(movie=movie_id, rating=rating, review=review)
        return self._as_user("POST", f"{API}/favorites/ratings/", body=body)

    def rating(self, rating_id: int) -> Any:
        return self._as_user("GET", f"{API}/favorites/ratings/{rating_id}/")

    def replace_rating(self, rating_id: int, **fields: Any) -> Any:
        return self._as_user("PUT", f"{API}/favorites/ratings/{rating_id}/", body=fields)

    def change_rating(self, rating_id: int, **fields: Any) -> Any:
        return self._as_user("PATCH", f"{API}/favorites/ratings/{rating_id}/", body=fields)

    def remove_rating(self, rating_id: int) -> None:
        self._as_user("DELETE", f"{API}/favorites/ratings/{rating_id}/")

    def rating_of(self, movie_id: int) -> Any:
        return self._as_user("GET", f"{API}/favorites/ratings/movie/{movie_id}/")

    def rate_movie(self, movie_id: int, rating: float, review: str | None = None) -> Any:
        """Rate by movie: may be repeated, unlike `rate`."""
        path = f"{API}/favorites/ratings/movie/{movie_id}/"
        return self._as_user("PUT", path, body=_without_none(rating=rating, review=review))

    def unrate_movie(self, movie_id: int) -> None:
        self._as_user("DELETE", f"{API}/favorites/ratings/movie/{movie_id}/")

    # Recommendations

    def recommendations(self, **query: Any) -> Any:
        """Filters as the API names them: limit, genre, exclude_genre, year_min, novelty, include_seen, ..."""
        return self._as_user("GET", f"{API}/recommendations/", query=query)

    def recommendation(self, recommendation_id: int) -> Any:
        return self._as_user("GET", f"{API}/recommendations/{recommendation_id}/")

    def refresh_recommendations(self) -> Any:
        return self._as_user("POST", f"{API}/recommendations/refresh/")

    def similar(self, movie_id: int, **query: Any) -> Any:
        return self._anonymous("GET", f"{API}/recommendations/similar/{movie_id}/", query=query)

    def explain(self, movie_id: int) -> Any:
        return self._as_user("GET", f"{API}/recommendations/explain/{movie_id}/")

    def give_feedback(self, movie_id: int, feedback_type: str, comment: str | None = None) -> Any:
        body = _without_none(movie=movie_id, feedback_type=feedback_type, comment=comment)
        return self._as_user("POST", f"{API}/recommendations/feedback/", body=body)

    def feedback(self, **query: Any) -> Any:
        return self._as_user("GET", f"{API}/recommendations/feedback/list/", query=query)

    def withdraw_feedback(self, feedback_id: int) -> None:
        self._as_user("DELETE", f"{API}/recommendations/feedback/{feedback_id}/")

    # Imports, jobs, model, health

    def import_movielens(self, upload: Upload) -> Any:
        """Upload a zip as MovieLens publishes them; answers with the job."""
        path, query = f"{API}/imports/", {"format": "movielens"}
        return self._as_user("POST", path, query=query, upload=upload, seconds=UPLOAD_SECONDS)

    def jobs(self, **query: Any) -> Any:
        return self._as_user("GET", f"{API}/jobs/", query=query)

    def job(self, job_id: int) -> Any:
        return self._as_user("GET", f"{API}/jobs/{job_id}/")

    def cancel_job(self, job_id: int) -> Any:
        return self._as_user("DELETE", f"{API}/jobs/{job_id}/")

    def train(self, **query: Any) -> Any:
        return self._as_user("POST", f"{API}/model/train/", query=query)

    def model(self) -> Any:
        return self._as_user("GET", f"{API}/model/")

    def roll_back_model(self) -> Any:
        return self._as_user("POST", f"{API}/model/rollback/")

    def health(self) -> Any:
        return self._anonymous("GET", "/health/", seconds=CONNECT_SECONDS)

    # Signed in or not

    def _anonymous(self, method: str, path: str, **request: Any) -> Any:
        return self._send(method, path, "", **request)

    def _as_anybody(self, method: str, path: str, **request: Any) -> Any:
        """Signed in where possible: the answer then holds what is one's own."""
        try:
            return self._as_user(method, path, **request)
        except (NotAuthenticated, TokenInvalid):
            if self._token:
                raise
            return self._anonymous(method, path, **request)

    def _as_user(self, method: str, path: str, **request: Any) -> Any:
        if self._token:
            return self._send(method, path, self._token, **request)
        access = self._access_token()
        try:
            return self._send(method, path, access, **request)
        except (TokenExpired, TokenInvalid):
            # Invalid may mean that the daemon has a new signing key: the refresh token decides.
            return self._send(method, path, self._renewed(access), **request)

    def _access_token(self) -> str:
        """The stored access token, renewed beforehand where it has expired."""
        access = self._stored().access
        expires_at = _expiry(access)
        return self._renewed(access) if expires_at is not None and expires_at <= time.time() else access

    def _refresh_token(self) -> str:
        return self._stored().refresh

    def _stored(self) -> Tokens:
        tokens = self._store.load() if self._store else None
        if tokens is None:
            raise NotAuthenticated(f"You are not signed in to {self.server}. Run: movierec login")
        return tokens

    def _renewed(self, refused: str) -> str:
        """An access token other than `refused`. One process refreshes, the others wait for it."""
        assert self._store is not None
        with self._store.locked():
            tokens = self._stored()
            if tokens.access != refused:
                return tokens.access
            try:
                tokens = self.refresh(tokens.refresh)
            except TokenInvalid as error:
                self._store.forget()
                raise TokenInvalid(f"Your session at {self.server} has ended. Run: movierec login") from error
            self._store.save(tokens)
            return tokens.access

    def _send(
        self,
        method: str,
        path: str,
        token: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        make_body: Callable[[], Any] | None = None,
        upload: Upload | None = None,
        repeatable: bool = False,
        seconds: float = ANSWER_SECONDS,
    ) -> Any:
        headers = {"Accept": "application/json", "User-Agent": f"movierec/{__version__}"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content: bytes | Upload | None = upload
        if upload:
            headers |= {"Content-Type": "application/zip", "Content-Length": str(upload.size)}
        elif make_body or body is not None:
            headers["Content-Type"] = "application/json"
            content = _json(make_body() if make_body else body)
        target = path + _query_string(query or {})
        safe = repeatable or method in ("GET", "PUT", "DELETE")
        return self._understood(
            self._transport.exchange(method, target, content, headers, seconds, retry=safe)
        )

    def _understood(self, reply: Reply) -> Any:
        """The JSON answered, or the error it stands for."""
        try:
            document = json.loads(reply.body) if reply.body else None
        except ValueError:
            document = reply.body
        if 200 <= reply.status < 300 and not isinstance(document, bytes):
            return document
        if reply.status < 400 or not isinstance(document, dict) or "code" not in document:
            kind = reply.headers.get_content_type()
            raise ServerUnreachable(
                f"What answers at {self.server} is not movierec (HTTP {reply.status}, {kind}). "
                "Check MOVIEREC_SERVER."
            )
        request_id = str(document.get("request_id") or reply.headers.get("X-Request-ID", ""))
        raise _error(reply, document) from Refused(reply.status, request_id)


class _Transport:
    """One connection to one server, kept between requests. Proxies of the environment are never used,
    redirects never followed: a token goes to the server it was made for.
    """

    _connection: http.client.HTTPConnection | None = None

    def __init__(self, server: str) -> None:
        self._server = server
        self._parts = urlsplit(server)
        self._used_at = 0.0

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def exchange(
        self,
        method: str,
        target: str,
        content: bytes | Upload | None,
        headers: Mapping[str, str],
        seconds: float,
        *,
        retry: bool,
    ) -> Reply:
        """Send a request and read its answer; `retry` where doing it twice does no harm.

        Raises ServerUnreachable where no complete answer comes.
        """
        for pause_seconds in (0.1, 0.4, None):
            try:
                return self._once(method, target, content, headers, seconds)
            except (ConnectionResetError, BrokenPipeError, http.client.IncompleteRead) as failure:
                if not retry or pause_seconds is None:
                    raise self._unreachable(failure, seconds) from failure
                time.sleep(pause_seconds)
            except (OSError, http.client.HTTPException) as failure:
                raise self._unreachable(failure, seconds) from failure
        raise AssertionError("the last try returns or raises")

    def _once(
        self,
        method: str,
        target: str,
        content: bytes | Upload | None,
        headers: Mapping[str, str],
        seconds: float,
    ) -> Reply:
        connection = self._connected(seconds)
        body = content.chunks() if isinstance(content, Upload) else content
        try:
            try:
                connection.request(method, self._parts.path.rstrip("/") + target, body, dict(headers))
            except (BrokenPipeError, ConnectionResetError):
                # Refused before all was sent: the answer that says why may be there already.
                return self._reply(connection)
            return self._reply(connection)
        except BaseException:
            self.close()
            raise

    def _reply(self, connection: http.client.HTTPConnection) -> Reply:
        with connection.getresponse() as response:
            reply = Reply(response.status, response.headers, response.read())
        self._used_at = time.monotonic()
        return reply

    def _connected(self, seconds: float) -> http.client.HTTPConnection:
        if self._connection and self._connection.sock:
            # Something to read before anything is asked: the other end has hung up.
            hung_up, _, _ = select.select([self._connection.sock], [], [], 0)
            if hung_up or time.monotonic() - self._used_at > REUSE_SECONDS:
                self.close()
        if self._connection is None or self._connection.sock is None:
            https = self._parts.scheme == "https"
            kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
            self._connection = kind(self._parts.hostname or "", self._parts.port, timeout=CONNECT_SECONDS)
            self._connection.connect()
        self._connection.sock.settimeout(seconds)
        return self._connection

    def _unreachable(self, failure: Exception, seconds: float) -> ServerUnreachable:
        if isinstance(failure, ConnectionRefusedError):
            what = f"No daemon answers at {self._server}."
            return ServerUnreachable(f"{what} Start one with: movierec-server serve (or set MOVIEREC_SERVER)")
        if isinstance(failure, TimeoutError):
            return ServerUnreachable(f"The daemon at {self._server} did not answer in time. Try again later.")
        reason = getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
        return ServerUnreachable(f"Cannot talk to {self._server}: {reason}. Check MOVIEREC_SERVER.")


def pages(fetch: Callable[..., Any], limit: int | None = None, **query: Any) -> Iterator[Any]:
    """All items of a paged list, or the first `limit`, fetched as they are asked for."""
    # The size stays: the daemon counts pages in it.
    size = min(limit or 100, 100)
    for number in itertools.count(1):
        page = fetch(page=number, page_size=size, **query)
        left = None if limit is None else limit - (number - 1) * size
        yield from page["results"][:left]
        if page["next"] is None or (left is not None and left <= size):
            return


def _error(reply: Reply, document: Mapping[str, Any]) -> MovierecError:
    fallback = _BY_STATUS.get(reply.status, errors.InternalError)
    kind = errors.by_code().get(str(document["code"]), fallback)
    found = document.get("errors")
    fields = [
        FieldError(str(item.get("field", "")), str(item.get("message", "")))
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, dict)
    ]
    wait = reply.headers.get("Retry-After", "")
    detail = document.get("detail")
    return kind(
        detail if isinstance(detail, str) else None,
        errors=fields,
        retry_after_seconds=int(wait) if wait.isascii() and wait.isdigit() else None,
    )


def _query_string(query: Mapping[str, Any]) -> str:
    given = {name: _text(value) for name, value in query.items() if value is not None}
    return "?" + urlencode(given) if given else ""


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _json(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except ValueError as error:
        raise ValidationFailed("NaN and infinity are no numbers here.") from error


def _checked(token: str) -> str:
    """A token that can stand in a header."""
    token = token.strip()
    if not all("!" <= character <= "~" for character in token):
        raise TokenInvalid("MOVIEREC_TOKEN holds characters that no token has.")
    return token


def _expiry(access: str) -> float | None:
    """When a JWT expires, None for anything else. Only a hint: the daemon decides."""
    with contextlib.suppress(ValueError, IndexError, KeyError, TypeError):
        payload = access.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
    return None
