"""The words of code, help and commits, as `scripts/language.py` counts them; `docs/glossary.md` says why."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts import language

# Subjects of earlier commits follow no form.
FIRST_COMMIT_OF_THE_FORM = "77063b8"

PACKAGE = language.sources(["movierec"])
EVERYTHING = language.sources()


def test_docstrings_open_with_a_verb_or_a_noun() -> None:
    places, count = language.clause_openings(EVERYTHING)
    assert len(places) <= 0.005 * count, "\n".join(map(str, places))


def test_variables_are_named_by_what_they_hold() -> None:
    places = language.empty_locals(PACKAGE)
    assert len(places) <= 10, "\n".join(map(str, places))


def test_a_public_class_name_has_one_meaning() -> None:
    assert not language.repeated_classes(PACKAGE)


def test_help_and_messages_are_definite() -> None:
    assert not language.vague_phrases(PACKAGE)


def test_any_is_rare() -> None:
    assert language.any_per_thousand_lines(PACKAGE) <= 15


def test_commit_subjects_follow_the_form() -> None:
    try:
        subjects = language.bad_subjects(FIRST_COMMIT_OF_THE_FORM)
    except (subprocess.CalledProcessError, OSError):
        pytest.skip("no git history here: a checkout with its history shows the commit subjects")
    assert not subjects


def test_the_counts_see_each_kind(tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text(
        'def f(told):\n    """What it does."""\n    found = told\n    return "So many."\n\n\n'
        "class A:\n    pass\n",
        encoding="utf-8",
    )
    other = tmp_path / "other.py"
    other.write_text('class A:\n    """Hold nothing."""\n', encoding="utf-8")
    assert [place.line for place in language.clause_openings([file])[0]] == [2]
    assert [place.text for place in language.empty_locals([file])] == ["found", "told"]
    assert [place.line for place in language.vague_phrases([file])] == [4]
    assert language.repeated_classes([file, other]) == {"A": [file, other]}
