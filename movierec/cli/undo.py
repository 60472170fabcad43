"""Command `undo`: revert changes of ratings, favorites, watchlist, history and imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.columns import Column, columns_help, field_column, minute_column
from movierec.cli.connection import connect
from movierec.cli.options import AsJson, Limit, new_group
from movierec.cli.output import print_json, print_list, print_message
from movierec.cli.terminal import escape_controls
from movierec.client import iterate_pages
from movierec.errors import ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import UndoneImportJson, UndoneJson

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
        int | None, typer.Argument(min=1, help="Id of the change. Default: the last one.")
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List the changes that can be undone, without undoing any.")
    ] = False,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Undo your last change, or the one with an id. Undoing an undo restores the change."""
    client = connect()
    if list_:
        if change is not None:
            raise ValidationFailed("Give either the id of a change or --list.")
        changes = iterate_pages(client.changes, limit or 20)
        print_list(changes, COLUMNS, as_json=as_json, nothing="There is nothing to undo.")
        return
    answer = client.undo(change)
    if as_json:
        print_json(answer)
        return
    undone, by = answer["undone"], answer["by"]
    print(escape_controls(f"Restored: {by['what']}." if undone["undoes"] else f"Undone: {undone['what']}."))
    print_conflicts(answer)
    if not undone["undoes"]:
        print_message(f"To restore it: movierec undo {by['id']}")


def print_conflicts(answer: UndoneJson | UndoneImportJson) -> None:
    """Name the movies that were not reverted because they have been changed since."""
    if answer["left_count"]:
        some = ", ".join(movie["title"] for movie in answer["left"][:5])
        more = " …" if answer["left_count"] > 5 else ""
        print_message(f"Not reverted, because changed since: {some}{more}")
