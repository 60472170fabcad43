"""Finding films by what somebody typed: candidates from the title index, then ranked by `matching`.

Candidates are the films whose titles share most trigrams with the text, or begin as it does. What the index
answers is the same on both databases.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from movierec import db
from movierec.errors import ValidationFailed
from movierec.movies.genres import resolve_genre
from movierec.movies.ingest.credits_and_titles import KEY_LENGTH
from movierec.movies.queries import MovieFilters, MovieSummary, summaries
from movierec.movies.search_ranking import SearchCandidate, SearchMatch, parse_query, rank
from movierec.movies.title_keys import title_key
from movierec.movies.trigrams import select_trigrams

MAXIMUM_SEARCH_LENGTH = 256
MAXIMUM_SEARCH_TERMS = 16

# So many films of each kind are ranked: more lose nothing that anybody meant.
CANDIDATES = 200
# A candidate shares at least this part of the trigrams that the best one does.
SHARE = 1 / 3


def search(
    text: str,
    *,
    year: int | None = None,
    genre: str | None = None,
    adult: bool = False,
    elsewhere: Sequence[int] = (),
    limit: int,
    offset: int = 0,
) -> tuple[int, list[MovieSummary]]:
    """How many films the text may mean, and some of them, the likeliest first.

    `genre` is a name or an id; `elsewhere` are films that TMDb found. Raises ValidationFailed where the text is
    empty or too long, or there is no such genre.
    """
    found = find_matches(
        text, MovieFilters(year=year, genre=resolve_genre(genre), adult=None if adult else False), elsewhere
    )
    return len(found), summaries([match.film.id for match in found[offset : offset + limit]])


def find_matches(text: str, filters: MovieFilters, elsewhere: Sequence[int] = ()) -> list[SearchMatch]:
    """The films that pass the filters and may be meant, the likeliest first."""
    query = parse_query(validate_search_text(text))
    films: dict[int, SearchCandidate] = {}
    for key in query.keys:
        for row in (*_alike(key, filters), *_beginning(key, filters)):
            films[row[0]] = SearchCandidate._make(row)
    for row in _among(elsewhere, filters) if elsewhere else ():
        films[row[0]] = SearchCandidate._make(row)
    return rank(query, films.values(), frozenset(elsewhere))


def find_by_title(title: str, year: int | None = None) -> list[int]:
    """Ids of the films called exactly so, but for spelling; of `year` or a year beside it, the right one first."""
    near = "AND movies.year BETWEEN ? AND ?" if year is not None else ""
    rows = db.rows(
        "SELECT movies.id, movies.year FROM movies WHERE movies.id IN (SELECT movie_id FROM movie_titles "
        f"WHERE key = ?) {near} ORDER BY popularity DESC, movies.id",
        title_key(title)[:KEY_LENGTH],
        *([year - 1, year + 1] if year is not None else []),
    )
    return [movie_id for movie_id, _ in sorted(rows, key=lambda row: row[1] != year)]


def validate_search_text(text: str) -> str:
    """The text without what surrounds it. Raises ValidationFailed where it is empty or too long."""
    text = text.strip()
    if not text:
        raise ValidationFailed.of("q", "Say what to search for.")
    if len(text) > MAXIMUM_SEARCH_LENGTH:
        raise ValidationFailed.of("q", f"A search has at most {MAXIMUM_SEARCH_LENGTH} characters.")
    if len(text.split()) > MAXIMUM_SEARCH_TERMS:
        raise ValidationFailed.of("q", f"A search has at most {MAXIMUM_SEARCH_TERMS} words.")
    return text


_FILM = "movies.id, movies.title, movies.original_title, movies.year, movies.popularity"
_BEST_FIRST = f"ORDER BY movies.popularity DESC, movies.id LIMIT {CANDIDATES}"


def _beginning(key: str, filters: MovieFilters) -> Iterable[db.Row]:
    """Films whose titles are the key or begin so, with a word's end behind it or not."""
    condition, values = filters.where()
    compact = key.replace(" ", "")
    for column, first, last in (("key", f"{key} ", f"{key}!"), ("compact", compact, f"{compact}\U0010ffff")):
        yield from db.rows(
            f"SELECT {_FILM} FROM movies WHERE movies.id IN (SELECT movie_id FROM movie_titles "
            f"WHERE {column} = ? OR ({column} >= ? AND {column} < ?)) AND {condition} {_BEST_FIRST}",
            key if column == "key" else compact,
            first,
            last,
            *values,
        )


def _among(movie_ids: Sequence[int], filters: MovieFilters) -> list[db.Row]:
    condition, values = filters.where()
    sql = f"SELECT {_FILM} FROM movies WHERE movies.id IN ({db.placeholders(movie_ids)}) AND {condition}"
    return db.rows(sql, *movie_ids, *values)


def _alike(key: str, filters: MovieFilters) -> list[db.Row]:
    """Films whose titles share most trigrams with the key."""
    condition, values = filters.where()
    shared = _SHARED_ON_POSTGRES if db.is_postgres() else _SHARED_ON_SQLITE
    return db.rows(
        f"WITH shared AS MATERIALIZED ({shared}) SELECT {_FILM} FROM movies JOIN ("
        "SELECT movie_id, MAX(trigrams) AS trigrams FROM shared "
        f"WHERE trigrams >= (SELECT MAX(trigrams) FROM shared) * {SHARE - 0.001} GROUP BY movie_id"
        f") AS alike ON alike.movie_id = movies.id WHERE {condition} "
        f"ORDER BY alike.trigrams DESC, {_BEST_FIRST.removeprefix('ORDER BY ')}",
        _alternatives(select_trigrams(key)),
        *values,
    )


# On PostgreSQL `ts_rank` of a text without positions counts the lexemes it has, times a constant.
_SHARED_ON_POSTGRES = (
    "SELECT movie_id, ts_rank(title_search.trigrams, wanted) AS trigrams "
    "FROM title_search, CAST(? AS tsquery) AS wanted WHERE title_search.trigrams @@ wanted"
)
_SHARED_ON_SQLITE = (
    "SELECT movie_id, COUNT(*) AS trigrams FROM json_each(?) AS wanted "
    "JOIN title_search ON title_search MATCH wanted.value "
    "JOIN movie_titles ON movie_titles.id = title_search.rowid GROUP BY movie_titles.id"
)


def _alternatives(trigrams: Sequence[str]) -> str:
    """As the index of this database wants them; whatever they contain is quoted."""
    if db.is_postgres():
        quoted = [trigram.replace("\\", "\\\\").replace("'", "''") for trigram in trigrams]
        return " | ".join(f"'{trigram}'" for trigram in quoted)
    doubled = [trigram.replace('"', '""') for trigram in trigrams]
    return json.dumps([f'"{trigram}"' for trigram in doubled])
