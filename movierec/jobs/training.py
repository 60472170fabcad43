"""The training job: runs a process of its own, which can be niced, limited and killed."""

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
from movierec.recommender.training.pipeline import TrainingReport

# -P: never import modules from the folder that the daemon was started in.
COMMAND = (sys.executable, "-P", "-m", "movierec.recommender.training")
# Maximum time until a cancelled or stopping job is noticed.
POLL_SECONDS = 0.5
TERMINATE_SECONDS = 5.0
# OpenBLAS, MKL and OpenMP read these when they are loaded.
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

PROCESS_DIED = "The training process failed. The daemon's log says more."

logger = logging.getLogger("movierec.jobs")


def train(context: JobContext) -> TrainingReport:
    """Run the training process to its end and return its report.

    Raises the error that the process reports, InternalError if it died.
    """
    inputs = pipeline.process_input(context.settings, measure=bool(context.job.parameters.get("measure")))
    process = subprocess.Popen(  # noqa: S603 -- our own command
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(context.settings),
        process_group=0,  # Ctrl-C goes to the daemon alone, which ends the training
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        # Not as arguments, which every user of the machine can read.
        process.stdin.write(json.dumps(inputs).encode())
        process.stdin.close()
        report = _follow(process.stdout, context)
        if process.wait() != 0 or report is None:
            logger.error(
                "training ended with exit code %s", process.returncode, extra={"job": context.job.id}
            )
            raise InternalError(PROCESS_DIED)
        return report
    finally:
        _end(process)


def _follow(output: IO[bytes], context: JobContext) -> TrainingReport | None:
    """Pass the progress of the process on until it ends; return its report, None if it wrote none."""
    report: TrainingReport | None = None
    stage, done, total = "starting", 0, 100
    for line in _lines(output):
        message: dict[str, Any] = json.loads(line) if line else {}
        if "error" in message:
            if "traceback" in message:
                logger.error("training failed: %s", message["traceback"], extra={"job": context.job.id})
            error = errors.by_code().get(message["error"], MovierecError)
            raise error(message["detail"])
        report = message.get("report", report)
        stage, done, total = (
            message.get("stage", stage),
            message.get("done", done),
            message.get("total", total),
        )
        context.progress(stage, done, total)
    return report


def _lines(output: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of the output, and an empty one after every POLL_SECONDS without output."""
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
    """Terminate the process if it still runs, and close its pipes."""
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
    # The settings come through the pipe: the process must not read them from the environment too.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEREC_")}
    # In a checkout Python finds the package only in the folder that the daemon was started in.
    package = str(Path(movierec.__file__).parents[1])
    return {**kept, **dict.fromkeys(_THREAD_VARIABLES, threads), "PYTHONPATH": package}
