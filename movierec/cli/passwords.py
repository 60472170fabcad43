"""Reading of passwords from a prompt, standard input or a file. Other users can see arguments."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from movierec.errors import ValidationFailed


def read_passwords(
    prompts: tuple[str, ...], *, from_stdin: bool, file: Path | None, confirm_last: bool = False
) -> list[str]:
    """Read one password per prompt. Standard input and files hold one per line."""
    if from_stdin and file:
        raise ValidationFailed("Give either --password-stdin or --password-file.")
    if from_stdin:
        return _split_lines(sys.stdin.read(), prompts)
    if file:
        return _split_lines(file.read_text("utf-8"), prompts)
    if not sys.stdin.isatty():
        raise ValidationFailed(
            "The password is missing and there is no terminal to ask for it. Use --password-stdin or --password-file."
        )
    answers = [getpass.getpass(f"{prompt}: ") for prompt in prompts]
    if confirm_last and getpass.getpass("Again: ") != answers[-1]:
        raise ValidationFailed("The two passwords differ. Nothing was changed. Try again.")
    return answers


def _split_lines(text: str, prompts: tuple[str, ...]) -> list[str]:
    # Only line ends separate passwords: splitlines() would also split at a form feed.
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) != len(prompts) or not all(lines):
        names = " and ".join(prompt.lower() for prompt in prompts)
        raise ValidationFailed(f"The input does not hold one line each for: {names}.")
    return lines
