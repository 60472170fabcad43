"""`quickstart`: a newcomer's first ratings, guided on a terminal; in a pipe only the movies to rate."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from movierec.cli.connection import connect
from movierec.cli.movie_lookup import find_movie, movie_label, title_columns
from movierec.cli.options import AsJson, IdsOnly, new_group
from movierec.cli.output import Column, columns_help, field_column, list_items, print_list, print_message
from movierec.cli.recommendations import COLUMNS as RECOMMENDED
from movierec.cli.scales import RatingScale, ScaleOption, choose_scale, convert_recommendation
from movierec.client import ApiClient
from movierec.errors import NotFound, ValidationFailed

commands = new_group("")

COLUMNS = (
    field_column("id", right=True),
    *title_columns(lambda movie: movie),
    Column("genres", lambda movie: movie["genres"], wraps=True),
)
NUMBERED = (Column("nr", lambda movie: movie["nr"], right=True), *COLUMNS[1:])

LOVED, LIKED = 5.0, 4.0
# The grid is long: most people know a part of it, and a few answers are enough.
GRID, NAMED, SHOWN = 60, 3, 10
# It comes in screens: lines around the films of one, and the films that any screen shows.
AROUND, FEWEST = 6, 5


@commands.command(epilog=columns_help(COLUMNS))
def quickstart(
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, max=100, help="So many movies to choose from.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another number, other movies.")] = None,
    scale: ScaleOption = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """Rate a few movies you know. In a pipe, or with --json: movies worth asking about."""
    client = connect()
    guided = sys.stdin.isatty() and sys.stdout.isatty() and not (as_json or ids)
    of = choose_scale(client, scale) if guided else RatingScale()
    if guided:
        _ask_for_loved(client, of)
    found = list_items(client.quickstart(limit=limit or (GRID if guided else 10), seed=seed))
    if not guided:
        print_list(found, COLUMNS, as_json=as_json, ids=ids, nothing="You have rated all of them.")
        return
    _ask_for_known(client, found, of)
    ranked = [
        {**convert_recommendation(item, of), "rank": rank}
        for rank, item in enumerate(_recommended(client), 1)
    ]
    print_message("What you might love:")
    print_list(ranked, RECOMMENDED, as_json=False, nothing="Nothing to recommend yet.")


def _recommended(client: ApiClient) -> list[Any]:
    return list_items(client.recommendations(limit=SHOWN))


def _ask_for_loved(client: ApiClient, scale: RatingScale) -> None:
    print_message(f"Name {NAMED} films you love; an empty line goes on.")
    named = 0
    while named < NAMED and (title := _typed(f"{named + 1}. ")):
        try:
            movie = find_movie(client, title)
        except (NotFound, ValidationFailed) as error:
            print_message(error.detail)
            continue
        named += 1
        given = client.movie(movie["id"])["my_rating"]
        if given is not None:
            print_message(f"{movie_label(movie)}: you gave it {scale.value(given):g} already")
            continue
        client.rate_movie(movie["id"], LOVED)
        print_message(f"{movie_label(movie)}: {scale.value(LOVED):g}")


def _ask_for_known(client: ApiClient, movies: Sequence[Any], scale: RatingScale) -> None:
    numbered = [{**movie, "nr": number} for number, movie in enumerate(movies, 1)]
    good, liked = scale.value(4.5), scale.value(LIKED)
    height = max(FEWEST, shutil.get_terminal_size().lines - AROUND)
    for first in range(0, len(numbered), height):
        print_list(numbered[first : first + height], NUMBERED, as_json=False)
        print_message(f"Which do you know? Type 12 (you like it: {liked:g} of {scale.top}) or 12 {good:g}.")
        more = first + height < len(numbered)
        print_message(f"Several with commas; an empty line {'shows more, q ends' if more else 'ends'}.")
        while line := _typed("> "):
            if line == "q":
                return
            for answer in re.split(r"[,;]\s+|[,;]$", line):
                _rate_known(client, movies[: first + height], answer, scale)


def _rate_known(client: ApiClient, movies: Sequence[Any], answer: str, scale: RatingScale) -> None:
    number, _, given = answer.strip().partition(" ")
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= len(movies)):
        if answer.strip():
            print_message(f"{answer.strip()!r} is no number of the list.")
        return
    movie = movies[int(number) - 1]
    try:
        rating = scale.stars(given) if given.strip() else LIKED
    except ValidationFailed as error:
        print_message(error.detail)
        return
    client.rate_movie(movie["id"], rating)
    print_message(f"{movie_label(movie)}: {scale.value(rating):g}")


def _typed(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
