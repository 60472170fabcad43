"""Columns of tables: what a list shows on a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from movierec.cli.terminal import escape_single_spaced


@dataclass(frozen=True)
class Column:
    """A column: its name and how to get its value from an item. `shown` is its value on a terminal, if different."""

    name: str
    value: Callable[[Any], object]
    shown: Callable[[Any], object] | None = None
    right: bool = False
    # Wrapped: this column shrinks on a narrow terminal.
    wraps: bool = False
    # On a terminal it is a part of another column.
    only_piped: bool = False


def field_column(
    name: str,
    *,
    shown: Callable[[Any], object] | None = None,
    right: bool = False,
    wraps: bool = False,
) -> Column:
    """Return the column of the field with this name."""
    return Column(name.replace("_", " "), lambda item: item.get(name), shown, right, wraps)


def date_column(name: str) -> Column:
    """Return the column of a point in time. A terminal shows its date."""
    return Column(name.partition("_")[0], lambda item: item[name], lambda item: item[name][:10])


def minute_column(name: str) -> Column:
    """Return the column of a point in time. A terminal shows its date and minute."""
    return Column(
        name.partition("_")[0], lambda item: item[name], lambda item: item[name][:16].replace("T", " ")
    )


def columns_help(columns: Sequence[Column]) -> str:
    """Return the sentence of --help that names the columns of a pipe."""
    return "In a pipe: tab-separated without header: " + ", ".join(column.name for column in columns) + "."


def plain_text(value: object) -> str:
    """Format a value as text: empty for None, yes or no, lists separated by commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if value % 1 else f"{value:.1f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(plain_text(item) for item in value)
    return str(value)


def cell_text(column: Column, item: object) -> str:
    """Return the text of a cell on a terminal."""
    return escape_single_spaced(plain_text((column.shown or column.value)(item)))
