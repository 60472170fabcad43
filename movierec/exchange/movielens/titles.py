"""Pure parsers of MovieLens titles and genres: 'Postman, The (Postino, Il) (1994)'."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# Genres with another name in the catalogue. 'Film-Noir' and 'Musical' stay: people search for them.
GENRES = {"Sci-Fi": "Science Fiction", "Children": "Family", "Children's": "Family"}
# IMAX is a projection format, not a genre; the others mean that no genre is known.
IGNORED_GENRES = {"IMAX", "(no genres listed)", ""}

# Articles after a comma; those that are English words too must be capitalised.
ARTICLES = (
    "The", "A", "An", "Le", "La", "Les", "L'", "Un", "Une", "Il", "Lo", "I", "Gli", "Uno", "Una", "El", "Los",
    "Las", "Der", "Die", "Das", "Den", "Det", "De", "Het", "Ein", "Eine", "En", "Ett", "O", "Os", "As",
)  # fmt: skip
_INVERTED = re.compile(rf"^(?P<rest>.+), (?P<article>{'|'.join(ARTICLES)})$")
_YEAR = re.compile(r"^(?P<title>.*?)\s*\((?P<year>\d{4})\s*(?:[-–]\s*(?:\d{4})?\s*)?\)$")
_LAST_GROUP = re.compile(r"^(?P<title>.*\S)\s*\((?P<group>[^()]+)\)$")
_ALIAS = re.compile(r"^a\.?k\.?a\.?:?\s+", re.IGNORECASE)
# 'Birdman: Or (The Unexpected Virtue of Ignorance)': a group after these words belongs to the title.
_UNFINISHED = re.compile(r"(?i)(?:\b(?:or|and|the|of|a|to|in|for|with)|[:,&-])$")


class ParsedTitle(NamedTuple):
    """Title, year, and the original or alternative title in parentheses (`original`, may be empty)."""

    title: str
    original: str
    year: int | None


def parse_title(text: str) -> ParsedTitle:
    """Parse a MovieLens title. Only a plausible year (1870 to 2100) is split off."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    year = None
    if (match := _YEAR.match(text)) and match["title"] and 1870 <= int(match["year"]) <= 2100:
        text, year = match["title"], int(match["year"])
    title, groups = _without_groups(text)
    originals = [group for group in groups if not _ALIAS.match(group)] or groups
    original = _ALIAS.sub("", originals[0]) if originals else ""
    return ParsedTitle(restore_article(title), restore_article(original), year)


def _without_groups(text: str) -> tuple[str, list[str]]:
    """Return the title and the groups in parentheses after it, in their order."""
    groups: list[str] = []
    while match := _LAST_GROUP.match(text):
        if _UNFINISHED.search(match["title"]) and not _INVERTED.match(match["title"]):
            break
        text = match["title"]
        groups.insert(0, match["group"].strip())
    return text, [group for group in groups if group]


def restore_article(title: str) -> str:
    """Move the article to the front: 'Godfather, The' -> 'The Godfather', 'Avventura, L'' -> 'L'Avventura'."""
    match = _INVERTED.match(title)
    if not match:
        return title
    space = "" if match["article"].endswith("'") else " "
    return f"{match['article']}{space}{match['rest']}"


@lru_cache(maxsize=4096)
def parse_genres(text: str) -> tuple[str, ...]:
    """Map genres: 'Children|Sci-Fi' -> ('Family', 'Science Fiction'). Cached: a few hundred combinations occur."""
    words = (word.strip() for word in text.split("|"))
    return tuple(dict.fromkeys(GENRES.get(word, word) for word in words if word not in IGNORED_GENRES))
