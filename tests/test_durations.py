"""Ages and retention cutoffs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from movierec.durations import DAY_SECONDS, HOUR_SECONDS, age_seconds, ago

PACKAGE = Path(__file__).parents[1] / "movierec"


def test_age_is_negative_for_a_time_in_the_future() -> None:
    assert age_seconds(100, 130) == 30
    assert age_seconds(130, 100) == -30


def test_ago_adds_up_its_units() -> None:
    now = 1_750_000_000
    assert ago(now) == now
    assert ago(now, days=2, hours=3, seconds=4) == now - 2 * DAY_SECONDS - 3 * HOUR_SECONDS - 4
    assert age_seconds(ago(now, days=1), now) == DAY_SECONDS


def test_no_other_module_spells_out_a_day_or_an_hour() -> None:
    """The command line does not import this module, to start fast; it has no such constant either."""
    wrong = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file in sorted(PACKAGE.rglob("*.py"))
        if file.name != "durations.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in (3600, 86_400)
    ]
    assert not wrong


def test_ages_are_computed_by_one_function() -> None:
    """A difference of `now` and a stored time is written nowhere else; waits until a future time are."""
    pattern = re.compile(r"\b(?:self\._)?now(?:\(\))? - \w+_at\b|\bnow - last\b|time\.time\(\) - ")
    wrong = [
        str(file.relative_to(PACKAGE))
        for file in sorted(PACKAGE.rglob("*.py"))
        if pattern.search(file.read_text(encoding="utf-8"))
    ]
    assert not wrong
