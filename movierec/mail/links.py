"""Where links in mails lead: only to what is configured, never to what a request names as its host."""

from __future__ import annotations

from movierec.config import ServerSettings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def base_url(server: ServerSettings) -> str | None:
    """The daemon's address for links; None where people elsewhere use it and nobody said under which name."""
    if server.public_url:
        return server.public_url.rstrip("/")
    if server.host not in LOOPBACK:
        return None
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"http://{host}:{server.port}"


def token_link(base: str, purpose: str, token: str) -> str:
    """The page that uses `token`; behind `#`, so that no log and no referrer gets to see it."""
    return f"{base}/account/#{purpose}={token}"
