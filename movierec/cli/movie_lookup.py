"""Which movie is meant: an id, `tmdb:603`, `imdb:tt0133093`, or a title."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from movierec.cli.output import Column, print_message
from movierec.cli.terminal import escape_controls
from movierec.client import ApiClient
from movierec.errors import NotFound, ValidationFailed

_TITLE_AND_YEAR = re.compile(r"(?P<title>.+?)\s*\((?P<year>\d{4})\)\s*")
_ARTICLES = frozenset({"a", "an", "the", "le", "la", "les", "der", "die", "das", "el", "los", "las", "il"})
_MOST_OFFERED = 12
# So many times the votes of the next one, and nobody is asked which.
_FAR_BETTER = 50


class AmbiguousTitle(ValidationFailed):
    """Several movies could be meant and there is nobody to ask; `candidates` are those."""

    def __init__(self, title: str, candidates: Sequence[Any]) -> None:
        self.candidates = candidates
        super().__init__(f"Which “{title}”? Name it by id, or as “Title (year)”.")


def find_movie(client: ApiClient, name: str) -> Any:
    """The movie that `name` means. Raises NotFound, or AmbiguousTitle where nobody can be asked."""
    name = name.strip()
    scheme, colon, rest = name.partition(":")
    if re.fullmatch(r"[1-9][0-9]{0,18}", name):
        return _by_id(client, int(name))
    if colon and scheme.lower() == "tmdb":
        return _by_tmdb_id(client, rest.strip())
    if colon and scheme.lower() == "imdb":
        return client.movie_by_imdb(rest.strip())
    if re.fullmatch(r"tt[0-9]{7,10}", name):
        return client.movie_by_imdb(name)
    return _by_title(client, name)


def _by_id(client: ApiClient, movie_id: int) -> Any:
    try:
        return client.movie(movie_id)
    except NotFound as error:
        hint = f"If {movie_id} is a title, add its year: “{movie_id} (2006)”."
        raise NotFound(f"There is no movie with id {movie_id}. {hint}") from error


def _by_tmdb_id(client: ApiClient, tmdb_id: str) -> Any:
    try:
        return client.movie_by_tmdb(tmdb_id)
    except NotFound as error:
        hint = "Where the daemon has no key for TMDb, name the movie by title or IMDb id."
        raise NotFound(f"No movie tmdb:{tmdb_id} is known here. {hint}") from error


def _by_title(client: ApiClient, name: str) -> Any:
    title, year = name, None
    if match := _TITLE_AND_YEAR.fullmatch(name):
        title, year = match["title"], int(match["year"])
    if not title.strip():
        raise ValidationFailed("Name a movie: by title, id, tmdb:603 or imdb:tt0133093.")
    found = client.search(title, year=year)["results"]
    if not found:
        raise NotFound(f"No movie called “{name}” is known here.")
    exact = [movie for movie in found if _is_called(movie, title)]
    if len(exact) == 1:
        return exact[0]
    if best := _far_better_known(exact):
        print_message(
            f"“{name}” is taken for {movie_label(best)}, by far the best known of {len(exact)} called so."
        )
        return best
    return _choose(name, (exact or found)[:_MOST_OFFERED])


def _is_called(movie: Any, title: str) -> bool:
    wanted = title_key(title)
    return wanted in (title_key(movie["title"]), title_key(movie.get("original_title") or ""))


def _far_better_known(films: Sequence[Any]) -> Any:
    """The one beside which nobody means the others, such as a short film of the same title; else None."""
    ranked = sorted(films, key=lambda film: film["vote_count"], reverse=True)
    if len(ranked) < 2 or ranked[0]["vote_count"] < _FAR_BETTER * max(1, ranked[1]["vote_count"]):
        return None
    return ranked[0]


def title_key(title: str) -> str:
    """What is left of a title without case, accents, punctuation and its article, in front or inverted."""
    flat = unicodedata.normalize("NFKD", title.replace("&", " and ")).casefold()
    # Apostrophes join ("ocean's"), other signs part.
    flat = re.sub(r"[\u0300-\u036f'’]", "", flat)
    words = re.sub(r"[\W_]+", " ", flat).split()
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    elif len(words) > 1 and "," in title and words[-1] in _ARTICLES:
        words = words[:-1]
    return " ".join(words)


def movie_label(movie: Any) -> str:
    """`Alien (1979)`"""
    year = movie.get("year")
    return f"{movie['title']} ({year})" if year else str(movie["title"])


def title_columns(movie_of: Callable[[Any], Any]) -> tuple[Column, Column]:
    """Title and year of an item's movie; people see both as one."""
    title = Column(
        "title", lambda item: movie_of(item)["title"], lambda item: movie_label(movie_of(item)), wraps=True
    )
    return title, Column("year", lambda item: movie_of(item)["year"], only_piped=True)


def _choose(name: str, candidates: Sequence[Any]) -> Any:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise AmbiguousTitle(name, candidates)
    print(f"Which “{escape_controls(name)}”?", file=sys.stderr)
    for number, movie in enumerate(candidates, 1):
        print(f"{number:>4}  {escape_controls(movie_label(movie))}", file=sys.stderr)
    while True:
        print(f"1-{len(candidates)}, empty for none: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip()
        if not answer:
            raise AmbiguousTitle(name, candidates)
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(candidates):
            return candidates[int(answer) - 1]
