"""Lookup of a movie by id, `tmdb:603`, `imdb:tt0133093` or title."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from movierec.cli.columns import Column
from movierec.cli.output import print_message
from movierec.cli.terminal import escape_controls
from movierec.client import ApiClient
from movierec.errors import NotFound, ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import ListedMovieJson, TitledJson

_TITLE_AND_YEAR = re.compile(r"(?P<title>.+?)\s*\((?P<year>\d{4})\)\s*")
_ARTICLES = frozenset({"a", "an", "the", "le", "la", "les", "der", "die", "das", "el", "los", "las", "il"})
_MAX_CANDIDATES = 12
# The best known of several movies is chosen without asking if it has this multiple of the next one's votes.
_VOTES_RATIO = 50


class AmbiguousTitle(ValidationFailed):
    """A title that matches several movies, without a terminal to ask. `candidates` holds them."""

    def __init__(self, title: str, candidates: Sequence[ListedMovieJson]) -> None:
        self.candidates = candidates
        super().__init__(f"Several movies match “{title}”. Name one by id, or as “Title (year)”.")


def find_movie(client: ApiClient, name: str) -> ListedMovieJson:
    """Return the movie that `name` identifies. Raises NotFound, or AmbiguousTitle without a terminal to ask."""
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


def _by_id(client: ApiClient, movie_id: int) -> ListedMovieJson:
    try:
        return client.movie(movie_id)
    except NotFound as error:
        hint = f"If {movie_id} is a title, add its year: “{movie_id} (2006)”."
        raise NotFound(f"There is no movie with id {movie_id}. {hint}") from error


def _by_tmdb_id(client: ApiClient, tmdb_id: str) -> ListedMovieJson:
    try:
        return client.movie_by_tmdb(tmdb_id)
    except NotFound as error:
        hint = "If the daemon has no TMDb key, name the movie by title or IMDb id."
        raise NotFound(f"There is no movie tmdb:{tmdb_id} in this catalogue. {hint}") from error


def _by_title(client: ApiClient, name: str) -> ListedMovieJson:
    title, year = name, None
    if match := _TITLE_AND_YEAR.fullmatch(name):
        title, year = match["title"], int(match["year"])
    if not title.strip():
        raise ValidationFailed("No movie is named. Give a title, an id, tmdb:603 or imdb:tt0133093.")
    movies = client.search(title, year=year)["results"]
    if not movies:
        raise NotFound(
            f"No movie titled “{name}” in this catalogue. Check the title, or name the movie by its IMDb id."
        )
    exact = [movie for movie in movies if _has_title(movie, title)]
    if len(exact) == 1:
        return exact[0]
    if best := _best_known(exact):
        print_message(
            f"“{name}” matches {len(exact)} movies. Using {movie_label(best)}, by far the best known of them."
        )
        return best
    return _choose(name, (exact or movies)[:_MAX_CANDIDATES])


def _has_title(movie: ListedMovieJson, title: str) -> bool:
    key = title_key(title)
    return key in (title_key(movie["title"]), title_key(movie.get("original_title") or ""))


def _best_known(movies: Sequence[ListedMovieJson]) -> ListedMovieJson | None:
    """Return the movie that is far better known than the others of its title; None if there is none."""
    ranked = sorted(movies, key=lambda movie: movie["vote_count"], reverse=True)
    if len(ranked) < 2 or ranked[0]["vote_count"] < _VOTES_RATIO * max(1, ranked[1]["vote_count"]):
        return None
    return ranked[0]


def title_key(title: str) -> str:
    """Return a title without case, accents, punctuation and its leading or inverted article."""
    flat = unicodedata.normalize("NFKD", title.replace("&", " and ")).casefold()
    # Apostrophes join ("ocean's"), other punctuation separates.
    flat = re.sub(r"[\u0300-\u036f'’]", "", flat)
    words = re.sub(r"[\W_]+", " ", flat).split()
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    elif len(words) > 1 and "," in title and words[-1] in _ARTICLES:
        words = words[:-1]
    return " ".join(words)


def movie_label(movie: TitledJson) -> str:
    """Return title and year, for example `Alien (1979)`."""
    year = movie.get("year")
    return f"{movie['title']} ({year})" if year else str(movie["title"])


def title_columns(movie_of: Callable[[Any], TitledJson]) -> tuple[Column, Column]:
    """Return the columns for title and year of an item's movie. On a terminal they are one column."""
    title = Column(
        "title", lambda item: movie_of(item)["title"], lambda item: movie_label(movie_of(item)), wraps=True
    )
    return title, Column("year", lambda item: movie_of(item)["year"], only_piped=True)


def _choose(name: str, candidates: Sequence[ListedMovieJson]) -> ListedMovieJson:
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
