"""Tables for a terminal. Imported only to print one: rich takes 70 ms to load."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from movierec.cli.columns import Column, cell_text


def print_table(items: Sequence[object], columns: Sequence[Column]) -> None:
    """Print a table on the terminal, without columns that are empty in all rows."""
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold"
    )
    columns = [
        column
        for column in columns
        if not column.only_piped and any(cell_text(column, item) for item in items)
    ]
    for column in columns:
        table.add_column(
            Text(column.name),
            justify="right" if column.right else "left",
            no_wrap=not column.wraps,
            overflow="fold" if column.wraps else "ellipsis",
            ratio=None,
        )
    for item in items:
        # Text, not str: brackets in a title are not markup.
        table.add_row(*(Text(cell_text(column, item)) for column in columns))
    console().print(table)


def console() -> Console:
    """Return a console that prints text as it is."""
    return Console(highlight=False, emoji=False, markup=False)
