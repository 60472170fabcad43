"""Passwords that are rejected although they are long enough, and some that are accepted."""

from __future__ import annotations

import contextlib

import pytest

from movierec.auth import passwords
from movierec.errors import ValidationFailed
from tests.running import PASSWORD

OWN = ("Ann.Leeson", "ann.leeson@example.org")

GUESSABLE = """
    password1234 Password123! P@ssw0rd2024 qwertyuiop12 iloveyou1234 letmein!2023 123456789012 passwordpassword
    adminadmin123 abcdefghijkl 1qaz2wsx3edc aaaaaaaaaaaa abababababab summer2024!! Welcome2025! sunshine!123
    dragondragon qwerty123456 monkey-monkey- trustno1trustno1 Winter.2025.Winter movierec2026! footballfootball
    000000000000 superman123! 111222333444 !@#$%^&*()12 september2024 changeme12345 lovelovelove 210987654321
    poiuytrewq12 LiverpoolLiverpool1 ............
""".split()  # noqa: SIM905 (a list would be a page)


@pytest.mark.parametrize("password", GUESSABLE)
def test_common_words_and_patterns_are_rejected(password: str) -> None:
    with pytest.raises(ValidationFailed, match="invalid") as failure:
        passwords.check_password_rules(password, 12, *OWN)
    assert failure.value.errors[0].field == "password"


@pytest.mark.parametrize(
    "password",
    ["ann.leeson rides far", "xx-ANN.LEESON-kettle", "noseel.nna kettle", "4nn.1ee5on kettle",
     "leeson2024!!", "AnnLeeson1234"],
)  # fmt: skip
def test_passwords_with_own_names_are_rejected(password: str) -> None:
    with pytest.raises(ValidationFailed):
        passwords.check_password_rules(password, 12, *OWN)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD, "tR9#kq2Lmz!8", "violet otter parasol", "8f3kd02mwq7z", "Zugspitze liegt am See",
        "glacier-toast-92", "ordinary kettle marathon", "пароль длинный очень верный",
        "犬は電車で映画館へ行きましたよ",
    ],
)  # fmt: skip
def test_uncommon_passwords_are_accepted(password: str) -> None:
    passwords.check_password_rules(password, 12, *OWN)


def test_names_below_the_minimum_length_are_ignored() -> None:
    passwords.check_password_rules("annual kettle parade", 12, "ann", "al@example.org")


def test_long_repetitive_passwords_do_not_backtrack() -> None:
    """A pattern that backtracks catastrophically would run into the timeout of the test."""
    for text in (
        "ab" * 512,
        "password" * 128,
        "".join(chr(97 + i * 7 % 26) for i in range(1024)),
        "a1b2" * 256,
    ):
        with contextlib.suppress(ValidationFailed):
            passwords.check_password_rules(text, 12, *OWN)
