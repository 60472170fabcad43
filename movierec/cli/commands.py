"""The command tree, in the order of --help."""

from __future__ import annotations

from typing import Annotated

import typer

from movierec import __version__
from movierec.cli import (
    accounts,
    admin,
    exports,
    favorites,
    feedback,
    history,
    imports,
    jobs,
    movies,
    quickstart,
    ratings,
    recommendations,
    stats,
    status,
    undo,
    watchlist,
)
from movierec.cli.options import new_group

app = new_group(
    "Search movies, rate them and get recommendations from the movierec daemon at MOVIEREC_SERVER.\n\n"
    "Output: tables on a terminal, tab-separated values in a pipe, JSON with --json. Exit codes: 0 success, "
    "1 failure, 2 usage or validation, 3 not found, 4 sign-in or permission, 5 daemon or TMDb unreachable, "
    "130 interrupted."
)


def _version(is_requested: bool) -> None:
    if is_requested:
        print(f"movierec {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


for module in (
    accounts,
    movies,
    ratings,
    favorites,
    watchlist,
    history,
    stats,
    undo,
    quickstart,
    recommendations,
    feedback,
    imports,
    exports,
    jobs,
    admin,
    status,
):
    app.add_typer(module.commands)
