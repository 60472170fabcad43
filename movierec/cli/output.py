"""Data to standard output: a table on a terminal, tab-separated values in a pipe, JSON or ids on request.

Everything but JSON passes through `terminal.visible`; JSON is exact. Messages go to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from movierec.cli.terminal import escape_controls, escape_json, escape_single_spaced


@dataclass(frozen=True)
class Column:
    """One column: its name and how to get its value from an item. `shown` is for people, where it differs."""

    name: str
    value: Callable[[Any], Any]
    shown: Callable[[Any], Any] | None = None
    right: bool = False
    # Wrapped, and the one that gives way on a narrow terminal.
    wraps: bool = False
    # Shown to people as part of another column.
    only_piped: bool = False


def field_column(name: str, **options: Any) -> Column:
    """The column of a field of the same name."""
    return Column(name.replace("_", " "), lambda item: item.get(name), **options)


def date_column(name: str) -> Column:
    """The column of a point in time; people see its date."""
    return Column(name.partition("_")[0], lambda item: item[name], lambda item: item[name][:10])


def minute_column(name: str) -> Column:
    """The column of a point in time; people see its date and minute."""
    return Column(
        name.partition("_")[0], lambda item: item[name], lambda item: item[name][:16].replace("T", " ")
    )


def columns_help(columns: Sequence[Column]) -> str:
    """The sentence for --help about what a pipe gets."""
    return "In a pipe: tab-separated without header: " + ", ".join(column.name for column in columns) + "."


def print_list(
    items: Iterable[Any],
    columns: Sequence[Column],
    *,
    as_json: bool,
    ids: bool = False,
    id_of: Callable[[Any], Any] = lambda item: item["id"],
    nothing: str = "Nothing found.",
) -> None:
    """Print `items`; `nothing` is said (on standard error) where a person would see an empty screen."""
    found = list(items)
    if as_json:
        print_json(found)
    elif ids:
        for item in found:
            print(escape_controls(id_of(item)))
    elif not sys.stdout.isatty():
        for item in found:
            print("\t".join(escape_controls(_plain(column.value(item))) for column in columns))
    elif not found:
        print_message(nothing)
    else:
        from movierec.cli.columns import print_table  # rich: 70 ms

        print_table(found, columns)


def list_items(document: Any) -> list[Any]:
    """The items of a list, whether it comes bare or in an envelope."""
    return list(document["results"] if isinstance(document, dict) else document)


def flatten(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"progress": {"done": 1}}` as `{"progress done": 1}`, what is empty left out: for `print_record`."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            found |= flatten(value, f"{prefix}{name} ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            found[prefix + name] = len(value)
        elif value not in (None, "", []):
            found[prefix + name] = value
    return {name.replace("_", " "): value for name, value in found.items()}


def print_record(fields: Mapping[str, Any], document: Any, *, as_json: bool) -> None:
    """Print one thing: aligned names and values, name TAB value in a pipe, or `document` as JSON."""
    if as_json:
        print_json(document)
        return
    cells = {escape_controls(name): _plain(value) for name, value in fields.items()}
    width = max(map(len, cells), default=0)
    for name, text in cells.items():
        if not sys.stdout.isatty():
            print(f"{name}\t{escape_controls(text)}")
        elif text:
            print(f"{name:<{width}}  {escape_single_spaced(text)}")


def print_outcome(message: str, document: Any, *, as_json: bool) -> None:
    """What a command that changes something prints: a sentence, or the changed object as JSON."""
    if as_json:
        print_json(document)
    else:
        print(escape_controls(message))


def print_json(document: Any) -> None:
    print(escape_json(json.dumps(document, ensure_ascii=False, indent=2)))


def print_message(message: str) -> None:
    """A remark for people, not part of the data."""
    print(escape_controls(message), file=sys.stderr)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if value % 1 else f"{value:.1f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(item) for item in value)
    return str(value)


def cell_text(column: Column, item: Any) -> str:
    """A cell as people see it."""
    return escape_single_spaced(_plain((column.shown or column.value)(item)))
