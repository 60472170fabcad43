"""Cells of a CSV file, exactly out and in: spreadsheets must not take text for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

# What a spreadsheet computes: also behind spaces, which it may trim, and in full width.
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile(r"'+\s*[=+\-@\t\r\n＝＋－＠]")


def guard_formula(text: str) -> str:
    """Text as spreadsheets show it and never compute it: with an apostrophe before what may be a formula."""
    return "'" + text if _FORMULA.match(text) else text


def unguard_formula(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if _GUARDED.match(text) else text


def csv_line(cells: Iterable[object]) -> bytes:
    """One row of a CSV file (RFC 4180) in UTF-8; None is empty."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
