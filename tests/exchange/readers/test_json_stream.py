"""Streaming JSON reader: line numbers, nesting, chunks of any size, truncated documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movierec.errors import UnreadableImport
from movierec.exchange.readers.json_stream import LONGEST_ENTRY, stream_entries


def read(text: str, piece: int = 1 << 20) -> list[tuple[int, tuple[str, ...], Any]]:
    content = text.encode()
    pieces = [content[start : start + piece] for start in range(0, len(content), piece)]
    return [tuple(entry) for entry in stream_entries("t.json", pieces)]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", []),
        ("{}", []),
        ('[1, {"a": 2},\n\n"x"]\n', [(1, (), 1), (1, (), {"a": 2}), (3, (), "x")]),
        ('{"movies": [\n{"a": [1]}\n], "n": 5, "shows": {"seen": [\n2]}}',
         [(2, ("movies",), {"a": [1]}), (4, ("shows", "seen"), 2)]),
        ('[\n{"a":\n"}]\\""},\n3]', [(2, (), {"a": '}]"'}), (4, (), 3)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_entries_have_line_numbers(text: str, expected: list[Any], piece: int) -> None:
    assert read(text, piece) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.recursive(
            st.none() | st.integers() | st.text() | st.booleans(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=8,
    ),
    st.integers(1, 40),
    st.sampled_from([None, 2]),
)
def test_any_array_is_read_like_json_loads(values: list[Any], piece: int, indent: int | None) -> None:
    for ascii in (True, False):
        text = json.dumps(values, ensure_ascii=ascii, indent=indent)
        if "\ud800" <= max(text) <= "\udfff":
            continue
        assert [value for _, _, value in read(text, piece)] == values


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("hello", 1),
        ("[1, 2", 1),
        ("[1,\n\n2,]", 3),
        ("[1 2]", 1),
        ('[\n{"a": 1},\n{"a": }\n]', 3),
        ('[\n{"a":\n', 3),
        ('{"a" 1}', 1),
        ("[]\nmore", 2),
        ("[" * 100_000, 1),
        ('["' + "x" * 2 * LONGEST_ENTRY, 1),
    ],
)
def test_invalid_json_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(UnreadableImport, match=rf"^t\.json, line {line}: the file "):
        read(text, 65_536)


def test_other_encodings_are_refused() -> None:
    with pytest.raises(UnreadableImport, match="UTF-8"):
        list(stream_entries("t.json", ['["Amélie"]'.encode("latin-1")]))
