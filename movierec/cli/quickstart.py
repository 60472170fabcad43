"""Command `quickstart`: guided first ratings on a terminal; in a pipe only the movies to rate."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from movierec.cli.columns import Column, columns_help, field_column
from movierec.cli.connection import connect
from movierec.cli.movie_lookup import find_movie, movie_label, title_columns
from movierec.cli.options import AsJson, IdsOnly, new_group
from movierec.cli.output import list_items, print_list, print_message
from movierec.cli.rating_scales import RatingScale, ScaleOption, choose_scale, convert_recommendation
from movierec.cli.recommendations import COLUMNS as RECOMMENDED
from movierec.client import ApiClient
from movierec.errors import NotFound, ValidationFailed

if TYPE_CHECKING:
    from movierec.client.json_types import ListedMovieJson, RecommendationJson

commands = new_group("")

COLUMNS = (
    field_column("id", right=True),
    *title_columns(lambda movie: movie),
    Column("genres", lambda movie: movie["genres"], wraps=True),
)
NUMBERED = (Column("nr", lambda movie: movie["nr"], right=True), *COLUMNS[1:])

LOVED, LIKED = 5.0, 4.0
# Movies of the grid, favorites to name, recommendations to show. Most people know a part of the grid.
GRID_SIZE, FAVORITES_ASKED, RECOMMENDED_COUNT = 60, 3, 10
# The grid is paged: lines used by the text around a page, and the minimum number of movies of a page.
LINES_AROUND, MIN_PAGE = 6, 5


@commands.command(epilog=columns_help(COLUMNS))
def quickstart(
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, max=100, help="Number of movies to choose from.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the selection: another number selects other movies.")
    ] = None,
    scale: ScaleOption = None,
    as_json: AsJson = False,
    ids: IdsOnly = False,
) -> None:
    """Rate a few movies you know. In a pipe, or with --json: list movies worth rating."""
    client = connect()
    is_guided = sys.stdin.isatty() and sys.stdout.isatty() and not (as_json or ids)
    rating_scale = choose_scale(client, scale) if is_guided else RatingScale()
    if is_guided:
        _ask_for_favorites(client, rating_scale)
    movies = list_items(client.quickstart(limit=limit or (GRID_SIZE if is_guided else 10), seed=seed))
    if not is_guided:
        print_list(movies, COLUMNS, as_json=as_json, ids=ids, nothing="You have rated all of them.")
        return
    _ask_for_ratings(client, movies, rating_scale)
    ranked = [
        {**convert_recommendation(item, rating_scale), "rank": rank}
        for rank, item in enumerate(_recommended(client), 1)
    ]
    print_message("Recommended for you:")
    print_list(
        ranked,
        RECOMMENDED,
        as_json=False,
        nothing="Nothing to recommend yet. Rate a few movies: movierec rate",
    )


def _recommended(client: ApiClient) -> list[RecommendationJson]:
    return list_items(client.recommendations(limit=RECOMMENDED_COUNT))


def _ask_for_favorites(client: ApiClient, scale: RatingScale) -> None:
    print_message(f"Name {FAVORITES_ASKED} movies you love; an empty line continues.")
    count = 0
    while count < FAVORITES_ASKED and (title := _read_line(f"{count + 1}. ")):
        try:
            movie = find_movie(client, title)
        except (NotFound, ValidationFailed) as error:
            print_message(error.detail)
            continue
        count += 1
        rating = client.movie(movie["id"])["my_rating"]
        if rating is not None:
            print_message(f"{movie_label(movie)}: already rated {scale.from_stars(rating):g}")
            continue
        client.rate_movie(movie["id"], LOVED)
        print_message(f"{movie_label(movie)}: {scale.from_stars(LOVED):g}")


def _ask_for_ratings(client: ApiClient, movies: Sequence[ListedMovieJson], scale: RatingScale) -> None:
    numbered = [{**movie, "nr": number} for number, movie in enumerate(movies, 1)]
    good, liked = scale.from_stars(4.5), scale.from_stars(LIKED)
    height = max(MIN_PAGE, shutil.get_terminal_size().lines - LINES_AROUND)
    for first in range(0, len(numbered), height):
        print_list(numbered[first : first + height], NUMBERED, as_json=False)
        print_message(
            f"Which have you seen? Type 12 to like number 12 ({liked:g} of {scale.top}), or 12 {good:g} to rate it."
        )
        more = first + height < len(numbered)
        print_message(
            f"Separate several with commas; an empty line {'shows more, q ends' if more else 'ends'}."
        )
        while line := _read_line("> "):
            if line == "q":
                return
            for answer in re.split(r"[,;]\s+|[,;]$", line):
                _rate_answer(client, movies[: first + height], answer, scale)


def _rate_answer(
    client: ApiClient, movies: Sequence[ListedMovieJson], answer: str, scale: RatingScale
) -> None:
    number, _, text = answer.strip().partition(" ")
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= len(movies)):
        if answer.strip():
            print_message(f"{answer.strip()!r} is not a number of the list.")
        return
    movie = movies[int(number) - 1]
    try:
        rating = scale.parse(text) if text.strip() else LIKED
    except ValidationFailed as error:
        print_message(error.detail)
        return
    client.rate_movie(movie["id"], rating)
    print_message(f"{movie_label(movie)}: {scale.from_stars(rating):g}")


def _read_line(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
