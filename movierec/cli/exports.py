"""Command `export`: write everything a user owns to a file or a pipe."""

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
    """Formats of an export."""

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
            help="json: lossless JSON Lines. csv, letterboxd: zip archive of tables. zip: archive of all formats.",
        ),
    ] = ExportFormat.JSON,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File to write; - writes to standard output."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Export everything you own, as a copy or to import it on another server (movierec import FILE)."""
    if output is None or str(output) == "-":
        _export_to_stdout(format, as_json=as_json)
        return
    size = 0
    with show_progress() as display, write_atomically(output, force=force) as file:
        download = connect().export(format.value)
        for chunk in download.pieces:
            size += file.write(chunk)
            display.update("downloading", size, download.size or 0)
    summary = {"file": str(output), "format": format.value, "bytes": size}
    print_outcome(f"Wrote {size:,} bytes to {output}", summary, as_json=as_json)


def _export_to_stdout(format: ExportFormat, *, as_json: bool) -> None:
    if as_json:
        raise typer.BadParameter("--json describes a written file. Name the file with -o.")
    if not sys.stdout.isatty():
        _write_binary(connect().export(format.value))
    elif format is ExportFormat.JSON:
        _print_escaped(connect().export(format.value).pieces)
    else:
        raise typer.BadParameter(f"--format {format.value} is not text for a terminal. Name a file with -o.")


def _write_binary(download: DownloadStream) -> None:
    sys.stdout.flush()
    for chunk in download.pieces:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _print_escaped(chunks: Iterable[bytes]) -> None:
    """Print JSON to a terminal with control characters escaped, also across chunk boundaries."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for chunk in chunks:
        sys.stdout.write(escape_json(decoder.decode(chunk)))
