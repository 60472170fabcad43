"""Passwords from a prompt, standard input or a file. Never from an argument: others can list those."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from movierec.errors import ValidationFailed


def read_passwords(
    prompts: tuple[str, ...], *, from_stdin: bool, file: Path | None, confirm_last: bool = False
) -> list[str]:
    """One password per prompt; one a line where they come from standard input or a file."""
    if from_stdin and file:
        raise ValidationFailed("Give either --password-stdin or --password-file.")
    if from_stdin:
        return _lines(sys.stdin.read(), prompts)
    if file:
        return _lines(file.read_text("utf-8"), prompts)
    if not sys.stdin.isatty():
        raise ValidationFailed(
            "There is no terminal to ask for the password. Use --password-stdin or --password-file."
        )
    answers = [getpass.getpass(f"{prompt}: ") for prompt in prompts]
    if confirm_last and getpass.getpass("Again: ") != answers[-1]:
        raise ValidationFailed("The two passwords differ. Nothing was changed.")
    return answers


def _lines(text: str, prompts: tuple[str, ...]) -> list[str]:
    # Only line ends part passwords: splitlines() would cut at a form feed as well.
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) != len(prompts) or not all(lines):
        wanted = " and ".join(prompt.lower() for prompt in prompts)
        raise ValidationFailed(f"Expected one line each for: {wanted}.")
    return lines
