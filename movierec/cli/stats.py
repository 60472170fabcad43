"""`stats`: what your ratings and viewings add up to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, new_group
from movierec.cli.output import print_json
from movierec.cli.scales import RatingScale, ScaleOption, choose_scale
from movierec.cli.terminal import escape_controls

commands = new_group("")

EPILOG = (
    "In a pipe: lines of section, tab, name, tab, number, tab, mean rating (of critics their score, of surprises "
    "what was expected). A rated movie that your history does not know counts as seen once, in the year it was "
    "rated."
)


@commands.command(epilog=EPILOG)
def stats(
    year: Annotated[
        int | None, typer.Option("--year", min=1870, max=9999, help="A year in review: what you saw in it.")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=100, help="So many directors.")] = 10,
    scale: ScaleOption = None,
    as_json: AsJson = False,
) -> None:
    """Your ratings by value, genre, decade and director, years of watching, and what critics say."""
    client = connect()
    found = client.statistics(year=year, top=top, foresight=year is None)
    if as_json:
        print_json(found)
        return
    of = choose_scale(client, scale)
    if sys.stdout.isatty():
        from movierec.cli.charts import print_statistics  # rich: 70 ms

        print_statistics(found, of)
        return
    for line in _lines(found, of):
        print("\t".join(escape_controls("" if cell is None else cell) for cell in line))


def _lines(found: Any, scale: RatingScale) -> Iterator[tuple[Any, ...]]:
    for name, number in found["counts"].items():
        yield "count", name, number, None
    yield "mean", "rating", found["counts"]["ratings"], scale.mean(found["mean"])
    for bar in found["histogram"]:
        yield "rating", f"{scale.value(bar['rating']):g}", bar["count"], None
    for section in ("genres", "decades", "directors"):
        for group in found[section]:
            yield section.removesuffix("s"), group["name"], group["count"], scale.mean(group["mean"])
    for seen in found["years"]:
        yield "year", seen["year"], seen["viewings"], None
    for month, number in enumerate(found["months"] or (), 1):
        yield "month", month, number, None
    for film in found["best"]:
        yield "best", film["title"], f"{scale.value(film['rating']):g}", None
    critics = found["critics"]
    yield "critics", "correlation", critics["films"], critics["correlation"]
    for film in critics["disagreements"]:
        yield "disagreement", film["title"], f"{scale.value(film['rating']):g}", film["critics_score"]
    foresight = found["foresight"]
    if foresight:
        yield "foresight", "mean error", foresight["films"], scale.mean(foresight["mean_error"])
        for film in foresight["surprises"]:
            rated, expected = scale.value(film["rating"]), scale.predicted(film["expected"])
            yield "surprise", film["title"], f"{rated:g}", f"{expected:g}"
