"""Formula guard of CSV cells: applied on export, reversed exactly on import."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movierec.exchange.exports.cells import csv_line, guard_formula, unguard_formula

# NUL is refused wherever text comes in.
TEXT = st.text(
    st.sampled_from("'=+-@\t\r\n \",;＝") | st.characters(exclude_characters="\0", exclude_categories=["Cs"])
)


@given(TEXT)
def test_guard_is_reversed_exactly(text: str) -> None:
    assert unguard_formula(guard_formula(text)) == text


@given(TEXT)
def test_no_guarded_cell_starts_a_formula(text: str) -> None:
    assert not guard_formula(text).lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@given(st.lists(TEXT, min_size=2))
def test_csv_line_is_parsed_to_the_same_cells(cells: list[str]) -> None:
    assert list(csv.reader(io.StringIO(csv_line(cells).decode(), newline=""), strict=True)) == [cells]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("  @sum", "'  @sum"),
        ("'=1", "''=1"),  # a text that looks guarded already
        ("'tis", "'tis"),
        ("1-1", "1-1"),
        ("", ""),
    ],
)
def test_only_possible_formulas_are_guarded(text: str, shown: str) -> None:
    assert guard_formula(text) == shown
