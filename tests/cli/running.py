"""Helpers that run commands in the process of the test."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from movierec.cli.app import main
from tests.running import PASSWORD


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def unstyled(text: str) -> str:
    """Return the text without the escapes for bold and colour of rich."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@dataclass
class Result:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    def ok(self) -> str:
        """Return the output of a command that succeeded without messages."""
        assert (self.code, self.err) == (0, ""), self
        return self.out

    def json(self) -> Any:
        assert self.code == 0, self
        return json.loads(self.out)

    def rows(self) -> list[list[str]]:
        """Return the cells of tab-separated output."""
        return [line.split("\t") for line in self.ok().splitlines()]

    def failed(self, code: int) -> str:
        """Return the message of a command that failed without output or a traceback."""
        assert (self.code, self.out) == (code, ""), self
        assert "Traceback" not in self.err
        assert self.err
        return self.err


class Shell:
    """A user of the command line, with a home folder of their own."""

    def __init__(self, home: Path, server: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        self.home = home
        self.server = server
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> Result:
        with self._monkeypatch.context() as patch:
            patch.setenv("MOVIEREC_HOME", str(self.home))
            patch.setenv("MOVIEREC_SERVER", self.server)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            self._capsys.readouterr()
            code = main(arguments)
        captured = self._capsys.readouterr()
        return Result(code, captured.out, captured.err)

    def run_at_terminal(self, *arguments: str, typed: str = "", width: int = 100) -> Result:
        """Run a command with all standard streams on terminals and `typed` as input."""
        out, err = Terminal(), Terminal()
        with self._monkeypatch.context() as patch:
            patch.setenv("MOVIEREC_HOME", str(self.home))
            patch.setenv("MOVIEREC_SERVER", self.server)
            patch.setenv("COLUMNS", str(width))
            patch.setenv("TERM", "xterm")
            patch.setenv("NO_COLOR", "1")
            patch.setattr("sys.stdin", Terminal(typed))
            patch.setattr("sys.stdout", out)
            patch.setattr("sys.stderr", err)
            code = main(arguments)
        return Result(code, unstyled(out.getvalue()), unstyled(err.getvalue()))

    def register(self, name: str = "ada") -> Shell:
        self.run("register", name, "--email", f"{name}@example.org", "--password-stdin", stdin=PASSWORD).ok()
        return self

    @property
    def credentials(self) -> Path:
        return self.home / "state" / "cli" / "credentials.json"

    def stored(self) -> dict[str, str]:
        """Return the stored entry of the server."""
        entry: dict[str, str] = json.loads(self.credentials.read_text())["servers"][self.server]
        return entry
