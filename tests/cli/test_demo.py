"""`make demo`: its output, and the clean-up after every way to end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "scripts" / "demo.py"


def start(folder: Path) -> subprocess.Popen[str]:
    # A home folder that does not exist: the demo needs none.
    environment = {**os.environ, "TMPDIR": str(folder), "HOME": str(folder / "none")}
    return subprocess.Popen(
        [sys.executable, "-u", str(DEMO)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


def daemons_under(folder: Path) -> list[str]:
    """Return the processes whose files are below `folder`."""
    commands = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in entry.read_bytes() and entry.parent.name != str(os.getpid()):
                commands.append((entry.parent / "cmdline").read_text())
        except OSError:
            continue
    return commands


def test_demo_runs_every_command_it_promises(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        output, _ = process.communicate(timeout=500)
    assert process.returncode == 0, output
    for command in ("register", "search", "show", "rate", "recommend", "explain", "similar", "dismiss"):
        assert f"\n$ movierec {command} " in output
    for command in ("watchlist add", "history add", "undo", "stats"):
        assert f"\n$ movierec {command}" in output
    assert output.count("\n$ movierec rate ") == 7
    assert "Because you" in output
    assert "is not recommended any more" in output
    assert "\x1b" not in output
    assert not list(tmp_path.iterdir())
    assert not daemons_under(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_demo_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("$ movierec register"):
                break
        process.send_signal(number)
        time.sleep(0.05)  # clock: the second signal arrives during the clean-up
        process.send_signal(number)  # a second signal must not interrupt the clean-up
        process.stdout.read()
    assert process.returncode == 130
    assert not list(tmp_path.iterdir())
    assert not daemons_under(tmp_path)
