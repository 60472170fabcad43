"""Series told by titles: films whose titles begin alike and that share people, such as Alien and Aliens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations

# What numbers a film within its series, at the end of a title.
_NUMBER = re.compile(
    r"(part|parte|volume|vol|chapter|episode|\d{1,2}|i{1,3}|iv|vi{0,3}|ix|xi{0,3}|two|three)"
)
_WORD, _MARKS = re.compile(r"[^\W_]+"), re.compile("[\u0300-\u036f'’]")
_ARTICLES = frozenset({"a", "an", "the", "le", "la", "les", "der", "die", "das", "el", "los", "il"})
_JOINING = frozenset({"of", "in", "on", "and", "to", "for", "the", "with", "at", "from"})
# "Harry Potter and the …" goes on after the name of the series as "Star Wars: …" does.
_SUBTITLE = re.compile(r":| [–—-] | and the | & the ", re.IGNORECASE)


def find_franchises(titles: Sequence[str], people: Sequence[Iterable[str]]) -> list[list[str]]:
    """The series of each film, mostly none or one; `people` are those who made it.

    Films belong together if the title of one, without number and subtitle, begins the other's and they share
    somebody: three people where a single word is all that the titles have in common.
    """
    words = [_words(title) for title in titles]
    stems = [_stem(title, whole) or whole for title, whole in zip(titles, words, strict=True)]
    named: dict[tuple[str, ...], list[int]] = {
        stem: [] for stem in stems if stem and stem[-1] not in _JOINING
    }
    for film, (whole, stem) in enumerate(zip(words, stems, strict=True)):
        for beginning in {stem, *(whole[:cut] for cut in range(1, len(whole) + 1))}:
            if beginning in named:
                named[beginning].append(film)
    found: list[list[str]] = [[] for _ in titles]
    for stem, films in named.items():
        if len(films) > 1:
            exact = {film for film in films if stems[film] == stem}
            makers = {film: frozenset(people[film]) for film in films}
            for part in _related(makers, exact, 1 if len(stem) > 1 else 3):
                for film in part:
                    found[film].append(f"{' '.join(stem)} {part[0]}")
    return found


def _words(title: str) -> tuple[str, ...]:
    flat = title if title.isascii() else unicodedata.normalize("NFKD", title)
    words = _WORD.findall(_MARKS.sub("", flat.casefold()))
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    # Aliens are more of Alien.
    return tuple([word[:-1] if len(word) > 4 and word[-1] == "s" else word for word in words])


def _stem(title: str, whole: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a title without subtitle and number."""
    subtitle = _SUBTITLE.search(title)
    words = list(_words(title[: subtitle.start()]) if subtitle else whole)
    while len(words) > 1 and _NUMBER.fullmatch(words[-1]):
        words.pop()
    return tuple(words)


def _related(makers: Mapping[int, frozenset[str]], exact: AbstractSet[int], needed: int) -> list[list[int]]:
    """Groups of films that share people with each other, an exact title in each; no group of one.

    Two films of exactly the title need one person in common, others so many as `needed`.
    """
    group_of: dict[int, int] = {film: film for film in makers}
    for film, other in combinations(makers, 2):
        enough = 1 if film in exact and other in exact else needed
        if group_of[film] != group_of[other] and len(makers[film] & makers[other]) >= enough:
            joined, left = group_of[film], group_of[other]
            group_of.update({each: joined for each, group in group_of.items() if group == left})
    groups: dict[int, list[int]] = {}
    for film, group in group_of.items():
        groups.setdefault(group, []).append(film)
    return [sorted(group) for group in groups.values() if len(group) > 1 and not exact.isdisjoint(group)]
