"""Ranking of search candidates by the similarity of a query and a movie's titles. Pure, for any index.

Candidates: the movies whose `title_key` shares most trigrams with one of `ParsedQuery.keys`, and, for keys too
short for trigrams ('up'), those equal to it or beginning with it and a space. Two hundred are enough.
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
# "teh matrix" is a slip: without this rule the additional word would count for too much.
_SWAPPED_THE = re.compile(r"^(?:teh|hte)\s+(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A typed query: the title as it stands, and the title and year if its last word is a year."""

    title: TitleForms
    dated: TitleForms | None = None
    year: int | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """One or two normalised keys to look candidates up by."""
        keys = [self.dated.key] if self.dated else []
        return tuple(dict.fromkeys([*keys, self.title.key]))


@lru_cache(maxsize=256)
def parse_query(text: str) -> ParsedQuery:
    """Split a year from a query: 'heat 1995' may be Heat of 1995, or a title like Death Race 2000.

    In 'Heat (1995)' the year is certain.
    """
    text = _SWAPPED_THE.sub("the ", text.strip())
    match = _YEAR.match(text)
    if not match or not title_key(match["text"]):
        return ParsedQuery(title_forms(text))
    dated = title_forms(match["text"])
    if match["sure"]:
        return ParsedQuery(dated, dated, int(match["sure"]))
    return ParsedQuery(title_forms(text), dated, int(match["maybe"]))


def without_year(text: str) -> str:
    """Strip a year: 'heat 1995' becomes 'heat', which finds at least the same movies."""
    match = _YEAR.match(text.strip())
    return match["text"] if match and title_key(match["text"]) else text.strip()


# Grades of a match, out of 97; popularity adds up to 3 and so decides only between equal grades.
SAME, SAME_BUT_ARTICLE, SAME_BUT_SPACES = 97.0, 96.0, 95.0
SAME_PART, BEGINS, ALL_WORDS, BEGINS_MIDWORD, SIMILAR = 90.0, 84.0, 77.0, 74.0, 72.0
INSIDE = 65.0
# Minimum grade of a movie that TMDb's search returned, perhaps by a title that is not known here: below those
# that begin with the query or have all its words, above most that are only similar.
TMDB_MATCH = 70.0
# Matches below MINIMUM_SCORE, or MAXIMUM_GAP behind the best one, are dropped.
MINIMUM_SCORE, MAXIMUM_GAP = 50.0, 30.0
# Penalties of a year that differs by more than one, and by one.
WRONG_YEAR, NEXT_YEAR = 25.0, 3.0
POPULARITY, POPULARITY_HALF = 3.0, 25.0


class SearchCandidate(NamedTuple):
    """A movie to be ranked."""

    id: int
    title: str
    original_title: str = ""
    year: int | None = None
    popularity: float = 0.0


class SearchMatch(NamedTuple):
    """A candidate and its score, 0 to 100."""

    score: float
    movie: SearchCandidate


def rank(
    query: ParsedQuery | str, candidates: Iterable[SearchCandidate], tmdb_matches: Collection[int] = ()
) -> list[SearchMatch]:
    """Score the candidates and return the plausible ones, the best first, whatever order they come in.

    `tmdb_matches` are ids of movies that TMDb's search returned; it knows titles in other languages.
    """
    if isinstance(query, str):
        query = parse_query(query)
    matches = [SearchMatch(match_score(query, *movie[1:]), movie) for movie in candidates]
    if tmdb_matches:
        matches = [
            _at_least(TMDB_MATCH, match) if match.movie.id in tmdb_matches else match for match in matches
        ]
    matches.sort(key=lambda match: (-match.score, match.movie.id))
    minimum = max(MINIMUM_SCORE, matches[0].score - MAXIMUM_GAP) if matches else MINIMUM_SCORE
    return [match for match in matches if match.score >= minimum]


def _at_least(grade: float, match: SearchMatch) -> SearchMatch:
    return SearchMatch(max(match.score, grade + _popularity_bonus(match.movie.popularity)), match.movie)


def match_score(
    query: ParsedQuery | str,
    title: str,
    original_title: str = "",
    year: int | None = None,
    popularity: float = 0.0,
) -> float:
    """Score from 0 to 100 how well a movie matches: same > same beginning > all words > similar but for typos."""
    if isinstance(query, str):
        query = parse_query(query)
    titles = [title_forms(title)]
    if original_title and original_title != title:
        titles.append(title_forms(original_title))
    titles = [forms for forms in titles if forms.key]
    if not query.title.key or not titles:
        return 0.0
    score = max(_grade(query.title, forms) for forms in titles)
    if query.dated and query.year:
        dated = max(_grade(query.dated, forms) for forms in titles) - _year_penalty(query.year, year)
        score = dated if query.dated is query.title else max(score, dated)
    return max(score, 0.0) + _popularity_bonus(popularity)


def _popularity_bonus(popularity: float) -> float:
    popularity = max(popularity, 0.0)
    return POPULARITY * popularity / (popularity + POPULARITY_HALF)


def _year_penalty(query_year: int, year: int | None) -> float:
    difference = abs(query_year - year) if year else 2
    return 0.0 if difference == 0 else NEXT_YEAR if difference == 1 else WRONG_YEAR


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
    similar = SIMILAR * _similarity(query, title)
    if set(title.words) < set(query.words):  # 'the matrix full movie'
        return max(similar, INSIDE * (0.7 + 0.3 * len(title.compact) / len(query.compact)))
    return similar


def _all_words(query_words: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Return True if the title has all words of the query, in any order, articles aside.

    The last one may be unfinished, because people search while typing.
    """
    *whole, last = query_words
    if not all(word in words or word in ARTICLES for word in whole):
        return False
    return last in words or (len(last) >= 3 and any(word.startswith(last) for word in words))


def _similarity(query: TitleForms, title: TitleForms) -> float:
    """Compare by edit distance (a swap of neighbours is one edit) with the whole, a part, the start, and by words.

    Returns the highest of the four, 0 to 1.
    """
    text, whole = query.compact, title.compact
    best = OSA.normalized_similarity(text, whole)
    for part in title.parts:
        best = max(best, 0.97 * OSA.normalized_similarity(text, part))
    if len(whole) > len(text) >= 4:
        best = max(best, 0.95 * OSA.normalized_similarity(text, whole[: len(text)]))
    return max(best, _word_similarity(query.words, title.words))


def _word_similarity(query_words: tuple[str, ...], words: tuple[str, ...]) -> float:
    query_words = tuple(word for word in query_words if word not in ARTICLES) or query_words
    similar = sum(len(word) * _best_similarity(word, words) for word in query_words)
    share = similar / sum(map(len, query_words))
    coverage = min(len(query_words) / len(words), 1.0)
    return share * (0.85 + 0.1 * coverage)


def _best_similarity(word: str, words: tuple[str, ...]) -> float:
    return max((OSA.normalized_similarity(word, other, score_cutoff=0.6) for other in words), default=0.0)
