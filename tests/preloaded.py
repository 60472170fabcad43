"""Daemon processes forked from one that has imported the package: a daemon then starts in 30 ms instead of 1.2 s.

The process that is forked from (a fork server of `multiprocessing`) runs no test and opens no database, so that its
children differ from a daemon started by its command in nothing but how long that takes.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver, reduction
from pathlib import Path
from typing import IO, Any

# Holds a job of the daemon: "STAGE:NUMBER:FILE", from the NUMBERth report of the stage on, while the file exists.
HOLD = "TEST_HOLD_JOB"

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["movierec.daemon.app", "movierec.daemon.serve"])


class ForkedProcess:
    """A process with the parts of `subprocess.Popen` that tests use; its output is text."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        read, write = os.pipe()
        self.stdout: IO[str] = os.fdopen(read, encoding="utf-8")
        # A file, not a pipe: a line for each request would fill it and stop the daemon.
        self.stderr: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed by communicate)
        self._process = _context.Process(
            target=_main,
            args=(_Output([write, self.stderr.fileno()]), list(arguments), dict(environment)),
            daemon=True,
        )
        try:
            self._process.start()
        finally:
            os.close(write)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("a forked daemon", timeout)
        return self._process.exitcode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for the end of the process; return what it printed since, and all of its log."""
        self.wait(timeout)
        with self.stdout, self.stderr:
            self.stderr.seek(0)
            return self.stdout.read(), self.stderr.read()


def stop() -> None:
    """End the fork server and wait for it, so that its CPU time counts as that of the tests."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]


class _Output:
    """Descriptors on their way into a forked process."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        self.descriptors = descriptors

    def __getstate__(self) -> list[Any]:
        return [reduction.DupFd(descriptor) for descriptor in self.descriptors]

    def __setstate__(self, passed: list[Any]) -> None:
        self.descriptors = [each.detach() for each in passed]


def _main(output: _Output, arguments: list[str], environment: dict[str, str]) -> None:
    """The forked process: become `movierec-server` with these arguments and nothing else."""
    for descriptor, standard in zip(output.descriptors, (1, 2), strict=True):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["movierec-server", *arguments]
    sys.stdout, sys.stderr = (os.fdopen(each, "w", encoding="utf-8", closefd=False) for each in (1, 2))
    from movierec.daemon.app import main

    if order := os.environ.get(HOLD):
        _hold_job(*order.split(":", 2))
    main()


def _hold_job(stage: str, number: str, file: str) -> None:
    """Let jobs wait within a stage, so that a test need not meet a moment that is shorter on a faster machine."""
    from movierec.jobs.context import JobContext

    progress, reports, pause = JobContext.progress, 0, threading.Event()

    def hold(self: JobContext, name: str, done: int, total: int = 100) -> None:
        nonlocal reports
        progress(self, name, done, total)
        reports += name == stage
        if name == stage and reports == int(number):
            while Path(file).exists() and not self.stop.is_set():
                pause.wait(0.01)
            progress(self, name, done, total)

    JobContext.progress = hold  # type: ignore[method-assign]
