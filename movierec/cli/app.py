"""The command `movierec`: runs it and turns an error into a line on standard error and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from movierec import __version__, errors
from movierec.cli.terminal import escape_controls
from movierec.errors import MovierecError

INTERRUPTED = 130

# Exit codes: 1 failed, 2 usage or validation, 3 not found, 4 authentication or permission,
# 5 server or upstream unreachable. Errors not named here, and bugs, are 1.
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
    """Run one command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):
        # Answered before typer is imported: 12 ms instead of 130.
        print(f"movierec {__version__}")
        return 0
    try:
        code = _run(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = _reader_gone()
    except MovierecError as error:
        _report(error)
        code = exit_code(error)
    except OSError as error:
        _complain(str(error))
        _forget_output()
        code = 1
    return code


def _run(arguments: list[str]) -> int:
    from movierec.cli.commands import app  # typer and http.client: 130 ms that --version need not wait for

    _open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        # A title must not fail because the terminal cannot write it.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(arguments, prog_name="movierec")
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            return _reader_gone()
        return end.code if isinstance(end.code, int) else 1
    return 0


def _open_missing_streams() -> None:
    """A caller may have closed the standard streams; Python then has None in their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (open till the end)


def _reader_gone() -> int:
    """`movierec top | head -1` is no failure."""
    _forget_output()
    return 0


def _forget_output() -> None:
    """What is still buffered must not fail again when the interpreter exits."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_code(error: MovierecError) -> int:
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)


def _report(error: MovierecError) -> None:
    from movierec.cli.movie_lookup import AmbiguousTitle, movie_label  # http.client, as above
    from movierec.client import ProblemResponse  # the same

    detail = error.detail
    if isinstance(error, errors.InternalError) and isinstance(error.__cause__, ProblemResponse):
        detail += f" Request id: {error.__cause__.request_id}"
    if error.retry_after_seconds:
        detail = f"{detail.removesuffix(' Try again shortly.')} Try again in {error.retry_after_seconds} s."
    _complain(detail)
    for item in error.errors:
        _complain(f"{item.field}: {item.message}", prefix="  ")
    if isinstance(error, AmbiguousTitle):
        for movie in error.candidates:
            _complain(f"{movie['id']}\t{movie_label(movie)}", prefix="")


def _complain(message: str, prefix: str = "movierec: ") -> None:
    # A tab that is ours parts the columns of a candidate; within them everything is made visible.
    print(prefix + "\t".join(escape_controls(part) for part in message.split("\t", 1)), file=sys.stderr)
