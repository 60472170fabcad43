"""Signing keys of a daemon: keys.json in the state folder, created once, readable by its owner only."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from movierec.errors import ConfigurationError

MINIMUM_BYTES = 32


@dataclass(frozen=True)
class SigningKeys:
    """Keys by id in `signing`: tokens are signed with `active` and accepted under any of them."""

    active: str
    signing: dict[str, bytes] = field(repr=False)
    rotation: bytes = field(repr=False)


def load_or_create_keys(path: Path) -> SigningKeys:
    """Read the keys, or create them where there are none. Raises ConfigurationError on weak or exposed ones."""
    with contextlib.suppress(FileExistsError):
        _create(path)
    return _read(path)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_bytes(48)
    content = {
        "active": _kid(key),
        "signing": [base64.b64encode(key).decode()],
        "rotation": base64.b64encode(secrets.token_bytes(48)).decode(),
    }
    if path.exists():
        raise FileExistsError(path)
    # Atomic: written to a temporary file and linked, so a daemon that starts at the same time reads a whole file.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        temporary.unlink()


def _read(path: Path) -> SigningKeys:
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(f"{path} can be read by others. Run: chmod 600 {path}")
    try:
        content = json.loads(path.read_text(encoding="ascii"))
        signing = [base64.b64decode(key, validate=True) for key in content["signing"]]
        keys = SigningKeys(
            active=content["active"],
            signing={_kid(key): key for key in signing},
            rotation=base64.b64decode(content["rotation"], validate=True),
        )
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise ConfigurationError(
            f"{path} is damaged. Restore it, or remove it to sign everybody out."
        ) from error
    if min(len(key) for key in (*keys.signing.values(), keys.rotation)) < MINIMUM_BYTES:
        raise ConfigurationError(f"A key in {path} is shorter than {MINIMUM_BYTES} bytes.")
    if keys.active not in keys.signing:
        raise ConfigurationError(f"The active key of {path} is not among its keys.")
    return keys


def _kid(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:16]
