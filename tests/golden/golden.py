"""Golden files: JSON documents beside the tests, compared as documents and shown as a diff of lines."""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
WIDTH = 110
REWRITE = bool(os.environ.get("MOVIEREC_TEST_REWRITE_GOLDEN"))


def check(name: str, document: Any) -> None:
    """Compare a document with `<name>.json`; with MOVIEREC_TEST_REWRITE_GOLDEN=1 write the file instead."""
    path = FOLDER / f"{name}.json"
    actual = json.loads(json.dumps(document))
    if REWRITE:
        path.write_text(_text(actual), encoding="utf-8")
    expected = json.loads(path.read_text(encoding="utf-8"))
    if actual == expected:
        return
    diff = difflib.unified_diff(
        _text(expected).splitlines(),
        _text(actual).splitlines(),
        f"golden {path.name}",
        "now",
        lineterm="",
        n=4,
    )
    raise AssertionError("\n".join(["a promised name or form has changed:", *diff]))


def _text(document: Any) -> str:
    return "\n".join(_lines(document, "", "")) + "\n"


def _lines(value: Any, indent: str, key: str) -> list[str]:
    """A document in lines: what is short stays on one."""
    line = indent + key + json.dumps(value, ensure_ascii=False, sort_keys=True)
    if len(line) <= WIDTH or not value or not isinstance(value, (dict, list)):
        return [line]
    within = indent + " "
    if isinstance(value, dict):
        parts = [_lines(each, within, f"{json.dumps(name)}: ") for name, each in sorted(value.items())]
        opening, closing = "{}"
    else:
        parts, (opening, closing) = [_lines(each, within, "") for each in value], "[]"
    for part in parts[:-1]:
        part[-1] += ","
    return [indent + key + opening, *(line for part in parts for line in part), indent + closing]


# Values of these keys are promised as well as the keys.
_VALUES = {
    "kind",
    "state",
    "stage",
    "outcome",
    "format",
    "shelf",
    "feedback_type",
    "algorithm",
    "on_conflict",
}


def shape(document: Any, free: tuple[str, ...] = ()) -> Any:
    """Keys and types of a document. Elements of a list share one shape, as do values of maps called in `free`,
    whose keys are data."""
    return _Shape(free).of(document, "")


class _Shape:
    def __init__(self, free: tuple[str, ...]) -> None:
        self._free = free

    def of(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            if name in self._free:
                return {"*": self._merged([self.of(each, "*") for each in value.values()])}
            return {key: self.of(each, key) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._merged([self.of(each, name) for each in value])] if value else []
        if name in _VALUES and isinstance(value, str):
            return f"= {value}"
        return "null" if value is None else type(value).__name__

    def _merged(self, shapes: list[Any]) -> Any:
        """One shape of many: the keys of all dictionaries, and the other shapes in order."""
        maps = [each for each in shapes if isinstance(each, dict)]
        lists = [each for each in shapes if isinstance(each, list)]
        rest = sorted({each for each in shapes if isinstance(each, str)})
        merged: list[Any] = []
        if maps:
            keys = sorted({key for each in maps for key in each})
            merged.append({key: self._merged([each[key] for each in maps if key in each]) for key in keys})
        if lists:
            merged.append([self._merged([each for one in lists for each in one])] if any(lists) else [])
        if rest:
            merged.append(" | ".join(rest))
        return merged[0] if len(merged) == 1 else {"any of": merged}
