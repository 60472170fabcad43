"""Title search: candidates from the title index, then ranked by `search_ranking`.

Candidates are the movies whose titles share most trigrams with the text, or begin with it. Both databases
return the same candidates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NewType

from movierec import db
from movierec.errors import ValidationFailed
from movierec.movies.genres import resolve_genre
from movierec.movies.ingest.credits_and_titles import KEY_LENGTH
from movierec.movies.queries import MovieFilters, MovieSummary, summaries
from movierec.movies.search_ranking import SearchCandidate, SearchMatch, parse_query, rank
from movierec.movies.title_keys import title_key
from movierec.movies.trigrams import select_trigrams

# A text that passed `validate_search_text`: the only kind that a search takes.
SearchText = NewType("SearchText", str)

MAXIMUM_SEARCH_LENGTH = 256
MAXIMUM_SEARCH_TERMS = 16

# Maximum number of candidates from each query of the index; higher limits improved no search.
CANDIDATES = 200
# Minimum share of the best candidate's shared trigrams that another candidate must reach.
SHARE = 1 / 3


def validate_search_text(text: str) -> SearchText:
    """Strip the text. Raises ValidationFailed where it is empty or too long."""
    text = text.strip()
    if not text:
        raise ValidationFailed.of("q", "Say what to search for.")
    if len(text) > MAXIMUM_SEARCH_LENGTH:
        raise ValidationFailed.of("q", f"A search has at most {MAXIMUM_SEARCH_LENGTH} characters.")
    if len(text.split()) > MAXIMUM_SEARCH_TERMS:
        raise ValidationFailed.of("q", f"A search has at most {MAXIMUM_SEARCH_TERMS} words.")
    return SearchText(text)


def search(
    text: SearchText,
    *,
    year: int | None = None,
    genre: str | None = None,
    adult: bool = False,
    tmdb_matches: Sequence[int] = (),
    limit: int,
    offset: int = 0,
) -> tuple[int, list[MovieSummary]]:
    """Return the number of movies that match the text, and one page of them, the best match first.

    `genre` is a name or an id; `tmdb_matches` are movies that TMDb's search returned. Raises ValidationFailed
    where there is no such genre.
    """
    filters = MovieFilters(year=year, genre=resolve_genre(genre), adult=None if adult else False)
    matches = find_matches(text, filters, tmdb_matches)
    return len(matches), summaries([match.movie.id for match in matches[offset : offset + limit]])


def find_matches(
    text: SearchText, filters: MovieFilters, tmdb_matches: Sequence[int] = ()
) -> list[SearchMatch]:
    """Return the movies that pass the filters and match the text, the best match first."""
    query = parse_query(text)
    candidates: dict[int, SearchCandidate] = {}
    for key in query.keys:
        for row in (*_similar(key, filters), *_with_prefix(key, filters)):
            candidates[row[0]] = SearchCandidate._make(row)
    for row in _by_ids(tmdb_matches, filters) if tmdb_matches else ():
        candidates[row[0]] = SearchCandidate._make(row)
    return rank(query, candidates.values(), frozenset(tmdb_matches))


def find_by_title(title: str, year: int | None = None) -> list[int]:
    """Return ids of the movies with this title, spelling aside; of `year` or a year beside it, exact years first."""
    near = "AND movies.year BETWEEN ? AND ?" if year is not None else ""
    rows = db.rows(
        "SELECT movies.id, movies.year FROM movies WHERE movies.id IN (SELECT movie_id FROM movie_titles "
        f"WHERE key = ?) {near} ORDER BY popularity DESC, movies.id",
        title_key(title)[:KEY_LENGTH],
        *([year - 1, year + 1] if year is not None else []),
    )
    return [movie_id for movie_id, _ in sorted(rows, key=lambda row: row[1] != year)]


_CANDIDATE = "movies.id, movies.title, movies.original_title, movies.year, movies.popularity"
_MOST_POPULAR_FIRST = f"ORDER BY movies.popularity DESC, movies.id LIMIT {CANDIDATES}"


def _with_prefix(key: str, filters: MovieFilters) -> Iterable[db.Row]:
    """Select movies whose titles equal the key or begin with it, at the end of a word or within one."""
    condition, parameters = filters.where()
    compact = key.replace(" ", "")
    for column, first, last in (("key", f"{key} ", f"{key}!"), ("compact", compact, f"{compact}\U0010ffff")):
        yield from db.rows(
            f"SELECT {_CANDIDATE} FROM movies WHERE movies.id IN (SELECT movie_id FROM movie_titles "
            f"WHERE {column} = ? OR ({column} >= ? AND {column} < ?)) AND {condition} {_MOST_POPULAR_FIRST}",
            key if column == "key" else compact,
            first,
            last,
            *parameters,
        )


def _by_ids(movie_ids: Sequence[int], filters: MovieFilters) -> list[db.Row]:
    condition, parameters = filters.where()
    sql = f"SELECT {_CANDIDATE} FROM movies WHERE movies.id IN ({db.placeholders(movie_ids)}) AND {condition}"
    return db.rows(sql, *movie_ids, *parameters)


def _similar(key: str, filters: MovieFilters) -> list[db.Row]:
    """Select the movies whose titles share most trigrams with the key."""
    condition, parameters = filters.where()
    shared = _SHARED_ON_POSTGRES if db.is_postgres() else _SHARED_ON_SQLITE
    return db.rows(
        f"WITH shared AS MATERIALIZED ({shared}) SELECT {_CANDIDATE} FROM movies JOIN ("
        "SELECT movie_id, MAX(trigrams) AS trigrams FROM shared "
        f"WHERE trigrams >= (SELECT MAX(trigrams) FROM shared) * {SHARE - 0.001} GROUP BY movie_id"
        f") AS alike ON alike.movie_id = movies.id WHERE {condition} "
        f"ORDER BY alike.trigrams DESC, {_MOST_POPULAR_FIRST.removeprefix('ORDER BY ')}",
        _index_query(select_trigrams(key)),
        *parameters,
    )


# On PostgreSQL `ts_rank` of a text without positions is the number of shared lexemes times a constant.
_SHARED_ON_POSTGRES = (
    "SELECT movie_id, ts_rank(title_search.trigrams, wanted) AS trigrams "
    "FROM title_search, CAST(? AS tsquery) AS wanted WHERE title_search.trigrams @@ wanted"
)
_SHARED_ON_SQLITE = (
    "SELECT movie_id, COUNT(*) AS trigrams FROM json_each(?) AS wanted "
    "JOIN title_search ON title_search MATCH wanted.value "
    "JOIN movie_titles ON movie_titles.id = title_search.rowid GROUP BY movie_titles.id"
)


def _index_query(trigrams: Sequence[str]) -> str:
    """Format trigrams as alternatives in the syntax of this database's index, special characters quoted."""
    if db.is_postgres():
        quoted = [trigram.replace("\\", "\\\\").replace("'", "''") for trigram in trigrams]
        return " | ".join(f"'{trigram}'" for trigram in quoted)
    doubled = [trigram.replace('"', '""') for trigram in trigrams]
    return json.dumps([f'"{trigram}"' for trigram in doubled])
