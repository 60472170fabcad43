"""Addresses of links in mails: always the configured one, never the Host header of a request."""

from __future__ import annotations

from movierec.config import ServerSettings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def base_url(server: ServerSettings) -> str | None:
    """Return the daemon's address for links; None where it is reachable from elsewhere and public_url is not set."""
    if server.public_url:
        return server.public_url.rstrip("/")
    if server.host not in LOOPBACK:
        return None
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"http://{host}:{server.port}"


def token_link(base: str, purpose: str, token: str) -> str:
    """Return the link that uses a token, in the fragment: it reaches no server log and no Referer header."""
    return f"{base}/account/#{purpose}={token}"
