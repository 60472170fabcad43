"""Connection settings: server address and credentials, from the environment and the credential file."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from movierec.cli.credentials import CredentialFile
from movierec.client import ApiClient
from movierec.errors import ValidationFailed
from movierec.paths import Paths

DEFAULT_SERVER = "http://127.0.0.1:8000"


def server_url() -> str:
    """Return the address of the daemon, normalised so that one daemon has one entry in the credential file."""
    address = os.environ.get("MOVIEREC_SERVER") or DEFAULT_SERVER
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError as error:
        raise _invalid_address(address) from error
    scheme, host = parts.scheme.lower(), parts.hostname
    if scheme not in ("http", "https") or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise _invalid_address(address)
    if not address.isascii() or any(character <= " " for character in address.strip()):
        raise _invalid_address(address)
    netloc = f"[{host}]" if ":" in host else host
    default_port = 443 if scheme == "https" else 80
    return (
        f"{scheme}://{netloc}"
        + (f":{port}" if port not in (None, default_port) else "")
        + parts.path.rstrip("/")
    )


def credential_file() -> CredentialFile:
    return CredentialFile(Paths.from_environment().state / "cli", server_url())


def connect() -> ApiClient:
    """Return a client of the daemon, for the user of MOVIEREC_TOKEN or of the stored credentials."""
    return ApiClient(server_url(), credential_file(), token=os.environ.get("MOVIEREC_TOKEN", ""))


def _invalid_address(address: str) -> ValidationFailed:
    return ValidationFailed(f"MOVIEREC_SERVER must be an address such as {DEFAULT_SERVER}, not {address!r}.")
