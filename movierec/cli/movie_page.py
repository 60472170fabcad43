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
    original = movie["original_title"]
    if original and original != movie["title"]:
        screen.print(Text(flowing(original), style="italic"))
    screen.print(Text(_facts(movie), style="dim"))
    if movie["tagline"]:
        screen.print(Text(f"“{flowing(movie['tagline'])}”", style="italic"))
    screen.print()
    screen.print(_rows(_people_and_ratings(movie)))
    if movie["overview"]:
        screen.print()
        screen.print(Text(flowing(movie["overview"])), width=min(_PROSE_WIDTH, screen.width))
    if similar:
        screen.print()
        screen.print(Text("Similar", style="bold"))
        screen.print(Padding(_similar(similar), (0, 0, 0, 2)))
    screen.print()


def _facts(movie: Any) -> str:
    minutes = movie["runtime"]
    facts = [
        ", ".join(movie["genres"]),
        f"{minutes // 60} h {minutes % 60:02} min" if minutes else "",
        movie["certificate"],
        movie["release_date"] or "",
        movie["original_language"].upper(),
    ]
    return " · ".join(flowing(fact) for fact in facts if fact)


def _people_and_ratings(movie: Any) -> Iterable[tuple[str, Text]]:
    yield "Directed by", _names(movie["directors"])
    yield "Written by", _names(movie["writers"])
    yield "With", _names([member["name"] for member in movie["cast"]])
    yield "About", _names(movie["keywords"])
    votes = movie["vote_count"]
    yield "Rated", Text(f"{movie['vote_average']:.1f} / 10 by {votes:,}" if votes else "")
    if movie.get("critics_score") is not None:
        yield "Critics", Text(f"{movie['critics_score']} % of {movie['critics_reviews']:,} liked it")
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


def _names(names: Sequence[str]) -> Text:
    more = " …" if len(names) > _CAST else ""
    return Text(", ".join(flowing(name) for name in names[:_CAST]) + more)


def _mine(movie: Any) -> Text:
    own = movie.get("my_rating")
    marks = [f"{star_bar(movie['my_stars'])} {own:g}"] if own else []
    expected = None if own else movie.get("predicted_rating")
    marks += [f"you would give it {expected}"] if expected else []
    marks += ["favorite"] if movie.get("is_favorite") else []
    marks += ["on your watchlist"] if movie.get("on_watchlist") else []
    marks += [_seen(movie["times_seen"], movie["last_seen"])] if movie.get("times_seen") else []
    return Text(" · ".join(marks), style="yellow")


def _seen(times: int, last: str | None) -> str:
    """`seen twice, last on 2024-05-01`"""
    often = {1: "seen", 2: "seen twice"}.get(times, f"seen {times} times")
    return f"{often}{'' if times == 1 else ', last'} on {last[:10]}" if last else often


def star_bar(stars: float) -> str:
    """`★★★★½`"""
    return "★" * int(stars) + ("½" if stars % 1 else "")


def _ids(movie: Any) -> str:
    names = [str(movie["id"])]
    names += [f"imdb:{movie['imdb_id']}"] if movie["imdb_id"] else []
    names += [f"tmdb:{movie['tmdb_id']}"] if movie["tmdb_id"] else []
    return "  ".join(names)


def _similar(movies: Sequence[Any]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_column(style="dim", overflow="fold")
    for movie in movies:
        grid.add_row(Text(str(movie["id"])), Text(flowing(label(movie))), Text(flowing(movie["reason"])))
    return grid
