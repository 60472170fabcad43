"""Entry point of `movierec`. It maps errors to a line on standard error and to an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from movierec import __version__, errors
from movierec.cli.terminal import escape_controls
from movierec.errors import MovierecError

INTERRUPTED = 130

# Exit codes: 1 failure, 2 usage or validation, 3 not found, 4 authentication or permission,
# 5 daemon or TMDb unreachable. Errors that are not listed, and bugs, have exit code 1.
EXIT_CODES: dict[type[MovierecError], int] = {
    errors.MalformedRequest: 2,
    errors.ValidationFailed: 2,
    errors.UnreadableImport: 2,
    errors.BodyTooLarge: 2,
    errors.NotFound: 3,
    errors.NotAuthenticated: 4,
    errors.InvalidCredentials: 4,
    errors.TokenInvalid: 4,
    errors.TokenExpired: 4,
    errors.PermissionDenied: 4,
    errors.ServerUnreachable: 5,
    errors.MisdirectedRequest: 5,
    errors.UpstreamUnavailable: 5,
    errors.DatabaseUnavailable: 5,
    errors.Busy: 5,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    command_line = list(sys.argv[1:] if arguments is None else arguments)
    if command_line in (["--version"], ["-V"]):
        # Printed before typer is imported, in 12 ms instead of 130.
        print(f"movierec {__version__}")
        return 0
    try:
        code = _run(command_line)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = _ignore_closed_pipe()
    except MovierecError as error:
        _report(error)
        code = exit_code(error)
    except OSError as error:
        _print_error(str(error))
        _discard_output()
        code = 1
    return code


def _run(arguments: list[str]) -> int:
    # Imported here: typer and http.client take 130 ms, which --version does not need.
    from movierec.cli.commands import app

    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        # A title that the terminal cannot encode must not fail the command.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(arguments, prog_name="movierec")
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            return _ignore_closed_pipe()
        return end.code if isinstance(end.code, int) else 1
    return 0


def _open_missing_streams() -> None:
    """Replace standard streams that the caller closed, which Python represents as None."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (open till the end)


def _ignore_closed_pipe() -> int:
    """Return 0 for a reader that closed the pipe: `movierec top | head -1` is not a failure."""
    _discard_output()
    return 0


def _discard_output() -> None:
    """Discard buffered output, which would fail again when the interpreter exits."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_code(error: MovierecError) -> int:
    """Return the exit code of an error's class, or of its nearest base class."""
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)


def _report(error: MovierecError) -> None:
    # Imported here, because they import http.client.
    from movierec.cli.movie_lookup import AmbiguousTitle, movie_label
    from movierec.client import ProblemResponse

    detail = error.detail
    if isinstance(error, errors.InternalError) and isinstance(error.__cause__, ProblemResponse):
        detail += f" Request id: {error.__cause__.request_id}"
    if error.retry_after_seconds:
        detail = f"{detail.removesuffix(' Try again shortly.')} Try again in {error.retry_after_seconds} s."
    _print_error(detail)
    for item in error.errors:
        _print_error(f"{item.field}: {item.message}", prefix="  ")
    if isinstance(error, AmbiguousTitle):
        for movie in error.candidates:
            _print_error(f"{movie['id']}\t{movie_label(movie)}", prefix="")


def _print_error(message: str, prefix: str = "movierec: ") -> None:
    # The first tab separates the columns of a candidate; control characters within them are escaped.
    print(prefix + "\t".join(escape_controls(part) for part in message.split("\t", 1)), file=sys.stderr)
