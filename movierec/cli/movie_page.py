"""The page of one movie on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from movierec.cli.tables import console
from movierec.cli.terminal import flowing
from movierec.cli.titles import label

# Longer lines of prose are hard to read, however wide the terminal is.
_PROSE_WIDTH = 88
_CAST = 8


def print_page(movie: Any, similar: Sequence[Any]) -> None:
    screen = console()
    screen.print()
    screen.print(Text(flowing(label(movie)), style="bold"))
    original = movie.get("original_title")
    if original and original != movie["title"]:
        screen.print(Text(flowing(original), style="italic"))
    screen.print(Text(_facts(movie), style="dim"))
    if movie.get("tagline"):
        screen.print(Text(f"“{flowing(movie['tagline'])}”", style="italic"))
    screen.print()
    screen.print(_rows(_people_and_ratings(movie)))
    if movie.get("overview"):
        screen.print()
        screen.print(Text(flowing(movie["overview"])), width=min(_PROSE_WIDTH, screen.width))
    if similar:
        screen.print()
        screen.print(Text("Similar", style="bold"))
        screen.print(Padding(_similar(similar), (0, 0, 0, 2)))
    screen.print()


def _facts(movie: Any) -> str:
    minutes = movie.get("runtime")
    facts = [
        ", ".join(movie.get("genres") or []),
        f"{minutes // 60} h {minutes % 60:02} min" if minutes else "",
        movie.get("certificate") or "",
        movie.get("release_date") or "",
        (movie.get("original_language") or "").upper(),
    ]
    return " · ".join(flowing(fact) for fact in facts if fact)


def _people_and_ratings(movie: Any) -> Iterable[tuple[str, Text]]:
    yield "Directed by", _names(movie.get("directors"))
    yield "Written by", _names(movie.get("writers"))
    yield "With", _names(movie.get("cast"))
    yield "About", _names(movie.get("keywords"))
    votes = movie.get("vote_count")
    yield "Rated", Text(f"{movie.get('vote_average') or 0:.1f} / 10 by {votes:,}" if votes else "")
    yield "By you", _mine(movie)
    yield "Names", Text(flowing(_ids(movie)), style="dim")


def _rows(rows: Iterable[tuple[str, Text]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, text in rows:
        if text.plain:
            grid.add_row(Text(name), text)
    return grid


def _names(people: Any) -> Text:
    """Names, given as such or as objects."""
    names = [person["name"] if isinstance(person, dict) else person for person in people or []]
    more = " …" if len(names) > _CAST else ""
    return Text(", ".join(flowing(name) for name in names[:_CAST]) + more)


def _mine(movie: Any) -> Text:
    rating = movie.get("my_rating")
    stars = rating.get("rating") if isinstance(rating, dict) else rating
    marks = [f"{star_bar(stars)} {stars:g}"] if stars else []
    marks += ["favorite"] if movie.get("is_favorite") else []
    marks += ["on your watchlist"] if movie.get("on_watchlist") else []
    return Text(" · ".join(marks), style="yellow")


def star_bar(stars: float) -> str:
    """`★★★★½`"""
    return "★" * int(stars) + ("½" if stars % 1 else "")


def _ids(movie: Any) -> str:
    names = [str(movie["id"])]
    names += [f"imdb:{movie['imdb_id']}"] if movie.get("imdb_id") else []
    names += [f"tmdb:{movie['tmdb_id']}"] if movie.get("tmdb_id") else []
    return "  ".join(names)


def _similar(movies: Sequence[Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_column(style="dim", overflow="fold")
    for movie in movies:
        genres = ", ".join((movie.get("genres") or [])[:3])
        grid.add_row(Text(str(movie["id"])), Text(flowing(label(movie))), Text(flowing(genres)))
    return grid
