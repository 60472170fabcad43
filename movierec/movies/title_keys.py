"""Normalisation of titles for search: one key for all spellings of a title. Pure, no database."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Ignored before a title and after it ("Matrix, The"). Without words that are also English or begin names of
# places, such as die, los and las.
ARTICLES = frozenset(
    {
        *("the", "a", "an"),
        *("le", "la", "les", "l", "un", "une"),
        *("der", "das", "ein", "eine"),
        *("el", "il", "lo", "gli", "uno", "una"),
    }
)
# Additional words that are certainly articles after a comma: "Blechtrommel, Die".
INVERTED = ARTICLES | {"die", "los", "las", "den", "det"}
SAME_WORDS = {"doctor": "dr", "mister": "mr", "missus": "mrs", "saint": "st", "versus": "vs", "v": "vs"}
COUNTING_WORDS = frozenset({"part", "episode", "chapter", "vol", "volume"})  # "Part II" is 2

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = frozenset((*_ONES, *_TENS))
_ORDINALS = {
    "1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth", "6th": "sixth",
    "7th": "seventh", "8th": "eighth", "9th": "ninth", "10th": "tenth", "11th": "eleventh", "12th": "twelfth",
    "13th": "thirteenth", "20th": "twentieth",
}  # fmt: skip
_ROMAN = {
    "ii": 2, "iii": 3, "iv": 4, "vi": 6, "vii": 7, "viii": 8, "ix": 9,
    "xi": 11, "xii": 12, "xiii": 13, "xiv": 14, "xv": 15, "xvi": 16,
}  # fmt: skip
_ROMAN_LETTER = {"i": 1, "v": 5, "x": 10}
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d", "ħ": "h", "½": " 1 2"}
)
_LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "8": "b"}

# Accents of Latin, Greek and Cyrillic; in other scripts such marks make another letter.
_ACCENTS = re.compile("[\u0300-\u036f]")
_ASCII_PUNCTUATION = re.compile("[^a-z0-9]+")
_APOSTROPHES = re.compile(r"['’‘`´ʻʼʹ]")
_ELIDED_ARTICLE = re.compile(r"^(?:l|gl|un)['’]", re.IGNORECASE)
_INITIALS = re.compile(r"(?<!\w)(?:\w[.*]){1,}\w(?!\w)")  # L.A., M*A*S*H
_SUBTITLE = re.compile(r"\s*:\s+|\s+[-–—]\s+|:\s*$")
_COMMA_ARTICLE = re.compile(r"^(.+),\s*(\w+)['’]?$")


def title_key(text: str) -> str:
    """Normalise a title: 'Godfather: Part II, The' and 'godfather 2' both become 'godfather two'.

    Latin letters lose accents and case; punctuation and articles at either end are removed; numbers below a
    hundred, Roman or not, become words (a trigram index needs three letters, and '2' is not a typo of '3').
    Other scripts stay. A text without any letter or digit ('$') is its own key.
    """
    return _key(_words(text), text)


def _key(words: list[str], text: str) -> str:
    return " ".join(_without_articles(words)) or text.strip().casefold()


def _words(text: str) -> list[str]:
    """Split into comparable words, articles included."""
    if inverted := _COMMA_ARTICLE.match(text.strip()):
        body, article = inverted.groups()
        if article.casefold() in INVERTED:
            text = f"{article} {body}"
    words: list[str] = []
    for part in _SUBTITLE.split(_fold(text)):
        segment = _letters_and_digits(part).split()
        for position, word in enumerate(segment, start=1):
            words += _canonical(word, before=words[-1] if words else "", last=position == len(segment))
    return _without_counting_words(words)


def _fold(text: str) -> str:
    text = text.casefold().translate(_UNDECOMPOSED)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    text = _ELIDED_ARTICLE.sub("l ", text.replace("&", " and "))
    text = _INITIALS.sub(lambda match: re.sub("[.*]", "", match[0]), text)
    return _APOSTROPHES.sub("", text)


def _letters_and_digits(text: str) -> str:
    if text.isascii():
        return _ASCII_PUNCTUATION.sub(" ", text)
    # The vowel signs of Hindi or Thai are marks, not letters, to Unicode and to Python's \w.
    return "".join(
        char if char.isalnum() or unicodedata.category(char) in ("Mn", "Mc") else " " for char in text
    )


def _canonical(word: str, *, before: str, last: bool) -> list[str]:
    if word.isascii() and word.isalpha():
        if word in _ROMAN and before:
            return _number_words(_ROMAN[word])
        # A single letter is a numeral only where numerals stand: 'Rocky V', 'Part I', not 'V for Vendetta'.
        if word in _ROMAN_LETTER and before and (before in COUNTING_WORDS or (last and word != "i")):
            return _number_words(_ROMAN_LETTER[word])
        return [SAME_WORDS.get(word, word)] if before or word != "v" else [word]
    if word.isdecimal() and word.isascii():
        return _number_words(int(word)) if len(word) <= 2 else [word]
    if word in _ORDINALS:
        return [_ORDINALS[word]]
    if glued := re.fullmatch(r"([a-z]{3,})(\d{1,4})", word):  # 'apollo13', 'Alien³'
        return [glued[1], *_canonical(glued[2], before=glued[1], last=last)]
    if re.fullmatch(r"[a-z]+\d[a-z]+", word) and len(word) >= 4:  # 'se7en', 'fant4stic'
        return [_read_leet(word)]
    return [word]


def _number_words(number: int) -> list[str]:
    if number < 20:
        return [_ONES[number]]
    tens, ones = divmod(number, 10)
    return [_TENS[tens - 2], _ONES[ones]] if ones else [_TENS[tens - 2]]


def _read_leet(word: str) -> str:
    word = re.sub(r"(?<=[aeiou])7(?=[aeiou])", "v", word).replace("7", "t")
    return "".join(_LEET.get(char, char) for char in word)


def _without_counting_words(words: list[str]) -> list[str]:
    """Remove words like 'part' before a number: 'part two' becomes 'two'."""
    pairs = zip(words, (*words[1:], ""), strict=False)
    return [word for word, after in pairs if not (word in COUNTING_WORDS and after in NUMBERS)]


def _without_articles(words: list[str]) -> list[str]:
    """Remove articles at both ends, but not the only word and not the first 'la' of La La Land."""
    if len(words) > 1 and words[0] in ARTICLES and words[1] != words[0]:
        words = words[1:]
    if len(words) > 1 and words[-1] in ARTICLES - {"a", "l", "la", "lo", "un"}:
        words = words[:-1]
    return words


@dataclass(frozen=True, slots=True)
class TitleForms:
    """A title in the forms that comparisons use."""

    full: str  # with articles
    key: str
    compact: str  # the key without spaces: 'Spider-Man' and 'spiderman'
    words: tuple[str, ...]
    parts: tuple[str, ...]  # compact keys of the parts before and after a colon or dash


@lru_cache(maxsize=20_000)
def title_forms(text: str) -> TitleForms:
    """Compute the forms of a title; cached, because the same popular movies are candidates of most queries."""
    words = _words(text)
    key = _key(words, text)
    segments = [segment for segment in _SUBTITLE.split(text) if segment.strip()]
    parts = tuple(title_key(segment).replace(" ", "") for segment in segments) if len(segments) > 1 else ()
    return TitleForms(" ".join(words), key, key.replace(" ", ""), tuple(key.split()), parts)
