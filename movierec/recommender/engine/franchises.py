"""Franchises by title: movies whose titles begin alike and that share people, such as Alien and Aliens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations

from movierec.recommender.engine.settings import FranchiseSettings

# The number of a movie within its franchise, at the end of a title.
_NUMBER = re.compile(
    r"(part|parte|volume|vol|chapter|episode|\d{1,2}|i{1,3}|iv|vi{0,3}|ix|xi{0,3}|two|three)"
)
_WORD, _MARKS = re.compile(r"[^\W_]+"), re.compile("[\u0300-\u036f'’]")
_ARTICLES = frozenset({"a", "an", "the", "le", "la", "les", "der", "die", "das", "el", "los", "il"})
_JOINING = frozenset({"of", "in", "on", "and", "to", "for", "the", "with", "at", "from"})
# "Harry Potter and the …" goes on after the name of the franchise as "Star Wars: …" does.
_SUBTITLE = re.compile(r":| [–—-] | and the | & the ", re.IGNORECASE)


def find_franchises(
    titles: Sequence[str],
    people: Sequence[Iterable[str]],
    settings: FranchiseSettings = FranchiseSettings(),
) -> list[list[str]]:
    """Return the franchises of each movie, mostly none or one; `people` are those who made it.

    Movies belong together if the title of one, without number and subtitle, begins the other's and they share
    somebody: three people where a single word is all that the titles have in common.
    """
    words = [_words(title, settings) for title in titles]
    stems = [_stem(title, whole, settings) or whole for title, whole in zip(titles, words, strict=True)]
    items_of: dict[tuple[str, ...], list[int]] = {
        stem: [] for stem in stems if stem and stem[-1] not in _JOINING
    }
    for item, (whole, stem) in enumerate(zip(words, stems, strict=True)):
        for beginning in {stem, *(whole[:cut] for cut in range(1, len(whole) + 1))}:
            if beginning in items_of:
                items_of[beginning].append(item)
    franchises: list[list[str]] = [[] for _ in titles]
    for stem, items in items_of.items():
        if len(items) > 1:
            exact = {item for item in items if stems[item] == stem}
            makers = {item: frozenset(people[item]) for item in items}
            needed = settings.shared_people if len(stem) > 1 else settings.shared_people_one_word
            for group in _related(makers, exact, needed, settings):
                for item in group:
                    franchises[item].append(f"{' '.join(stem)} {group[0]}")
    return franchises


def _words(title: str, settings: FranchiseSettings) -> tuple[str, ...]:
    """Return the words of a title without marks, leading article and plural."""
    flat = title if title.isascii() else unicodedata.normalize("NFKD", title)
    words = _WORD.findall(_MARKS.sub("", flat.casefold()))
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    # Aliens are more of Alien.
    longest = settings.plural_length
    return tuple([word[:-1] if len(word) > longest and word[-1] == "s" else word for word in words])


def _stem(title: str, whole: tuple[str, ...], settings: FranchiseSettings) -> tuple[str, ...]:
    """Return the words of a title without subtitle and number."""
    subtitle = _SUBTITLE.search(title)
    words = list(_words(title[: subtitle.start()], settings) if subtitle else whole)
    while len(words) > 1 and _NUMBER.fullmatch(words[-1]):
        words.pop()
    return tuple(words)


def _related(
    makers: Mapping[int, frozenset[str]], exact: AbstractSet[int], needed: int, settings: FranchiseSettings
) -> list[list[int]]:
    """Return groups of items that share people with each other, an exact title in each; no group of one.

    Two items of exactly the title need one person in common, others `needed` people.
    """
    group_of: dict[int, int] = {item: item for item in makers}
    for item, other in combinations(makers, 2):
        enough = settings.shared_people if item in exact and other in exact else needed
        if group_of[item] != group_of[other] and len(makers[item] & makers[other]) >= enough:
            joined, left = group_of[item], group_of[other]
            group_of.update({each: joined for each, group in group_of.items() if group == left})
    groups: dict[int, list[int]] = {}
    for item, group in group_of.items():
        groups.setdefault(group, []).append(item)
    return [sorted(group) for group in groups.values() if len(group) > 1 and not exact.isdisjoint(group)]
