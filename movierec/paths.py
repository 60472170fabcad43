"""Folders for movierec's files: the XDG folders, or one folder named by MOVIEREC_HOME."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Paths:
    """The folders of one installation. None of them needs to exist yet."""

    config: Path
    state: Path
    cache: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Paths:
        """Determine the folders from environment variables."""
        if home := environ.get("MOVIEREC_HOME"):
            root = Path(home).expanduser().absolute()
            return cls(root / "config", root / "state", root / "cache")
        user = Path(environ.get("HOME") or Path.home())

        def xdg(variable: str, default: str) -> Path:
            # The XDG specification: a relative path in these variables is invalid and ignored.
            value = environ.get(variable, "")
            return (Path(value) if os.path.isabs(value) else user / default) / "movierec"

        return cls(
            config=xdg("XDG_CONFIG_HOME", ".config"),
            state=xdg("XDG_STATE_HOME", ".local/state"),
            cache=xdg("XDG_CACHE_HOME", ".cache"),
        )


def private_directory(path: Path) -> Path:
    """Create `path` with its parents, readable by this user only, and return it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
