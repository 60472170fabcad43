"""Detection of guessable passwords: common words and patterns, also with character substitutions.

A password is decomposed into what guessers try first (words, keyboard runs, repetitions, years, the user's own
names); the rest must have enough different characters. The word list is our own compilation, not a published one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from movierec.auth.names import canonical

# Minimum number of different characters that no pattern explains.
MINIMUM_UNEXPLAINED = 6
MINIMUM_NAME_LENGTH = 4

WORDS = frozenset(
    """
    abc access account action active admin administrator adore again airplane amanda america amor anderson andrea
    andrew angel angela animal anthony apple april arsenal asdf ashley august austin autumn awesome azerty baby
    bailey banana barcelona baseball basketball batman beach bear beautiful beauty beer best bestfriend big bill
    black blessed blink blue bond boss boston brandon brasil brazil bubbles buddy butterfly cameron canada captain
    cars carlos change changeme charlie cheese chelsea cherry chicago chicken chocolate chris christ christian
    cinema claire coffee computer control cookie cool corvette cowboy crystal daddy dallas dance daniel database
    david december default demo dennis diamond disney doctor dog dolphin donald dragon dream eagle easy edward
    elephant elizabeth emily eminem england eric erica everyone fall family father february felix fender ferrari
    film films fire fish florida flower football forever forget formula france frank freedom friday friend friends
    fuckyou game gamer games garfield george germany ginger girl go god gold golden golf google gordon great green
    guest guitar hammer hannah happy harley harry heart heaven hello hellokitty help helpme hi hockey hola home
    honda honey hottie house hunter iam ihateyou iloveyou iloveu india internet jack jackson jaguar january japan
    jasmine jason jennifer jessica jesus john johnny jordan joseph joshua julia july june junior justin justme
    katie kevin killer king kitten kitty knight lakers laura legend letmein liberty life light liverpool login
    london lord love lovely lover loveyou lucky lucy madison madrid maggie magic manager manchester march marina
    mario marley martin marvel master matrix matthew maverick maximus may melissa mercedes merlin mexico michael
    michelle mickey midnight minecraft mine miller mobile molly mommy monday money monica monkey monster morgan
    mother mountain movie movierec movies muffin music mustang my myself naruto natasha nathan ncc nicole ninja
    nintendo nirvana no nothing november nothingelse october office oliver online open opensesame orange pa pass
    passcode passme passphrase passw password passwort motdepasse contrasena parola senha wachtwoord haslo salasana
    patrick peace peaches peanut pepper phoenix phone picture pirate playboy player please pokemon police porsche
    power prince princess private purple qwe qwer qwert qwerty qwertz rachel rainbow ranger raiders red
    remember robert rock rocky root rosebud runner russia sam samantha samsung sandra sarah saturday scooter
    secret secure security server september sexy shadow shalom silver simple sister skate slipknot smile snoopy
    soccer sophie space sparky spider spiderman spring stanley star stars starwars steelers steven student summer
    sunday sunflower sunny sunshine super superman superstar superuser support sweet sweetheart sweetie swordfish
    sys system taylor team temp temporary tennis test tester testing teste texas thank thankyou the theman thomas
    thunder thursday tiger tigger time tinker tom toor travel trustme trustno trustnoone tuesday turtle twitter
    unknown user username vanessa victoria victory viking vincent virgin wednesday webmaster welcome whatever
    white william willow windows winner winter wizard wolf wonderful world xbox yankees yellow yes you zaq zxc
    zxcv zxcvbn zxcvbnm
    """.split()  # noqa: SIM905 (a list would be 460 lines)
)

ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "!@#$%^&*()",
    '!"§$%&/()=',
)
RUN_LENGTH = 4
_RUNS = frozenset(
    row[start : start + length]
    for text in ROWS
    for row in (text, text[::-1])
    for length in range(RUN_LENGTH, len(row) + 1)
    for start in range(len(row) - length + 1)
)
# Characters that are substituted for letters.
_SUBSTITUTIONS = str.maketrans("013457@$!|", "oleastasil")
_REPETITION = re.compile(r"(.{1,8}?)\1{2,}|(.{4,})\2")
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_guessable(password: str, own: Iterable[str] = ()) -> bool:
    """Tell if `password` consists of known words and patterns; `own` are the user's names and addresses."""
    key = canonical(password)
    words = sorted(
        {*_parts_of(own), *WORDS, *(word + "s" for word in WORDS if len(word) > 3)}, key=len, reverse=True
    )
    restored = key.translate(_SUBSTITUTIONS)
    return min(_unexplained(key, words), _unexplained(restored, words)) < MINIMUM_UNEXPLAINED


def contains_name(password: str, own: Iterable[str]) -> bool:
    """Tell if `password` contains one of the user's names or addresses, also written backwards."""
    key = canonical(password)
    names = {part for name in own for part in (canonical(name), canonical(name).partition("@")[0])}
    return any(
        name in text
        for name in names
        if len(name) >= MINIMUM_NAME_LENGTH
        for text in (key, key[::-1], key.translate(_SUBSTITUTIONS))
    )


def _parts_of(own: Iterable[str]) -> set[str]:
    """Split names and addresses into words: `Ann.Lee-Smith@example.org` gives ann, lee, smith."""
    return {part for name in own for part in re.split(r"[\W_]", canonical(name).partition("@")[0])}


def _unexplained(text: str, words: Iterable[str]) -> int:
    """Count the different characters outside words and patterns, without separators and repetitions."""
    text = _REPETITION.sub(lambda match: match[1] or match[2], text)
    for run in sorted((run for run in _RUNS if run in text), key=len, reverse=True):
        text = text.replace(run, " ")
    for word in words:
        if len(word) > 2 and word in text:
            text = text.replace(word, " ")
    text = _YEAR.sub(" ", text)
    return len(set(re.sub(r"[\W_]", "", text)))
