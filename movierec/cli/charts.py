"""Charts of the statistics for a terminal. Imported only to print one: rich takes 70 ms to load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from movierec.cli.movie_lookup import movie_label
from movierec.cli.rating_scales import RatingScale
from movierec.cli.tables import console
from movierec.cli.terminal import escape_single_spaced

if TYPE_CHECKING:
    from movierec.client.json_types import (
        AgreementJson,
        ForesightJson,
        OpinionJson,
        StatisticsJson,
        YearSeenJson,
    )

_EIGHTHS = " ▏▎▍▌▋▊▉"
# Wider bars show nothing more, narrower ones show nothing.
_WIDEST, _NARROWEST = 40, 6
# From this width on there is room for two columns of sections.
_WIDE = 110
_SECTION = 64
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def print_statistics(statistics: StatisticsJson, scale: RatingScale) -> None:
    """Print the statistics, in two columns on a wide terminal."""
    screen = console()
    screen.print()
    for line in _summary(statistics, scale):
        screen.print(line)
    sections = [section for section in _sections(statistics, scale, screen) if section]
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


def _summary(statistics: StatisticsJson, scale: RatingScale) -> Iterable[Text]:
    counts, year = statistics["counts"], statistics["year"]
    yield Text(f"Your {year} in movies" if year else "Your movies", style="bold")
    again = f", {_number(counts['rewatches'])} of them again" if counts["rewatches"] else ""
    hours = f" · {_number(round(counts['minutes'] / 60))} hours" if counts["minutes"] else ""
    yield Text(f"{_count(counts['films'], 'movie')} seen {_count(counts['viewings'], 'time')}{again}{hours}")
    counted = [_count(counts["ratings"], "rating"), _count(counts["reviews"], "review")]
    counted += [_count(counts["favorites"], "favorite")]
    counted += [] if year else [f"{_number(counts['watchlist'])} on the watchlist"]
    yield Text(" · ".join(counted))
    if statistics["mean"] is not None:
        yield Text(f"Your mean rating is {scale.format_mean(statistics['mean'])} of {scale.top}")


def _sections(
    statistics: StatisticsJson, scale: RatingScale, screen: Console
) -> Iterable[RenderableType | None]:
    width = min(screen.width, _SECTION)
    bars = [
        (f"{scale.from_stars(bar['rating']):g}", bar["count"], "")
        for bar in reversed(statistics["histogram"])
    ]
    yield _chart("Ratings", bars, width) if statistics["counts"]["ratings"] else None
    for name, rated_groups in (
        ("genres", statistics["genres"]),
        ("decades", statistics["decades"]),
        ("directors", statistics["directors"]),
    ):
        groups = [
            (
                f"{group['name']}s" if name == "decades" else group["name"],
                group["count"],
                scale.format_mean(group["mean"]),
            )
            for group in rated_groups
        ]
        yield _chart(name.capitalize(), groups, width, "movies, mean rating")
    if statistics["months"]:
        yield _chart(
            "Months", [(*pair, "") for pair in zip(_MONTHS, statistics["months"], strict=True)], width
        )
    else:
        yield _chart(
            "Years of watching", [_year(seen) for seen in statistics["years"]], width, "times, hours"
        )
    yield _rated_movies("Best rated", statistics["best"], scale)
    yield _critics(statistics["critics"], scale)
    yield _prediction_accuracy(statistics["foresight"], scale)


def _year(seen: YearSeenJson) -> tuple[str, int, str]:
    hours = f"{_number(round(seen['minutes'] / 60))} h" if seen["minutes"] else ""
    return str(seen["year"] or "unknown"), seen["viewings"], hours


def _chart(
    title: str, rows: Sequence[tuple[str, int, str | None]], width: int, legend: str = ""
) -> RenderableType | None:
    """Draw names, proportional bars, counts and a remark. None if all counts are zero."""
    longest = max((number for _, number, _ in rows), default=0)
    if not longest:
        return None
    names = [escape_single_spaced(name) for name, _, _ in rows]
    # Width taken by everything but the bars.
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
    """Draw a bar with a resolution of an eighth of a character. Any share above zero is visible."""
    eighths = max(round(share * width * 8), 1 if share else 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _rated_movies(title: str, movies: Sequence[OpinionJson], scale: RatingScale) -> RenderableType | None:
    if not movies:
        return None
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", no_wrap=True, style="yellow")
    grid.add_column(overflow="fold")
    for movie in movies:
        grid.add_row(f"{scale.from_stars(movie['rating']):g}", Text(escape_single_spaced(movie_label(movie))))
    return Group(Text(title, style="bold"), grid)


def _critics(critics: AgreementJson, scale: RatingScale) -> RenderableType | None:
    if not critics["films"]:
        return None
    movies = [
        (movie["rating"], f"{movie['critics_score']} %", movie_label(movie))
        for movie in critics["disagreements"]
    ]
    title = Text("You and the critics", style="bold")
    return Group(title, Text(_agreement(critics)), _comparison_table("critics", movies, scale))


def _prediction_accuracy(foresight: ForesightJson | None, scale: RatingScale) -> RenderableType | None:
    if not foresight:
        return None
    movies = [
        (movie["rating"], f"{scale.from_prediction(movie['expected']):g}", movie["title"])
        for movie in foresight["surprises"]
    ]
    title = Text("Your ratings and the predicted ones", style="bold")
    error = scale.format_mean(foresight["mean_error"])
    summary = Text(f"Mean absolute error {error}, over your newest {_count(foresight['films'], 'movie')}.")
    return Group(title, summary, _comparison_table("predicted", movies, scale))


def _comparison_table(
    heading: str, movies: Sequence[tuple[float, str, str]], scale: RatingScale
) -> RenderableType:
    """Tabulate movies with the user's rating beside another one."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", no_wrap=True, style="yellow")
    grid.add_column(justify="right", no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    grid.add_row("you", heading, "")
    for stars, other, title in movies:
        grid.add_row(f"{scale.from_stars(stars):g}", other, Text(escape_single_spaced(title)))
    return grid


def _agreement(critics: AgreementJson) -> str:
    number = f"over {_count(critics['films'], 'movie')}"
    r = critics["correlation"]
    if r is None:
        return f"Too few ratings to compare, {number}."
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
    return f"{words}: correlation {r:+.2f} {number}."


def _count(number: int, noun: str) -> str:
    return f"{_number(number)} {noun}{'' if number == 1 else 's'}"


def _number(number: int) -> str:
    return f"{number:,}"
