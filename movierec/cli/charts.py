"""Statistics drawn on a terminal. Imported only to draw: rich takes 70 ms to load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from movierec.cli.columns import console
from movierec.cli.movie_lookup import movie_label
from movierec.cli.scales import RatingScale
from movierec.cli.terminal import escape_single_spaced

_EIGHTHS = " ▏▎▍▌▋▊▉"
# Wider bars tell nothing more; narrower ones nothing.
_WIDEST, _NARROWEST = 40, 6
# From here on there is room for two columns of sections.
_WIDE = 110
_SECTION = 64
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def print_statistics(found: Any, scale: RatingScale) -> None:
    screen = console()
    screen.print()
    for line in _summary(found, scale):
        screen.print(line)
    sections = [section for section in _sections(found, scale, screen) if section]
    if screen.width < _WIDE:
        for section in sections:
            screen.print(Padding(section, (1, 0, 0, 0), expand=False))
    else:
        _print_in_pairs(screen, sections)
    screen.print()


def _print_in_pairs(screen: Console, sections: Sequence[RenderableType]) -> None:
    for at in range(0, len(sections), 2):
        grid = Table.grid(padding=(0, 4, 0, 0))
        for _ in range(2):
            grid.add_column(width=min(_SECTION, screen.width // 2 - 4))
        grid.add_row(*sections[at : at + 2])
        screen.print(Padding(grid, (1, 0, 0, 0), expand=False))


def _summary(found: Any, scale: RatingScale) -> Iterable[Text]:
    counts, year = found["counts"], found["year"]
    yield Text(f"Your {year} in films" if year else "Your films", style="bold")
    again = f", {_number(counts['rewatches'])} of them again" if counts["rewatches"] else ""
    hours = f" · {_number(round(counts['minutes'] / 60))} hours" if counts["minutes"] else ""
    yield Text(f"{_count(counts['films'], 'film')} seen {_count(counts['viewings'], 'time')}{again}{hours}")
    kept = [_count(counts["ratings"], "rating"), _count(counts["reviews"], "review")]
    kept += [_count(counts["favorites"], "favorite")]
    kept += [] if year else [f"{_number(counts['watchlist'])} on the watchlist"]
    yield Text(" · ".join(kept))
    if found["mean"] is not None:
        yield Text(f"Your mean rating is {scale.mean(found['mean'])} of {scale.top}")


def _sections(found: Any, scale: RatingScale, screen: Console) -> Iterable[RenderableType | None]:
    width = min(screen.width, _SECTION)
    bars = [(f"{scale.value(bar['rating']):g}", bar["count"], "") for bar in reversed(found["histogram"])]
    yield _chart("Ratings", bars, width) if found["counts"]["ratings"] else None
    for name in ("genres", "decades", "directors"):
        groups = [
            (
                f"{group['name']}s" if name == "decades" else group["name"],
                group["count"],
                scale.mean(group["mean"]),
            )
            for group in found[name]
        ]
        yield _chart(name.capitalize(), groups, width, "films, mean rating")
    if found["months"]:
        yield _chart("Months", [(*pair, "") for pair in zip(_MONTHS, found["months"], strict=True)], width)
    else:
        yield _chart("Years of watching", [_year(seen) for seen in found["years"]], width, "times, hours")
    yield _films("Best rated", found["best"], scale)
    yield _critics(found["critics"], scale)
    yield _foresight(found["foresight"], scale)


def _year(seen: Any) -> tuple[str, int, str]:
    hours = f"{_number(round(seen['minutes'] / 60))} h" if seen["minutes"] else ""
    return str(seen["year"] or "unknown"), seen["viewings"], hours


def _chart(
    title: str, rows: Sequence[tuple[str, int, str | None]], width: int, legend: str = ""
) -> RenderableType | None:
    """Names, bars as long as their numbers, and a remark; None where there is nothing to draw."""
    longest = max((number for _, number, _ in rows), default=0)
    if not longest:
        return None
    names = [escape_single_spaced(name) for name, _, _ in rows]
    # What is left of the width, when all else has its room.
    other = (
        min(max(map(len, names)), width // 2)
        + len(_number(longest))
        + max(len(r or "") for *_, r in rows)
        + 7
    )
    room = max(_NARROWEST, min(_WIDEST, width - other))
    grid = Table.grid(padding=(0, 1))
    grid.add_column(max_width=width // 2, no_wrap=True, overflow="ellipsis", justify="right")
    grid.add_column(no_wrap=True, style="yellow", width=room)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True, style="dim")
    for name, (_, number, remark) in zip(names, rows, strict=True):
        grid.add_row(Text(name), Text(bar(number / longest, room)), _number(number), Text(remark or ""))
    return Group(Text.assemble((title, "bold"), (f"  {legend}" if legend else "", "dim")), grid)


def bar(share: float, width: int) -> str:
    """A bar so long, to an eighth of a character; whatever is more than nothing is seen."""
    eighths = max(round(share * width * 8), 1 if share else 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _films(title: str, films: Sequence[Any], scale: RatingScale) -> RenderableType | None:
    if not films:
        return None
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", no_wrap=True, style="yellow")
    grid.add_column(overflow="fold")
    for film in films:
        grid.add_row(f"{scale.value(film['rating']):g}", Text(escape_single_spaced(movie_label(film))))
    return Group(Text(title, style="bold"), grid)


def _critics(critics: Any, scale: RatingScale) -> RenderableType | None:
    if not critics["films"]:
        return None
    films = [
        (film["rating"], f"{film['critics_score']} %", movie_label(film)) for film in critics["disagreements"]
    ]
    title = Text("You and the critics", style="bold")
    return Group(title, Text(_agreement(critics)), _compared("critics", films, scale))


def _foresight(foresight: Any, scale: RatingScale) -> RenderableType | None:
    if not foresight:
        return None
    films = [
        (film["rating"], f"{scale.predicted(film['expected']):g}", film["title"])
        for film in foresight["surprises"]
    ]
    title = Text("You and what your other ratings let expect", style="bold")
    error = scale.mean(foresight["mean_error"])
    found = Text(f"{error} off in the mean, over your newest {_count(foresight['films'], 'film')}.")
    return Group(title, found, _compared("expected", films, scale))


def _compared(with_whom: str, films: Sequence[tuple[float, str, str]], scale: RatingScale) -> RenderableType:
    """Films with the own rating beside another one."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", no_wrap=True, style="yellow")
    grid.add_column(justify="right", no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    grid.add_row("you", with_whom, "")
    for stars, other, title in films:
        grid.add_row(f"{scale.value(stars):g}", other, Text(escape_single_spaced(title)))
    return grid


def _agreement(critics: Any) -> str:
    films = f"over {_count(critics['films'], 'film')}"
    r = critics["correlation"]
    if r is None:
        return f"Too little to compare, {films}."
    words = next(
        words
        for least, words in (
            (0.6, "You mostly agree"),
            (0.3, "You agree somewhat"),
            (0.1, "You agree a little"),
            (-0.1, "You agree no more than by chance"),
            (-1.0, "You disagree"),
        )
        if r >= least
    )
    return f"{words}: correlation {r:+.2f} {films}."


def _count(number: int, what: str) -> str:
    return f"{_number(number)} {what}{'' if number == 1 else 's'}"


def _number(number: int) -> str:
    return f"{number:,}"
