"""The limits on speed, which `make test-long` runs, are kept in step with what they measure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_limits_on_speed_are_collected() -> None:
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "--collect-only", "-p", "no:cacheprovider"]
    collected = subprocess.run(
        [*command, "benchmarks/speed"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert collected.returncode == 0, collected.stdout
