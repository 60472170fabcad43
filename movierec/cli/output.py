"""Output of data: a table on a terminal, tab-separated values in a pipe, JSON or ids on request.

All output but JSON passes through `terminal.escape_controls`; JSON is exact. Messages go to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from movierec.cli.columns import Column, plain_text
from movierec.cli.terminal import escape_controls, escape_json, escape_single_spaced

if TYPE_CHECKING:
    from movierec.client.json_types import PageJson


Item = TypeVar("Item")


def print_list(
    entries: Iterable[Item],
    columns: Sequence[Column],
    *,
    as_json: bool,
    ids: bool = False,
    id_of: Callable[[Any], object] = lambda item: item["id"],
    nothing: str = "Nothing found.",
) -> None:
    """Print a list. An empty one prints `nothing` on standard error, on a terminal only."""
    rows = list(entries)
    if as_json:
        print_json(rows)
    elif ids:
        for item in rows:
            print(escape_controls(id_of(item)))
    elif not sys.stdout.isatty():
        for item in rows:
            print("\t".join(escape_controls(plain_text(column.value(item))) for column in columns))
    elif not rows:
        print_message(nothing)
    else:
        from movierec.cli.tables import print_table  # rich: 70 ms

        print_table(rows, columns)


def list_items(document: PageJson[Item] | list[Item]) -> list[Item]:
    """Return the items of a list, bare or in the envelope of a page."""
    return list(document["results"] if isinstance(document, dict) else document)


def flatten(document: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Flatten `{"progress": {"done": 1}}` to `{"progress done": 1}` for `print_record`, without empty values."""
    fields: dict[str, object] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            fields |= flatten(value, f"{prefix}{name} ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            fields[prefix + name] = len(value)
        elif value not in (None, "", []):
            fields[prefix + name] = value
    return {name.replace("_", " "): value for name, value in fields.items()}


def print_record(fields: Mapping[str, object], document: object, *, as_json: bool) -> None:
    """Print one record: aligned names and values, name TAB value in a pipe, or `document` as JSON."""
    if as_json:
        print_json(document)
        return
    cells = {escape_controls(name): plain_text(value) for name, value in fields.items()}
    width = max(map(len, cells), default=0)
    for name, text in cells.items():
        if not sys.stdout.isatty():
            print(f"{name}\t{escape_controls(text)}")
        elif text:
            print(f"{name:<{width}}  {escape_single_spaced(text)}")


def print_outcome(message: str, document: object, *, as_json: bool) -> None:
    """Print the outcome of a change: a sentence, or the changed object as JSON."""
    if as_json:
        print_json(document)
    else:
        print(escape_controls(message))


def print_json(document: object) -> None:
    print(escape_json(json.dumps(document, ensure_ascii=False, indent=2)))


def print_message(message: str) -> None:
    """Print a message for people on standard error."""
    print(escape_controls(message), file=sys.stderr)
