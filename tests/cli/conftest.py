"""Fixtures of the command line's tests."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.cli.running import Shell
from tests.running import RunningDaemon

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the tests on SQLite only, except where processes race in the database: the command line sees only HTTP."""
    spared = [
        item
        for item in items
        if item.path.parent == HERE and item.path.stem != "test_processes" and "postgresql" in item.name
    ]
    config.hook.pytest_deselected(items=spared)
    items[:] = [item for item in items if item not in set(spared)]


@pytest.fixture(scope="session", autouse=True)
def _commands_built_once() -> Iterator[None]:
    """Keep the command tree between runs: to build it is most of the time that a command takes in a test."""
    patch = pytest.MonkeyPatch()
    patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
    yield
    patch.undo()


@pytest.fixture
def shell_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Callable[[str], Shell]:
    """Return a factory of command lines for a server address."""
    return lambda server: Shell(tmp_path / "cli-home", server, monkeypatch, capsys)


@pytest.fixture
def shell(shell_at: Callable[[str], Shell], daemon: RunningDaemon) -> Shell:
    """Return a command line for a daemon, not signed in."""
    return shell_at(daemon.url)


@pytest.fixture
def ada(shell: Shell) -> Shell:
    """Return a command line for a daemon, signed in as Ada."""
    return shell.register("ada")
