"""Fixtures of the command line's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Shell
from tests.running import RunningDaemon


@pytest.fixture
def shell_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Callable[[str], Shell]:
    """Makes a command line that talks to the server named."""
    return lambda server: Shell(tmp_path / "cli-home", server, monkeypatch, capsys)


@pytest.fixture
def shell(shell_at: Callable[[str], Shell], daemon: RunningDaemon) -> Shell:
    """A command line at a daemon; nobody is signed in."""
    return shell_at(daemon.url)


@pytest.fixture
def ada(shell: Shell) -> Shell:
    """A command line at a daemon; Ada is signed in."""
    return shell.register("ada")
