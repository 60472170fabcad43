"""How well a query meets a film's title: the pure ranking of candidates, whatever index found them.

Candidates: the films whose `title_key` shares most trigrams with one of `Query.keys`, and, for keys too
short for trigrams ('up'), those equal to it or beginning with it and a space. Two hundred are plenty.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from movierec.movies.title_keys import ARTICLES, TitleForms, title_forms, title_key

_YEAR = re.compile(r"^(?P<text>.*\S)\s*(?:\((?P<sure>\d{4})\)|[\s,](?P<maybe>(?:18[89]|19\d|20\d)\d))$")
# Who types "teh matrix" means no title: a word in front weighs too much for what is only a slip.
_SWAPPED_THE = re.compile(r"^(?:teh|hte)\s+(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """What somebody typed: the title as it stands, and what is left if its last word is a year."""

    title: TitleForms
    dated: TitleForms | None = None
    year: int | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """To look candidates up by: one or two normalised keys."""
        keys = [self.dated.key] if self.dated else []
        return tuple(dict.fromkeys([*keys, self.title.key]))


@lru_cache(maxsize=256)
def parse_query(text: str) -> ParsedQuery:
    """'heat 1995' may be Heat of 1995 or a film called so, as Death Race 2000 is; 'Heat (1995)' is not."""
    text = _SWAPPED_THE.sub("the ", text.strip())
    match = _YEAR.match(text)
    if not match or not title_key(match["text"]):
        return ParsedQuery(title_forms(text))
    dated = title_forms(match["text"])
    if match["sure"]:
        return ParsedQuery(dated, dated, int(match["sure"]))
    return ParsedQuery(title_forms(text), dated, int(match["maybe"]))


def without_year(text: str) -> str:
    """'heat' of 'heat 1995': what finds at least the same films."""
    match = _YEAR.match(text.strip())
    return match["text"] if match and title_key(match["text"]) else text.strip()


# Grades of a match, out of 97; popularity adds up to 3 and so decides only between equals.
SAME, SAME_BUT_ARTICLE, SAME_BUT_SPACES = 97.0, 96.0, 95.0
SAME_PART, BEGINS, ALL_WORDS, BEGINS_MIDWORD, ALIKE = 90.0, 84.0, 77.0, 74.0, 72.0
INSIDE = 65.0
# By a title that is not known here: behind what begins so or has all words, before most of what is only alike.
ELSEWHERE = 70.0
# Below the one, or so far behind the best, hardly anybody means this film.
LEAST, BEHIND = 50.0, 30.0
WRONG_YEAR, NEXT_YEAR = 25.0, 3.0
POPULARITY, POPULARITY_HALF = 3.0, 25.0


class SearchCandidate(NamedTuple):
    """What ranking has to know of a film."""

    id: int
    title: str
    original_title: str = ""
    year: int | None = None
    popularity: float = 0.0


class SearchMatch(NamedTuple):
    score: float
    film: SearchCandidate


def rank(
    query: ParsedQuery | str, candidates: Iterable[SearchCandidate], elsewhere: Collection[int] = ()
) -> list[SearchMatch]:
    """The candidates somebody may have meant, the likeliest first; the same for any order they come in.

    `elsewhere` are those that TMDb has found, which knows titles in other languages.
    """
    if isinstance(query, str):
        query = parse_query(query)
    matches = [SearchMatch(match_score(query, *film[1:]), film) for film in candidates]
    if elsewhere:
        matches = [_at_least(ELSEWHERE, match) if match.film.id in elsewhere else match for match in matches]
    matches.sort(key=lambda match: (-match.score, match.film.id))
    least = max(LEAST, matches[0].score - BEHIND) if matches else LEAST
    return [match for match in matches if match.score >= least]


def _at_least(grade: float, match: SearchMatch) -> SearchMatch:
    return SearchMatch(max(match.score, grade + _known_by(match.film.popularity)), match.film)


def match_score(
    query: ParsedQuery | str,
    title: str,
    original_title: str = "",
    year: int | None = None,
    popularity: float = 0.0,
) -> float:
    """0-100, how surely the query means this film: same > begins so > all words > alike but for typos."""
    if isinstance(query, str):
        query = parse_query(query)
    titles = [title_forms(title)]
    if original_title and original_title != title:
        titles.append(title_forms(original_title))
    titles = [known for known in titles if known.key]
    if not query.title.key or not titles:
        return 0.0
    score = max(_grade(query.title, known) for known in titles)
    if query.dated and query.year:
        dated = max(_grade(query.dated, known) for known in titles) - _year_penalty(query.year, year)
        score = dated if query.dated is query.title else max(score, dated)
    return max(score, 0.0) + _known_by(popularity)


def _known_by(popularity: float) -> float:
    known_by = max(popularity, 0.0)
    return POPULARITY * known_by / (known_by + POPULARITY_HALF)


def _year_penalty(asked: int, year: int | None) -> float:
    apart = abs(asked - year) if year else 2
    return 0.0 if apart == 0 else NEXT_YEAR if apart == 1 else WRONG_YEAR


def _grade(query: TitleForms, title: TitleForms) -> float:
    if query.full == title.full:
        return SAME
    if query.key == title.key:
        return SAME_BUT_ARTICLE
    if query.compact == title.compact:
        return SAME_BUT_SPACES
    if query.compact in title.parts:
        return SAME_PART
    coverage = min(len(query.compact) / len(title.compact), 1.0)
    if title.key.startswith(query.key + " "):
        return BEGINS + 2 * coverage
    if _all_words(query.words, title.words):
        return ALL_WORDS + 2 * coverage
    if title.compact.startswith(query.compact):
        return BEGINS_MIDWORD + 2 * coverage
    alike = ALIKE * _likeness(query, title)
    if set(title.words) < set(query.words):  # 'the matrix full movie'
        return max(alike, INSIDE * (0.7 + 0.3 * len(title.compact) / len(query.compact)))
    return alike


def _all_words(asked: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """In any order, articles aside; the last may be unfinished, for who is still typing."""
    *whole, last = asked
    if not all(word in words or word in ARTICLES for word in whole):
        return False
    return last in words or (len(last) >= 3 and any(word.startswith(last) for word in words))


def _likeness(query: TitleForms, title: TitleForms) -> float:
    """0-1 by edits (a swap of neighbours is one) against the whole, a part, the start, and word by word."""
    asked, known = query.compact, title.compact
    best = OSA.normalized_similarity(asked, known)
    for part in title.parts:
        best = max(best, 0.97 * OSA.normalized_similarity(asked, part))
    if len(known) > len(asked) >= 4:
        best = max(best, 0.95 * OSA.normalized_similarity(asked, known[: len(asked)]))
    return max(best, _likeness_of_words(query.words, title.words))


def _likeness_of_words(asked: tuple[str, ...], words: tuple[str, ...]) -> float:
    asked = tuple(word for word in asked if word not in ARTICLES) or asked
    alike = sum(len(word) * _nearest(word, words) for word in asked)
    share = alike / sum(map(len, asked))
    coverage = min(len(asked) / len(words), 1.0)
    return share * (0.85 + 0.1 * coverage)


def _nearest(word: str, words: tuple[str, ...]) -> float:
    return max((OSA.normalized_similarity(word, other, score_cutoff=0.6) for other in words), default=0.0)
