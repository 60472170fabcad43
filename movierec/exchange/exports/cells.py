"""Lossless CSV cells with a guard against formula injection in spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

# Starts of formulas: also after spaces, which a spreadsheet may trim, and in full-width characters.
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile(r"'+\s*[=+\-@\t\r\n＝＋－＠]")


def guard_formula(text: str) -> str:
    """Prefix an apostrophe to a text that a spreadsheet could evaluate as a formula."""
    return "'" + text if _FORMULA.match(text) else text


def unguard_formula(text: str) -> str:
    """Reverse `guard_formula`."""
    return text[1:] if _GUARDED.match(text) else text


def csv_line(cells: Iterable[object]) -> bytes:
    """Encode one row of a CSV file (RFC 4180) in UTF-8; None is an empty cell."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
