"""Arguments and options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
IdsOnly = Annotated[bool, typer.Option("--ids", help="Print ids only, one a line.")]
Limit = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many.")]
PageNumber = Annotated[int, typer.Option("--page", min=1, help="Which page.")]

MovieArgument = Annotated[
    str, typer.Argument(metavar="MOVIE", help="Id, tmdb:603, imdb:tt0133093, or a title in quotes.")
]
# Where nothing follows the movie, its title needs no quotes.
MovieWordsArgument = Annotated[
    list[str], typer.Argument(metavar="MOVIE...", help="Id, tmdb:603, imdb:tt0133093, or a title.")
]
# What lists of the own films are narrowed and ordered by.
Search = Annotated[str | None, typer.Option("--search", help="With this in the title.")]
GenreOption = Annotated[str | None, typer.Option("--genre", help="Of this genre.")]
Year = Annotated[int | None, typer.Option("--year", help="Released in this year.")]
YearMin = Annotated[int | None, typer.Option("--year-min", help="Released in this year or later.")]
YearMax = Annotated[int | None, typer.Option("--year-max", help="Released in this year or before.")]
Since = Annotated[str | None, typer.Option("--since", help="Seen on this day or later: 2024-05-01.")]
Until = Annotated[str | None, typer.Option("--until", help="Seen on this day or before.")]
Order = Annotated[
    str | None, typer.Option("--order", help="By created_at, title or year; -title for descending.")
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", exists=True, dir_okay=False, help="Read the password from this file."),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Start the job and return at once.")]


def new_group(help: str, cls: type[TyperGroup] | None = None) -> typer.Typer:
    """A group of commands in the style of all others."""
    return typer.Typer(
        help=help,
        cls=cls,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        # Plain help: rich takes 90 ms more.
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
