"""`export`: everything one owns, into a file or a pipe."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, new_group
from movierec.cli.output import print_outcome
from movierec.cli.progress import show_progress
from movierec.cli.terminal import escape_json
from movierec.client import DownloadStream
from movierec.files import write_atomically

commands = new_group("")


class ExportFormat(StrEnum):
    """What it is written as."""

    JSON = "json"
    CSV = "csv"
    LETTERBOXD = "letterboxd"
    ZIP = "zip"


@commands.command()
def export(
    format: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            "-f",
            help="json: JSON Lines without loss. csv, letterboxd: a zip of tables. zip: all of it in one.",
        ),
    ] = ExportFormat.JSON,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file; - is a pipe.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Everything you own, to keep or to take to another server (movierec import FILE)."""
    if output is None or str(output) == "-":
        _to_pipe(format, as_json=as_json)
        return
    size = 0
    with show_progress() as shown, write_atomically(output, force=force) as file:
        download = connect().export(format.value)
        for piece in download.pieces:
            size += file.write(piece)
            shown.update("downloading", size, download.size or 0)
    told = {"file": str(output), "format": format.value, "bytes": size}
    print_outcome(f"{size:,} bytes are in {output}", told, as_json=as_json)


def _to_pipe(format: ExportFormat, *, as_json: bool) -> None:
    if as_json:
        raise typer.BadParameter("--json tells of a written file: name one with -o.")
    if not sys.stdout.isatty():
        _copy(connect().export(format.value))
    elif format is ExportFormat.JSON:
        _show(connect().export(format.value).pieces)
    else:
        raise typer.BadParameter(f"--format {format.value} is no text for a terminal: name a file with -o.")


def _copy(download: DownloadStream) -> None:
    sys.stdout.flush()
    for piece in download.pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _show(pieces: Iterable[bytes]) -> None:
    """On a terminal nothing but harmless characters, however they were cut."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for piece in pieces:
        sys.stdout.write(escape_json(decoder.decode(piece)))
