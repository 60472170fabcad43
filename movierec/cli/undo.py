"""`undo`: take back what you last did to ratings, favorites, watchlist or history."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, Limit, new_group
from movierec.cli.output import (
    Column,
    columns_help,
    field_column,
    minute_column,
    print_json,
    print_list,
    print_message,
)
from movierec.cli.terminal import escape_controls
from movierec.client import iterate_pages
from movierec.errors import ValidationFailed

commands = new_group("")

COLUMNS = (
    field_column("id", right=True),
    field_column("what", wraps=True),
    field_column("rows", right=True),
    Column("undone", lambda change: change["undone"], lambda change: "yes" if change["undone"] else ""),
    minute_column("created_at"),
)


@commands.command(epilog=columns_help(COLUMNS))
def undo(
    change: Annotated[
        int | None, typer.Argument(min=1, help="Number of a change; without it, the last one.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List what can be undone, and do nothing.")] = False,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Take back what you last did. To undo the number of an undoing brings it again."""
    client = connect()
    if list_:
        if change is not None:
            raise ValidationFailed("Give either the number of a change or --list.")
        found = iterate_pages(client.changes, limit or 20)
        print_list(found, COLUMNS, as_json=as_json, nothing="There is nothing to undo.")
        return
    answer = client.undo(change)
    if as_json:
        print_json(answer)
        return
    undone, by = answer["undone"], answer["by"]
    print(
        escape_controls(f"Brought again: {by['what']}." if undone["undoes"] else f"Undone: {undone['what']}.")
    )
    print_conflicts(answer)
    if not undone["undoes"]:
        print_message(f"`movierec undo {by['id']}` brings it again.")


def print_conflicts(answer: Any) -> None:
    """Of what was to be taken back, the films that somebody has changed again: they are left alone."""
    if answer["left_count"]:
        some = ", ".join(movie["title"] for movie in answer["left"][:5])
        more = " …" if answer["left_count"] > 5 else ""
        print_message(f"Changed again since, and left as it is: {some}{more}")
