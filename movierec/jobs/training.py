"""Training as a job: in a process of its own, so that it can be nice, bounded and killed."""

from __future__ import annotations

import json
import logging
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import movierec
from movierec import errors
from movierec.config import Settings
from movierec.errors import InternalError, MovierecError
from movierec.jobs.context import JobContext
from movierec.recommender.training import pipeline

# -P: modules of the folder the daemon was started in are none of its business.
COMMAND = (sys.executable, "-P", "-m", pipeline.__name__)
# How soon a cancelled or stopping job is noticed.
POLL_SECONDS = 0.5
TERMINATE_SECONDS = 5.0
# Read by OpenBLAS, MKL and OpenMP when they are loaded.
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

PROCESS_DIED = "The training process failed. The daemon's log says more."

logger = logging.getLogger("movierec.jobs")


def train(running: JobContext) -> dict[str, Any]:
    """Run the training process to its end; returns its report.

    Raises what the process says it expected to fail, InternalError where it died.
    """
    told = pipeline.process_input(running.settings, measure=bool(running.job.parameters.get("measure")))
    process = subprocess.Popen(  # noqa: S603 -- our own command
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(running.settings),
        process_group=0,  # Ctrl-C is the daemon's, which ends the training in good order
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        # Not as arguments, which everybody on the machine can read.
        process.stdin.write(json.dumps(told).encode())
        process.stdin.close()
        report = _follow(process.stdout, running)
        if process.wait() != 0 or report is None:
            logger.error(
                "training ended with exit code %s", process.returncode, extra={"job": running.job.id}
            )
            raise InternalError(PROCESS_DIED)
        return report
    finally:
        _end(process)


def _follow(output: IO[bytes], running: JobContext) -> dict[str, Any] | None:
    """Pass the progress of the process on until it ends; its report, if it gave one."""
    report = None
    stage, done, total = "starting", 0, 100
    for line in _lines(output):
        said = json.loads(line) if line else {}
        if "error" in said:
            if "traceback" in said:
                logger.error("training failed: %s", said["traceback"], extra={"job": running.job.id})
            known = errors.by_code().get(said["error"], MovierecError)
            raise known(said["detail"])
        report = said.get("report", report)
        stage, done, total = said.get("stage", stage), said.get("done", done), said.get("total", total)
        running.progress(stage, done, total)
    return report


def _lines(output: IO[bytes]) -> Iterator[bytes]:
    """Its lines, and an empty one whenever there was nothing for a while."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while True:
            if not selector.select(POLL_SECONDS):
                yield b""
                continue
            chunk = os.read(output.fileno(), 65_536)
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terminate it if it still runs, and leave nothing open."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(TERMINATE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def _environment(settings: Settings) -> dict[str, str]:
    threads = str(settings.recommender.training_threads)
    # The settings come through the pipe: none of them is to be read twice.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEREC_")}
    # In a checkout the package is found by where the daemon was started.
    package = str(Path(movierec.__file__).parents[1])
    return {**kept, **dict.fromkeys(_THREAD_VARIABLES, threads), "PYTHONPATH": package}
