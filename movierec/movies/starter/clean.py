"""Clean-up of the source's titles and names; each rule exists for rows that the source really has."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

# Names that contain a comma; the source separates names by commas.
NAMES_WITH_COMMA = (
    "Tyler, the Creator",
    "Earth, Wind & Fire",
    "Crosby, Stills & Nash",
    "Blood, Sweat & Tears",
)
# Duos and collectives that the source lists beside their members' names.
DUOS = {"the Wachowskis": ("Lana Wachowski", "Lilly Wachowski")}
NOT_PEOPLE = {"art director", "dialogue writer", "geshe", "N/A", "Friday the 13th", "Troll 2"}

_HALF_MARKS = re.compile("[\ufe20-\ufe2f]")  # leftovers of library transliteration: Sergei︠a︡
_SPACES = re.compile(r"\s+")
_FILM_SUFFIX = re.compile(r"\s*\((?:\d{4} )?film\)$", re.IGNORECASE)
_PARENTHESIS = re.compile(r"\s*\([^()]*\)")
_GENERATION = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV")
_NOBLE = re.compile(
    r"\d+(?:st|nd|rd|th) (?:Earl|Baron|Baronet|Prince|Marquess|Duke|Viscount)\b"
    r"|(?:Duke|Duchess|Prince|Princess|Prince Consort|Earl|Count|Countess|Baron|Marquess) of "
)
_PAIR = re.compile(r"(\w[\w.'’-]*(?: [\w.'’-]+)+) and ([A-Z][\w.'’-]*(?: [\w.'’-]+)+)")


def clean_text(raw: object) -> str:
    """Normalise to one line of composed Unicode without entities, control characters or double spaces.

    Returns '' for no value.
    """
    if raw is None:
        return ""
    text = html.unescape(str(raw)).replace("\ufffd", "")
    text = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Co", "Cs", "Cn"))
    text = _SPACES.sub(" ", _HALF_MARKS.sub("", unicodedata.normalize("NFC", text))).strip()
    return "" if text in ("N/A", "None", "null") else text


def clean_title(raw: object) -> str:
    """Remove a suffix that distinguishes films: 'Faust (2011 film)' becomes 'Faust'."""
    return _FILM_SUFFIX.sub("", clean_text(raw)).strip()


def split_list(raw: object) -> list[str]:
    """Split at commas, each item once: 'Drama,  Crime, Drama' becomes ['Drama', 'Crime']."""
    return unique(part.strip() for part in clean_text(raw).split(","))


def split_people(raw: object, *, pairs: bool = False) -> list[str]:
    """Split a comma-separated list of names, in its order, each name once.

    With `pairs`, 'Scott Alexander and Larry Karaszewski' are two people: correct for writers and
    directors, wrong for a cast, which may include 'Huey Lewis and the News'.
    """
    text = clean_text(raw)
    for name in NAMES_WITH_COMMA:
        text = text.replace(name, name.replace(",", "\0"))
    names: list[str] = []
    for part in text.split(","):
        name = _PARENTHESIS.sub("", part.replace("\0", ",")).strip().removesuffix(" filmography")
        if names and _GENERATION.fullmatch(name):
            names[-1] += f" {name}"
        elif pairs and (pair := _PAIR.fullmatch(name)):
            names += pair.groups()
        elif name in DUOS:
            names += DUOS[name]
        elif _is_name(name):
            names.append(name)
    return unique(names)


def _is_name(text: str) -> bool:
    if text in NOT_PEOPLE or text.startswith("list of ") or _NOBLE.match(text):
        return False
    return any(char.isalnum() for char in text)


def unique(items: Iterable[str]) -> list[str]:
    """Drop empty and repeated items, keep the order."""
    return list(dict.fromkeys(item for item in items if item))
