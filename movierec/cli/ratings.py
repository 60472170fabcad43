"""`rate`, `unrate`, `review`, `ratings`: what you think of movies."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from movierec.cli.connection import connect
from movierec.cli.options import AsJson, IdsOnly, Limit, Movie, MovieWords, new_group
from movierec.cli.output import Column, columns_help, day, field, print_done, print_list, print_record
from movierec.cli.titles import find_movie, label, title_columns
from movierec.client import pages
from movierec.errors import NotFound

commands = new_group("")

COLUMNS = (
    Column("movie", lambda rating: rating["movie"], right=True),
    *title_columns(lambda rating: rating["movie_detail"]),
    field("rating", right=True),
    field("review", wraps=True),
    day("updated_at"),
)


def stars(text: str) -> float:
    """0.5 to 5 in steps of 0.5. Raises BadParameter, before anything is asked or sent."""
    # Not float() alone: it takes 5_0, nan and digits of all scripts.
    plain = re.fullmatch(r"[0-9]([.,][0-9]{1,9})?", text)
    number = float(text.replace(",", ".")) if plain else 0.0
    if not (0.5 <= number <= 5 and number * 2 % 1 == 0):
        raise typer.BadParameter(f"{text!r} is no rating: they go from 0.5 to 5 in steps of 0.5.")
    return number


@commands.command()
def rate(
    movie: Movie,
    rating: Annotated[float, typer.Argument(parser=stars, metavar="STARS", help="0.5 to 5, by halves.")],
    review: Annotated[str | None, typer.Option(help="What you think of it; - reads standard input.")] = None,
    as_json: AsJson = False,
) -> None:
    """Rate a movie, or rate it anew."""
    client = connect()
    found = find_movie(client, movie)
    answer = client.rate_movie(found["id"], rating, _text(review))
    print_done(f"Rated {label(found)}: {answer['rating']:g}", answer, as_json=as_json)


@commands.command()
def unrate(movie: MovieWords, as_json: AsJson = False) -> None:
    """Take a rating back."""
    client = connect()
    found = find_movie(client, " ".join(movie))
    try:
        client.unrate_movie(found["id"])
    except NotFound as error:
        raise NotFound(f"You have not rated {label(found)}.") from error
    print_done(f"Your rating of {label(found)} is gone.", {"movie": found["id"]}, as_json=as_json)


@commands.command()
def review(
    movie: Movie,
    text: Annotated[
        str | None,
        typer.Argument(help='Your review; - reads standard input, "" deletes it; nothing shows it.'),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write or show the review of a movie you rated."""
    client = connect()
    found = find_movie(client, movie)
    try:
        rating = client.rating_of(found["id"])
    except NotFound as error:
        raise NotFound(f"You have not rated {label(found)}. Rate it first.") from error
    if text is None:
        fields = {"title": label(found), "rating": rating["rating"], "review": rating["review"]}
        print_record(fields, rating, as_json=as_json)
        return
    answer = client.change_rating(rating["id"], review=_text(text))
    print_done(f"Reviewed {label(found)}.", answer, as_json=as_json)


@commands.command(epilog=columns_help(COLUMNS))
def ratings(limit: Limit = None, as_json: AsJson = False, ids: IdsOnly = False) -> None:
    """Your ratings. With --ids: the movies' ids."""
    found = pages(connect().ratings, limit)
    print_list(
        found, COLUMNS, as_json=as_json, ids=ids, id_of=lambda item: item["movie"], nothing="No ratings yet."
    )


def _text(given: str | None) -> str | None:
    return sys.stdin.read().removesuffix("\n") if given == "-" else given
