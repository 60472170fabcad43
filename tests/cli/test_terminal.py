"""Escaping of untrusted text: no control, escape or bidi character reaches a terminal."""

from __future__ import annotations

import json
import unicodedata

import pytest

from movierec.cli.terminal import escape_controls, escape_json, escape_single_spaced

HARMFUL = [
    ("\x1b[2J", "\\x1b[2J"),  # clears the screen
    ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),  # sets the window title
    ("\x9b31m", "\\x9b31m"),  # CSI as one C1 character
    ("a\rb", "a\\rb"),  # overwrites the line
    ("a\nb\tc", "a\\nb\\tc"),  # would make a row or a cell of its own
    ("\x7f\x08", "\\x7f\\x08"),
    ("\u202egpj.exe", "\\u202egpj.exe"),  # right-to-left override
    ("\u2066x\u2069", "\\u2066x\\u2069"),  # isolates
    ("\u200f\u061c", "\\u200f\\u061c"),
    ("\u2028\u2029", "\\u2028\\u2029"),
    ("\ufeff", "\\ufeff"),
    ("\U000e0041", "\\U000e0041"),  # a tag: text nobody sees
    ("\ud800", "\\ud800"),  # half a character
]

HARMLESS = [
    "Amélie",
    "Léon: The Professional",
    "八月の狂詩曲",
    "روز واقعه",
    "[bold]not bold[/bold]",
    "👨‍👩‍👧",
    "8½",
]


@pytest.mark.parametrize(("text", "expected"), HARMFUL)
def test_harmful_characters_are_escaped(text: str, expected: str) -> None:
    assert escape_controls(text) == expected


@pytest.mark.parametrize("text", HARMLESS)
def test_titles_of_all_scripts_are_unchanged(text: str) -> None:
    assert escape_controls(text) == text


def test_no_control_or_bidi_character_of_unicode_remains() -> None:
    for code in range(0x110000):
        character = chr(code)
        steers = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or (
            unicodedata.bidirectional(character)
            in ("LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        )
        if steers:
            assert escape_controls(character).isprintable(), hex(code)


def test_wrapped_text_loses_its_line_breaks() -> None:
    assert escape_single_spaced("A film\nabout\t\ta \x1b[1mship.  ") == "A film about a \\x1b[1mship."


@pytest.mark.parametrize("text", [text for text, _ in HARMFUL] + HARMLESS)
def test_escaped_json_has_the_same_value(text: str) -> None:
    encoded = escape_json(json.dumps({"title": text}, ensure_ascii=False, indent=2))
    assert json.loads(encoded) == {"title": text}
    assert escape_controls(encoded.replace("\n", "")) == encoded.replace("\n", "")
