"""Arguments and options shared by many commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
IdsOnly = Annotated[bool, typer.Option("--ids", help="Print ids only, one per line.")]
Limit = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Maximum number of entries.")]
PageNumber = Annotated[int, typer.Option("--page", min=1, help="Number of the page.")]

MovieArgument = Annotated[
    str, typer.Argument(metavar="MOVIE", help="Id, tmdb:603, imdb:tt0133093, or a title in quotes.")
]
# A title needs no quotes if no argument follows the movie.
MovieWordsArgument = Annotated[
    list[str], typer.Argument(metavar="MOVIE...", help="Id, tmdb:603, imdb:tt0133093, or a title.")
]
# Filters and ordering of the lists in a user's library.
Search = Annotated[str | None, typer.Option("--search", help="Only titles that contain this text.")]
GenreOption = Annotated[str | None, typer.Option("--genre", help="Only movies of this genre.")]
Year = Annotated[int | None, typer.Option("--year", help="Only movies released in this year.")]
YearMin = Annotated[
    int | None, typer.Option("--year-min", help="Only movies released in this year or later.")
]
YearMax = Annotated[
    int | None, typer.Option("--year-max", help="Only movies released in this year or before.")
]
Since = Annotated[
    str | None, typer.Option("--since", help="Only movies seen on this day or later, for example 2024-05-01.")
]
Until = Annotated[str | None, typer.Option("--until", help="Only movies seen on this day or before.")]
Order = Annotated[
    str | None,
    typer.Option("--order", help="Field to order by: created_at, title or year; -title for descending."),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", exists=True, dir_okay=False, help="Read the password from this file."),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Start the job and return immediately.")]


def new_group(help: str, cls: type[TyperGroup] | None = None) -> typer.Typer:
    """Create a command group with the common settings."""
    return typer.Typer(
        help=help,
        cls=cls,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        # Plain help texts, because rich takes 90 ms to load.
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
