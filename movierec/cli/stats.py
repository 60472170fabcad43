"""Command `stats`: statistics of your ratings and viewings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, new_group
from movierec.cli.output import print_json
from movierec.cli.rating_scales import RatingScale, ScaleOption, choose_scale
from movierec.cli.terminal import escape_controls

if TYPE_CHECKING:
    from movierec.client.json_types import StatisticsJson

commands = new_group("")

EPILOG = (
    "In a pipe: lines of section, tab, name, tab, number, tab, mean rating (for critics their score, for surprises "
    "the predicted rating). A rated movie without a viewing counts as seen once, in the year it was rated."
)


@commands.command(epilog=EPILOG)
def stats(
    year: Annotated[
        int | None, typer.Option("--year", min=1870, max=9999, help="Only this year: what you saw in it.")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=100, help="Maximum number of directors.")] = 10,
    scale: ScaleOption = None,
    as_json: AsJson = False,
) -> None:
    """Show your ratings by value, genre, decade and director, viewings by year, and critics' scores."""
    client = connect()
    statistics = client.statistics(year=year, top=top, foresight=year is None)
    if as_json:
        print_json(statistics)
        return
    rating_scale = choose_scale(client, scale)
    if sys.stdout.isatty():
        from movierec.cli.charts import print_statistics  # rich: 70 ms

        print_statistics(statistics, rating_scale)
        return
    for line in _lines(statistics, rating_scale):
        print("\t".join(escape_controls("" if cell is None else cell) for cell in line))


def _lines(statistics: StatisticsJson, scale: RatingScale) -> Iterator[tuple[object, ...]]:
    for name, number in statistics["counts"].items():
        yield "count", name, number, None
    yield "mean", "rating", statistics["counts"]["ratings"], scale.format_mean(statistics["mean"])
    for bar in statistics["histogram"]:
        yield "rating", f"{scale.from_stars(bar['rating']):g}", bar["count"], None
    for section, groups in (
        ("genre", statistics["genres"]),
        ("decade", statistics["decades"]),
        ("director", statistics["directors"]),
    ):
        for group in groups:
            yield section, group["name"], group["count"], scale.format_mean(group["mean"])
    for viewed in statistics["years"]:
        yield "year", viewed["year"], viewed["viewings"], None
    for month, number in enumerate(statistics["months"] or (), 1):
        yield "month", month, number, None
    for movie in statistics["best"]:
        yield "best", movie["title"], f"{scale.from_stars(movie['rating']):g}", None
    critics = statistics["critics"]
    yield "critics", "correlation", critics["films"], critics["correlation"]
    for movie in critics["disagreements"]:
        yield "disagreement", movie["title"], f"{scale.from_stars(movie['rating']):g}", movie["critics_score"]
    foresight = statistics["foresight"]
    if foresight:
        yield "foresight", "mean error", foresight["films"], scale.format_mean(foresight["mean_error"])
        for surprise in foresight["surprises"]:
            rating, predicted = (
                scale.from_stars(surprise["rating"]),
                scale.from_prediction(surprise["expected"]),
            )
            yield "surprise", surprise["title"], f"{rating:g}", f"{predicted:g}"
